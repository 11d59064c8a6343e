"""Requests per second and the 99th percentile under wrk, of http and async-http against bare functions."""

import re
import statistics
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks import first_answer, measure
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT, variables
from tests.support.serving import Served, served

PAIRS = 14
SECONDS = 3
# As many as a function's threads answer at once, and for what answers more at once more.
THREADS = 8
CONNECTIONS = {"http": THREADS, "async-http": 64}
WAITS = {
    "http": ("import time\n", "    time.sleep(0.05)\n"),
    "async-http": ("import asyncio\n", "    await asyncio.sleep(0.05)\n"),
}
Load = tuple[float, float]


def load(function: Served, trigger: str) -> Load:
    """Return the requests per second that wrk counts, and the 99th percentile of their milliseconds."""
    options = ("-t1", f"-c{CONNECTIONS[trigger]}", f"-d{SECONDS}", "--latency")
    said = check_output(run("wrk", *options, f"{function.url}/?name=Ada", cwd=ROOT, env=environment(ROOT)))
    if re.search("Non-2xx|Socket errors", said):
        raise RuntimeError(said)
    answered, late = re.search(r"Requests/sec: +([\d.]+)", said), re.search(r"99% +([\d.]+)(us|ms|s)", said)
    assert answered and late, said
    return float(answered[1]), float(late[1]) * {"us": 0.001, "ms": 1, "s": 1000}[late[2]]


def with_wait(trigger: str, source: str) -> str:
    """Return the code of a bare function, or of the logic, that waits 50 ms before it answers."""
    first, wait = WAITS[trigger]
    return first + re.sub(r"(?m)^(?=    return )", wait, source)


def against(work: Path, trigger: str, job: str, waits: bool) -> tuple[object, ...]:
    """Return a row against the bare function that does a job: both serve, and wrk asks one after the other."""
    place = work / f"load-{trigger}-{len(list(work.iterdir()))}"
    place.mkdir()
    project = measure.bake(place, trigger=trigger)
    scripts = measure.installed(place / "env", "-r", project / "requirements.txt")
    bare = first_answer.bare(place / "bare", job, trigger)
    if waits:
        for logic in (bare, project / "localpackage" / "script.py"):
            logic.write_text(with_wait(trigger, logic.read_text("utf-8")), "utf-8")
    given = {"THREADS": str(THREADS), **variables(trigger)}
    with ExitStack() as stack:
        asks = [
            partial(load, stack.enter_context(served(scripts, source, target, source, **given)), trigger)
            for source, target in ((place / "bare", "bare"), (project, "hello_function"))
        ]
        found = measure.pairs(PAIRS, *asks)
    rate = statistics.median(bare for (bare, _), _ in found)
    late = statistics.median(bare for (_, bare), _ in found)
    more = measure.ratio((bare, ours) for (bare, _), (ours, _) in found)
    later = measure.ratio((bare, ours) for (_, bare), (_, ours) in found)
    return trigger, job, "50 ms" if waits else "none", f"{rate:.0f}", more, f"{late:.1f} ms", later


def report(work: Path) -> str:
    """Return this section of the page; `work` is an empty folder."""
    rows = [
        against(work, trigger, job, waits)
        for trigger in CONNECTIONS
        for job in ("greeting", "hello")
        for waits in (False, True)
    ]
    head = ("trigger", "bare function", "wait", "its answers a second", "of ours", "its 99th percentile", "of ours")
    return f"## Requests per second\n\n{measure.table(head, rows)}"
