"""First answer: from starting functions-framework to the first 200, of each trigger, against a bare function."""

import os
import socket
import statistics
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import psutil

from benchmarks import measure
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT, TRIGGERS, fact, variables
from tests.support.serving import listening, valid_request
from tests.support.waiting import PATIENCE

PAIRS = 30


def bare(folder: Path, job: str, trigger: str, first: str = "") -> Path:
    """Return the main.py of the bare function that does a job, `hello` or `greeting`, after some more code."""
    signature = fact(trigger, "signature").replace(".", "_")
    folder.mkdir(exist_ok=True)
    code = (ROOT / "benchmarks" / "bare" / f"{job}_{signature}.py").read_text("utf-8")
    (folder / "main.py").write_text(first + code, "utf-8")
    return folder / "main.py"


def raw(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a POST request as it is sent over a socket."""
    lines = ["POST / HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode() + body


def first_answer(scripts: Path, main: Path, target: str, sent: bytes, env: Mapping[str, str]) -> float:
    """Return the seconds from starting functions-framework until it has answered a request; end it."""
    command: list[str | Path] = [scripts / "functions-framework", "--source", main, "--target", target]
    with open(os.devnull, "wb") as nothing:
        start = time.perf_counter()
        server = psutil.Popen([*command, "--host", "127.0.0.1", "--port", "0"], env=env, stdout=nothing, stderr=nothing)
        try:
            while not (ports := listening(server)):
                if server.poll() is not None:
                    raise RuntimeError(f"{main} is not served")
                time.sleep(0.001)
            with socket.create_connection(("127.0.0.1", ports[0]), PATIENCE) as connection:
                connection.sendall(sent)
                answer = connection.recv(12)
            seconds = time.perf_counter() - start
            if answer[9:10] != b"2":
                raise RuntimeError(f"{main} answered {answer!r}")
            return seconds
        finally:
            server.terminate()
            server.wait()


def importing(scripts: Path, main: Path, env: Mapping[str, str]) -> float:
    """Return the seconds that the import of a main.py takes once the framework is there."""
    code = (
        "import functions_framework.aio, cloudevents.http, sys, time; sys.path.append('.'); "
        "start = time.perf_counter(); import main; print(time.perf_counter() - start)"
    )
    return float(check_output(run(scripts / "python", "-c", code, cwd=main.parent, env=env)))


def rows(work: Path, trigger: str) -> list[tuple[object, ...]]:
    """Return the rows of a trigger: against the bare function, and against one that imports what it has to."""
    project = measure.bake(work, function_name=f"first-{trigger}", trigger=trigger)
    scripts = measure.installed(work / f"{trigger}-env", "-r", project / "requirements.txt")
    env = environment(work, **variables(trigger))
    sent = raw(*valid_request(project, scripts, trigger))
    target = f"first_{trigger.replace('-', '_')}"
    begun = {trigger: ""}
    if trigger == "firestore":
        begun["firestore, the bare one imports google.events.cloud.firestore too"] = (
            "import google.events.cloud.firestore\n"
        )
    found: list[tuple[object, ...]] = []
    for name, first in begun.items():
        other = bare(work / "bare", "hello", trigger, first)
        measured = measure.pairs(
            PAIRS,
            partial(first_answer, scripts, other, "bare", sent, env),
            partial(first_answer, scripts, project / "main.py", target, sent, env),
        )
        imports = measure.pairs(
            10, partial(importing, scripts, other, env), partial(importing, scripts, project / "main.py", env)
        )
        own = [statistics.median(pair[side] for pair in imports) * 1000 for side in (0, 1)]
        takes = statistics.median(bare for bare, _ in measured)
        found.append((name, f"{takes * 1000:.0f} ms", measure.ratio(measured), f"{own[0]:.1f} ms", f"{own[1]:.1f} ms"))
    return found


def report(work: Path) -> str:
    """Return this section of the page; `work` is an empty folder."""
    found = [row for trigger in TRIGGERS for row in rows(work, trigger)]
    head = ("trigger", "the bare function takes", "ours times as long", "import of its main.py", "of ours")
    return f"## First answer\n\n{measure.table(head, found)}"
