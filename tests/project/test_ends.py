"""How many requests a function is busy with at once, and what becomes of them when it is stopped."""

import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.deploying import flags
from tests.support.folders import append
from tests.support.pages import section
from tests.support.processes import posix_only
from tests.support.questions import TRIGGERS, fact, variables
from tests.support.serving import Served, listening, served, valid_request
from tests.support.types import Bake, Installed
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.slow, posix_only]

# The logic calls the test, and goes on when that hangs up.
BLOCKS = """

def {logic}(*_):
    import socket

    socket.create_connection(("127.0.0.1", {port})).recv(1)
    return "released"
"""
AWAITS = """

async def {logic}(*_):
    import asyncio

    reader, _ = await asyncio.open_connection("127.0.0.1", {port})
    await reader.read()
    return "released"
"""


@contextmanager
def busy(
    project: Path, scripts: Path, home: Path, trigger: str, requests: int, **more: str
) -> Iterator[tuple[Served, list[int]]]:
    """Serve a function that is busy with so many requests until the block ends; yield it and, then, their statuses."""
    statuses: list[int] = []
    given = {**variables(trigger), **more}
    with socket.create_server(("127.0.0.1", 0)) as gate:
        gate.settimeout(PATIENCE)
        code = AWAITS if trigger == "async-http" else BLOCKS
        [logic] = re.findall(r"script\.([a-z]\w*)\(", (project / "main.py").read_text("utf-8"))
        port = gate.getsockname()[1]
        append("localpackage/script.py", code.format(logic=logic, port=port))(project)
        headers, body = valid_request(project, scripts, trigger)
        with (
            served(scripts, project, "hello_function", home, **given) as function,
            ThreadPoolExecutor(requests) as pool,
        ):
            answers = [pool.submit(function.ask, "/", body, "POST", headers) for _ in range(requests)]
            with ExitStack() as waiting:
                for _ in range(requests):
                    waiting.enter_context(gate.accept()[0])
                yield function, statuses
            statuses += [answer.result()[0] for answer in answers]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_requests_in_flight_are_answered_before_the_end(
    fresh: Bake, installed: Installed, home: Path, trigger: str
) -> None:
    """An instance is sent as many at once as deploy.yaml says."""
    project = fresh(trigger=trigger)
    at_once = flags(project)["--concurrency"]
    said = {4: "four"}.get(at_once, at_once)
    assert f"answers {said} requests at once" in (project / "deploy.yaml").read_text("utf-8")
    with busy(project, installed(project), home, trigger, at_once) as (function, statuses):
        function.process.send_signal(signal.SIGTERM)
        # The master stops to listen just before it tells its workers.
        until(lambda: not listening(function.process), function.log.read_text)
    assert statuses == [204 if fact(trigger, "contract") == "headers" else 200] * at_once


def test_two_lines_let_an_instance_answer_more_at_once(fresh: Bake, scripts: Path, home: Path) -> None:
    project = fresh(trigger="http")
    (project / "more.yaml").write_text(section(project, "How far does it scale?", "yaml"))
    deployed = flags(project, "deploy.yaml", "more.yaml")
    at_once, threads = deployed["--concurrency"], deployed["--update-env-vars"]["THREADS"]
    assert (at_once, threads) == (16, "16")
    with busy(project, scripts, home, "http", at_once, THREADS=threads) as (_, statuses):
        pass
    assert statuses == [200] * at_once
