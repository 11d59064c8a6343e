"""What a function that is served writes to a terminal, and to whatever else reads its logs."""

import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import indent

import psutil
import pytest

from tests.support.folders import append, edit
from tests.support.pages import blocks, page
from tests.support.processes import environment, posix_only
from tests.support.questions import variables
from tests.support.serving import Served, served
from tests.support.types import Bake, Installed
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.slow, posix_only]
# Where main.py of a trigger begins its work.
WORK = {"http": "    if request.method in", "async-http": "    try:\n        name ="}


@contextmanager
def served_in_terminal(scripts: Path, project: Path, home: Path, *options: str, **variables: str) -> Iterator[Served]:
    """Serve a project in a terminal; what that shows is in the log once the block has ended."""
    import pty  # Windows has none.

    log = home / "terminal.log"
    screen, terminal = pty.openpty()
    command = [scripts / "functions-framework", "--target", "hello_function", "--host", "127.0.0.1", "--port", "0"]
    process = psutil.Popen(
        [*map(str, command), *options], cwd=project, env=environment(home, **variables), start_new_session=True,
        stdin=terminal, stdout=terminal, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)

    def read_along() -> None:
        # Linux ends a terminal that nobody writes to any more with an error.
        with log.open("wb") as file, suppress(OSError):
            while shown := os.read(screen, 65536):
                file.write(shown.replace(b"\r\n", b"\n"))
                file.flush()

    reader = threading.Thread(target=read_along)
    reader.start()
    try:
        yield Served(process, log)
    finally:
        # With --debug a child serves.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)
        reader.join()
        os.close(screen)


def make_talkative(fresh: Bake, trigger: str) -> Path:
    """Make a function that logs each request, once by mistake, and fails if its path says so."""
    project = fresh(trigger=trigger)
    seen = "    logger.info('seen %s', '😀')\n    logger.info('%d', 'x')\n    if 'fail' in str(request.url):\n        raise RuntimeError('on purpose')\n"
    edit("main.py", WORK[trigger], seen + WORK[trigger])(project)
    return project


def ask_three_times(function: Served) -> None:
    """Send one good request, one that fails, and one that is refused."""
    assert function.ask("/")[0] == 200
    assert function.ask("/?fail=1")[0] == 500
    # Flask's debugger answers before it writes the traceback, which another request's entry would then be part of.
    until(lambda: re.search(rb"RuntimeError: on purpose.*\n", function.log.read_bytes()), function.log.read_text)
    assert function.ask(method="PUT")[0] == 405


@pytest.mark.parametrize(("trigger", "options"), [("http", []), ("http", ["--debug"]), ("async-http", [])])
def test_in_a_terminal_each_record_is_a_readable_line(
    fresh: Bake, installed: Installed, home: Path, trigger: str, options: list[str]
) -> None:
    project = make_talkative(fresh, trigger)
    with served_in_terminal(installed(project), project, home, *options) as function:
        ask_three_times(function)
    shown = (home / "terminal.log").read_text("utf-8")
    time = r"^\d\d:\d\d:\d\d"
    # Flask's debugger writes the traceback itself.
    head = "^" if options else rf"{time} ERROR    \S+: .*\n"
    for pattern, times in {
        f"{time} INFO     main: seen 😀$": 3,
        rf"{time} ERROR    main: Cannot log '%d' with \('x',\) at \S+main\.py:\d+: TypeError\(.*\)$": 3,
        "Logging error": 0,
        f"{time} WARNING  main: Refused with 405: use GET or POST$": 1,
        rf"{head}Traceback \(most recent call last\):\n(?:.+\n)+RuntimeError: on purpose$": 1,
        "logging.googleapis.com": 0,
    }.items():
        assert len(re.findall(pattern, shown, re.MULTILINE)) == times, f"{pattern}\n{shown}"


@pytest.mark.parametrize(
    ("trigger", "given"),
    [("http", {"K_SERVICE": "hello-function"}), ("http", variables("http")), ("async-http", variables("async-http"))],
)
def test_json_logs_in_a_terminal_with_cloud_variables(
    fresh: Bake, installed: Installed, home: Path, trigger: str, given: dict[str, str]
) -> None:
    project = make_talkative(fresh, trigger)
    with served_in_terminal(installed(project), project, home, **given) as function:
        ask_three_times(function)
    lines = (home / "terminal.log").read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    logged = sorted(entry["severity"] for entry in entries if re.search("seen|Refused|on purpose", entry["message"]))
    assert logged == ["ERROR", "INFO", "INFO", "INFO", "WARNING"], lines


WORKING = """

import asyncio, contextvars, threading
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor()


def work(item):
    logger.info("worked on %s", item)


async def work_in_a_task(item):
    await asyncio.to_thread(work, item)
"""


@pytest.mark.parametrize(("trigger", "times"), [("http", 2), ("async-http", 3)])
def test_threads_log_for_the_request_that_started_them(
    fresh: Bake, installed: Installed, home: Path, trigger: str, times: int
) -> None:
    """With the lines that REFERENCE.md shows; tasks do so without."""
    project = fresh(trigger=trigger)
    *_, recipe = blocks(page(project, "How do I log?"), "python")
    lines = "item = request.headers['X-Item']\ncloud_logging.label(item=item)\n" + recipe
    lines += "asyncio.create_task(work_in_a_task(item))\n" if trigger == "async-http" else ""
    edit("main.py", WORK[trigger], indent(lines, "    ") + WORK[trigger])(project)
    append("main.py", WORKING)(project)
    items = [f"{number:032x}" for number in range(1, 6)]
    given = {"GOOGLE_CLOUD_PROJECT": "demo", **variables(trigger)}
    with served(installed(project), project, "hello_function", home, **given) as function:
        for item in items:
            headers = {"X-Item": item, "X-Cloud-Trace-Context": f"{item}/7;o=1"}
            assert function.ask("/", headers=headers)[0] == 200
        until(lambda: len(function.entries()) == len(items) * times, function.entries)
        entries = function.entries()
    for entry in entries:
        item = entry["message"].removeprefix("worked on ")
        assert entry["logging.googleapis.com/labels"]["item"] == item
        assert entry["logging.googleapis.com/trace"] == f"projects/demo/traces/{item}"
        assert entry["logging.googleapis.com/trace_sampled"] is True


FAILING = """

import threading


def fail():
    raise RuntimeError("on purpose")
"""


def test_thread_that_ends_with_an_exception_writes_one_line(fresh: Bake, installed: Installed, home: Path) -> None:
    """Also while the framework has put its own stdout in place, which adds a line's end to each write."""
    project = fresh()
    lines = "    thread = threading.Thread(target=fail)\n    thread.start()\n    thread.join()\n"
    edit("main.py", WORK["http"], lines + WORK["http"])(project)
    append("main.py", FAILING)(project)
    with served(installed(project), project, "hello_function", home, **variables("http")) as function:
        assert function.ask("/")[0] == 200
        [entry] = function.entries()
    assert entry["severity"] == "ERROR" and entry["message"].endswith("\nRuntimeError: on purpose")
