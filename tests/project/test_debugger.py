"""The debugger of VS Code: debugpy gets what .vscode/ says, and stops where it should."""

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.debugger import configuration, debugged, place
from tests.support.folders import append, edit
from tests.support.processes import environment, posix_only
from tests.support.serving import valid_request
from tests.support.types import Bake
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow, posix_only]


@pytest.mark.parametrize(
    ("trigger", "calls", "works"),
    [
        ("http", "script.greeting(", "return f"),
        ("async-http", "script.greeting(", "return f"),
        ("pubsub", "script.handle(", "logger.info("),
    ],
)
def test_function_stops_at_breakpoints(with_venv: Bake, home: Path, trigger: str, calls: str, works: str) -> None:
    project = with_venv(trigger=trigger)
    places = [place(project / "main.py", calls), place(project / "localpackage" / "script.py", works)]
    headers, body = valid_request(project, project / ".venv" / "bin", trigger)
    # launch.json leaves the port to the framework, which asks PORT.
    with debugged(configuration(project, "Function"), places, environment(home, PORT="0")) as debugger:
        request = urllib.request.Request(debugger.address(), body or None, dict(headers))
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(lambda: urllib.request.urlopen(request, timeout=PATIENCE).status)
            assert [debugger.stop(), debugger.stop()] == places
            assert answer.result() == 200


def test_debugger_follows_a_reload(with_venv: Bake, home: Path) -> None:
    project = with_venv()
    line = place(project / "localpackage" / "script.py", "return f")
    with (
        debugged(configuration(project, "Function"), [line], environment(home, PORT="0")) as debugger,
        ThreadPoolExecutor() as pool,
    ):
        address = debugger.address()

        def greeting() -> bytes:
            answer = pool.submit(lambda: urllib.request.urlopen(address, timeout=PATIENCE).read())
            assert debugger.stop() == line
            return bytes(answer.result())

        assert b"Hello" in greeting()
        # The server watches from before its first answer.
        edit("localpackage/script.py", "Hello", "Goodbye")(project)
        debugger.follow("debugpyAttach")
        assert b"Goodbye" in greeting()


def test_tests_stop_at_breakpoints(with_venv: Bake, home: Path) -> None:
    project = with_venv()
    append("tests/test_one.py", "def test_one(client) -> None:\n    assert client.get('/').status_code == 200\n")(
        project
    )
    places = [place(project / "tests" / "test_one.py", "assert"), place(project / "main.py", "script.greeting(")]
    launch = configuration(project, "Tests")
    with debugged({**launch, "args": ["tests/test_one.py"]}, places, environment(home)) as debugger:
        assert [debugger.stop(), debugger.stop()] == places
        assert debugger.follow("exited")[2] == {"exitCode": 0}
