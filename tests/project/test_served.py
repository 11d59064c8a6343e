"""A function that is served: its logs, its requests at once, and its new code while it runs."""

import http.client
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.folders import append, edit
from tests.support.pages import both_pages
from tests.support.processes import environment, posix_only
from tests.support.questions import variables
from tests.support.serving import Served, served, served_by
from tests.support.types import Bake
from tests.support.waiting import until

pytestmark = pytest.mark.slow
TRACE = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("execution_id", ["", "true"])
@pytest.mark.parametrize(
    ("trigger", "work"), [("http", "    if request.method in"), ("async-http", "    try:\n        name =")]
)
def test_logs_are_structured(
    fresh: Bake, scripts: Path, home: Path, trigger: str, work: str, execution_id: str
) -> None:
    project = fresh(trigger=trigger)
    seen = (
        "    logger.info('seen %s', '😀')\n    logging.getLogger('a.library').info('{}')\n    print('printed')\n"
        "    if 'fail' in str(request.url):\n        raise RuntimeError('on purpose')\n"
    )
    edit("main.py", work, seen + work)(project)
    given = {"GOOGLE_CLOUD_PROJECT": "demo"} | (variables(trigger) if execution_id else {})
    with served(scripts, project, "hello_function", home, **given) as function:
        assert (
            function.ask(headers={"X-Cloud-Trace-Context": f"{TRACE}/7;o=1", "Function-Execution-Id": "x1"})[0] == 200
        )
        assert function.ask("/?fail=1", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})[0] == 500
        assert function.ask(method="PUT")[0] == 405
    lines = function.log.read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines if "printed" not in line]
    said = [entry for entry in entries if entry["message"] == "seen 😀"]
    assert [entry["severity"] for entry in said] == ["INFO"] * 3
    source = said[0]["logging.googleapis.com/sourceLocation"]
    assert source["function"] == "hello_function" and source["file"].endswith("main.py") and int(source["line"]) > 1
    assert [e.get("logging.googleapis.com/trace") for e in said] == [f"projects/demo/traces/{TRACE}"] * 2 + [None]
    assert len([entry for entry in entries if entry["message"] == "{}"]) == 3
    labels = [entry.get("logging.googleapis.com/labels", {}).get("execution_id") for entry in said]
    assert labels[0] == "x1" and all(labels) if execution_id else labels == [None] * 3
    errors = [entry for entry in entries if entry["severity"] == "ERROR"]
    assert (
        len(errors) == 1 and "RuntimeError: on purpose" in errors[0]["message"] and "Traceback" in errors[0]["message"]
    )
    assert [e["message"] for e in entries if e["severity"] == "WARNING"] == ["Refused with 405: use GET or POST"]


WAITING = """
import asyncio
import logging

everybody = asyncio.Barrier(40)


async def greeting(name):
    logging.getLogger("before").info("%s", name)
    await everybody.wait()
    logging.getLogger("after").info("%s", name)
    return name
"""


def by_name(function: Served, name: str) -> tuple[int, Any]:
    """Send a request with a name that is its trace and its execution id too."""
    headers = {"X-Cloud-Trace-Context": f"{name}/1;o=1", "Function-Execution-Id": name}
    status, body, _ = function.ask(f"/?name={name}", headers=headers)
    return status, json.loads(body)


def test_many_requests_are_answered_at_once(fresh: Bake, scripts: Path, home: Path) -> None:
    """More than there are threads wait for each other in one process, and each logs for itself."""
    project = fresh(trigger="async-http")
    append("localpackage/script.py", WAITING)(project)
    names = [f"{number:032x}" for number in range(40)]
    given = {"GOOGLE_CLOUD_PROJECT": "demo", "WORKERS": "1", **variables("async-http")}

    with served(scripts, project, "hello_function", home, **given) as function, ThreadPoolExecutor(40) as threads:
        answers = threads.map(lambda name: by_name(function, name), names)
        assert list(answers) == [(200, {"message": name}) for name in names]
        entries = function.entries()
    assert len(entries) == 80
    for entry in entries:
        name = entry["message"]
        assert entry["logging.googleapis.com/trace"] == f"projects/demo/traces/{name}"
        assert entry["logging.googleapis.com/labels"] == {"execution_id": name}


@posix_only
@pytest.mark.parametrize(
    ("trigger", "command"), [("http", r"functions-framework .* --debug$"), ("async-http", r"\S* ?uvicorn .*")]
)
def test_live_reload(fresh: Bake, scripts: Path, home: Path, trigger: str, command: str) -> None:
    """The reason for the cap on watchdog: with 7 the change is never seen. And an asynchronous function's way round."""
    project = fresh(trigger=trigger)
    found = re.search(f"(?m)^{command}", both_pages(project))
    assert found
    log, script = home / "log", project / "localpackage" / "script.py"
    env = environment(home, PATH=f"{scripts}{os.pathsep}{os.environ['PATH']}")
    with served_by(found[0], project, log, env) as function:

        def greeting() -> str:
            # The process that is reloaded ends in the middle of an answer.
            with suppress(OSError, http.client.HTTPException):
                return str(json.loads(function.ask("/")[1])["message"])
            return ""

        def greeting_of_a_change() -> str:
            # Whoever watches for changes may have begun after the last one.
            script.touch()
            return greeting()

        assert until(greeting, log.read_text) == "Hello, World!"
        script.write_text(script.read_text("utf-8").replace("Hello", "Goodbye"), "utf-8")
        until(lambda: greeting_of_a_change() == "Goodbye, World!", log.read_text)
