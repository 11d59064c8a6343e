"""A gcloud command that the server runs ends as one that is started, and leaves no process."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.fake_cloud import gcloud_environment, plain_gcloud
from tests.support.folders import contents
from tests.support.gcloud import start_server
from tests.support.processes import require_tool, run
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="gcloud's server needs Linux")]
# Folder and mode of files, variables, configuration, input, Python's path, exit codes 0, 1 and 2, and both outputs.
COMMANDS = """
umask 027
gcloud config set core/account "a  b"
CLOUDSDK_CORE_PROJECT=mine gcloud config list; echo $?
echo '{"client_email": "ada"}' | gcloud auth activate-service-account bob --key-file=-; echo $?
cd folder; gcloud meta list-files-for-upload . | sort; gcloud pubsub "a  b" 2>&1 >/dev/null; echo $?
gcloud info
"""
# This waits for its input.
WAITS = ("auth", "activate-service-account", "--key-file=-")


def test_same_output_files_and_exit_codes(tmp_path: Path) -> None:
    require_tool("gcloud")
    ends = []
    for how in (plain_gcloud, gcloud_environment):
        home = tmp_path / "home"
        (home / "folder").mkdir(parents=True)
        (home / "folder" / "main.py").touch()
        done = run("sh", "-uc", COMMANDS, cwd=home, env=how(home))
        # A log's name is the time.
        said = re.sub(r"(?m)^.*Log.*\n", "", done.stdout)
        modes = [path.stat().st_mode for path in sorted((home / "gcloud").rglob("*")) if "logs" not in path.parts]
        ends.append((said, modes, contents(home / "gcloud" / "configurations")))
        home.rename(tmp_path / how.__name__)
    plain, forked = ends
    assert "a  b" in plain[0] and "mine" in plain[0] and "main.py" in plain[0]
    assert forked == plain


def test_signals_end_the_command(home: Path) -> None:
    server, variables = start_server(require_tool("gcloud"))
    process = psutil.Process(server.pid)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        pipe = subprocess.PIPE
        gcloud = subprocess.Popen(
            ["gcloud", *WAITS], env=plain_gcloud(home, **variables), stdin=pipe, stderr=pipe, text=True
        )
        until(lambda: len(process.children(recursive=True)) == 2, process.children)
        gcloud.send_signal(number)
        assert gcloud.wait(PATIENCE) == -number
        until(lambda: not process.children(), process.children)
        _, said = gcloud.communicate()
        assert ("killed by keyboard interrupt" in said) == (number == signal.SIGINT)
    server.communicate()
    assert server.returncode == 0


def test_gcloud_starts_without_its_server(home: Path) -> None:
    server, variables = start_server(require_tool("gcloud"))
    server.communicate()
    done = run("gcloud", *WAITS, cwd=home, env=plain_gcloud(home, **variables), stdin="{}")
    assert done.returncode == 1 and "not in a valid format" in done.stdout
