"""The debugger of VS Code: debugpy gets what .vscode/ says, and stops where it should."""

import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.debugger import Debugger, Place, configuration, debugged
from tests.support.folders import append
from tests.support.processes import environment, posix_only
from tests.support.serving import valid_request
from tests.support.types import Bake, Installed
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow, posix_only]


@pytest.fixture
def project(fresh: Bake, installed: Installed) -> Bake:
    """Like fresh, with the environment in .venv that README.md creates."""

    def project(**answers: str) -> Path:
        made = fresh(**answers)
        (made / ".venv").symlink_to(installed(made).parent)
        return made

    return project


def place(file: Path, code: str) -> Place:
    """Return the line of a file that holds some code."""
    [number] = [number for number, line in enumerate(file.read_text("utf-8").splitlines(), 1) if code in line]
    return file, number


def running(debugger: Debugger) -> str:
    """Wait until the server says where it listens, and return its address."""
    while not (found := re.search(r"unning on (http://[\d.]+:\d+)", debugger.said)):
        debugger.follow("output")
    return found[1]


@pytest.mark.parametrize(
    ("trigger", "calls", "works"),
    [
        ("http", "script.greeting(", "return f"),
        ("async-http", "script.greeting(", "return f"),
        ("pubsub", "script.handle(", "logger.info("),
    ],
)
def test_function_stops_at_breakpoints(project: Bake, home: Path, trigger: str, calls: str, works: str) -> None:
    made = project(trigger=trigger)
    places = [place(made / "main.py", calls), place(made / "localpackage" / "script.py", works)]
    headers, body = valid_request(made, made / ".venv" / "bin", trigger)
    # launch.json leaves the port to the framework, which asks PORT.
    with debugged(configuration(made, "Function"), places, environment(home, PORT="0")) as debugger:
        request = urllib.request.Request(running(debugger), body or None, dict(headers))
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(lambda: urllib.request.urlopen(request, timeout=PATIENCE).status)
            assert [debugger.stop(), debugger.stop()] == places
            assert answer.result() == 200


def test_tests_stop_at_breakpoints(project: Bake, home: Path) -> None:
    made = project()
    append("tests/test_one.py", "def test_one(client) -> None:\n    assert client.get('/').status_code == 200\n")(made)
    places = [place(made / "tests" / "test_one.py", "assert"), place(made / "main.py", "script.greeting(")]
    launch = configuration(made, "Tests")
    with debugged({**launch, "args": ["tests/test_one.py"]}, places, environment(home)) as debugger:
        assert [debugger.stop(), debugger.stop()] == places
        assert debugger.follow("exited")[2] == {"exitCode": 0}
