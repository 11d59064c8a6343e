"""An instance as it is deployed has memory for any bodies that strangers send at once."""

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.support.processes import environment, posix_only
from tests.support.questions import fact, variables
from tests.support.raw_requests import answer, request, send, sent
from tests.support.serving import Served, family, sample_headers, served_by
from tests.support.types import Bake
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow, posix_only]

LIMIT = 1024 * 1024
# Cloud Run lets no more pass.
LONGEST = 32 * 1024 * 1024


def lists(length: int) -> bytes:
    """Return JSON of this length that takes more than twenty times as much memory once it is read."""
    return (b"[" + b",".join([b"[]"] * (length // 3 - 1)) + b"]").ljust(length)


def send_at_once(function: Served, times: int, headers: tuple[bytes, ...], body: bytes) -> set[int]:
    """Post a body from many clients, each of which ends it when all have begun; return the statuses of the answers."""
    everybody = Barrier(times, timeout=PATIENCE)

    def post_it(_: int) -> int:
        with sent(function, request("POST", b"/", *headers, b"Content-Length: %d" % len(body))) as connection:
            send(connection, body[:-1])
            everybody.wait()
            send(connection, body[-1:])
            return answer(connection).status

    with ThreadPoolExecutor(times) as threads:
        return set(threads.map(post_it, range(times)))


def peak(function: Served) -> int:
    """Return the most memory that a function's processes have taken, in bytes."""
    pages = [Path(f"/proc/{process.pid}/status").read_text() for process in family(function.process)]
    return sum(int(line.split()[1]) * 1024 for page in pages for line in page.splitlines() if line.startswith("VmHWM"))


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")
@pytest.mark.parametrize(
    ("trigger", "short", "of_the_limit", "longest"),
    [("http", 200, 400, 413), ("async-http", 200, 400, 413), ("tasks", 204, 204, 413), ("schedule", 204, 204, 204)],
)
def test_deployed_instance_has_memory_for_any_bodies(
    bake: Bake, scripts: Path, home: Path, trigger: str, short: int, of_the_limit: int, longest: int
) -> None:
    project = bake(trigger=trigger)
    deployed = (project / "deploy.yaml").read_text("utf-8")
    [memory, concurrency] = [
        int(re.findall(rf"^--{flag}: (\d+)", deployed, re.MULTILINE)[0]) for flag in ("memory", "concurrency")
    ]
    sender = sample_headers(project) if fact(trigger, "contract") == "headers" else {"Content-Type": "application/json"}
    headers = tuple(f"{name}: {value}".encode() for name, value in sender.items())
    # A fork of a warm Python would have more in memory. This one must leave no bytecode in a project that tests share.
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    env = environment(home, PATH=path, PYTHONDONTWRITEBYTECODE="1", **variables(trigger))
    with served_by("functions-framework --target hello_function", project, home / "log", env) as function:
        assert send_at_once(function, concurrency, headers, b'{"name": "Ada"}'.ljust(LIMIT)) == {short}
        # asyncio reads JSON of one request at a time, so four are enough there too.
        assert send_at_once(function, 4, headers, lists(LIMIT)) == {of_the_limit}
        assert send_at_once(function, 4, headers, lists(LONGEST)) == {longest}
        print(f"{trigger}: {peak(function) >> 20} MiB")
        assert peak(function) < memory * 1024 * 1024
