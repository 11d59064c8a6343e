"""The real gcloud without its start, most of which Python spends on imports."""

import atexit
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.support.processes import environment, find_tool

HERE = Path(__file__).parent


def start_server(tool: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """Start the server that runs gcloud's commands; return it and the variables that lead gcloud to it."""
    folder = tempfile.TemporaryDirectory(prefix="gcloud-")
    address = f"{folder.name}/socket"
    # gcloud's wrapper sets this too, unless somebody has chosen its Python.
    site = {"CLOUDSDK_PYTHON_SITEPACKAGES": "1"}
    env = environment(Path(folder.name), CLOUDSDK_PYTHON_ARGS=f"{HERE / 'server.py'} {address}", **site)
    pipe = subprocess.PIPE
    server = subprocess.Popen([tool], env=env, stdin=pipe, stdout=pipe, text=True)
    assert server.stdout
    python = server.stdout.readline().strip()
    atexit.register(folder.cleanup)
    # It ends with its input.
    atexit.register(server.communicate)
    return server, {"CLOUDSDK_PYTHON": python, "CLOUDSDK_PYTHON_ARGS": f"-IS {HERE / 'client.py'} {address}", **site}


@cache
def gcloud_server() -> dict[str, str]:
    """Return the variables that lead gcloud to this process's server, none if it cannot run here."""
    tool = find_tool("gcloud")
    # gcloud's wrapper splits arguments for its Python at spaces.
    if sys.platform != "linux" or not tool or " " in str(HERE):
        return {}
    return start_server(tool)[1]
