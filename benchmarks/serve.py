"""First answer and requests per second, each against a bare function that does the same without checks and logs."""

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks import measure
from tests.support.processes import check_output, environment, run
from tests.support.questions import TRIGGERS, fact, variables
from tests.support.serving import valid_request

FIRST_ANSWER = """## First answer

From starting `functions-framework` to its first answer, against a function that does the same without checks and logs:

{table}
The bare function for firestore imports Google's package for its events too: without it, nothing reads them.
"""
THROUGHPUT = """## Requests per second

Both functions run while wrk asks one after the other for a greeting, a second each time:

{table}"""
# As many as a function's threads answer at once; async-http answers more.
CONNECTIONS = {"http": 8, "async-http": 64}


def functions(work: Path, trigger: str) -> tuple[Path, Path, Path]:
    """Return the main.py of a bare function, that of ours, and the scripts of an environment for both."""
    project = measure.bake(work / trigger, f"trigger={trigger}")
    bare = work / trigger / "bare" / "main.py"
    bare.parent.mkdir()
    code = Path(__file__).with_name("bare").joinpath(f"{fact(trigger, 'signature')}.py").read_text("utf-8")
    bare.write_text(("import google.events.cloud.firestore\n" if trigger == "firestore" else "") + code, "utf-8")
    env = work / f"env-{fact(trigger, 'locks')}"
    if not env.exists():
        measure.seconds(work, *measure.UV, "venv", "--python", sys.executable, env)
        lock = ("-r", project / "requirements.txt")
        measure.seconds(work, *measure.UV, "pip", "install", "--compile-bytecode", "--python", env, *lock)
    return bare, project / "main.py", env / "bin"


@contextmanager
def served(scripts: Path, trigger: str, main: Path) -> Iterator[str]:
    """Serve a function until the block ends; yield its address as soon as it is known."""
    target = "bare" if main.parent.name == "bare" else "hello_function"
    command = (f"{scripts}/functions-framework", "--source", main, "--target", target, "--host=127.0.0.1", "--port=0")
    env = environment(main.parent, GUNICORN_LOG_LEVEL="info", **variables(trigger))
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        log = ""
        while not (address := re.search(r"Listening at: (\S+)", log)):
            assert server.stderr and (line := server.stderr.readline()), log
            log += line
        yield address[1]
    finally:
        server.terminate()
        server.communicate()


def seconds(request: urllib.request.Request, scripts: Path, trigger: str, main: Path) -> float:
    """Return the seconds from starting functions-framework to its answer of 2xx."""
    start = time.perf_counter()
    with served(scripts, trigger, main) as request.full_url, urllib.request.urlopen(request):
        return time.perf_counter() - start


def rate(work: Path, connections: int, url: str) -> float:
    """Return the answers per second that wrk counts."""
    wrk = ("wrk", "-t1", f"-c{connections}", "-d1s", f"{url}/?name=Ada")
    output = check_output(run(*wrk, cwd=work, env=environment(work)))
    answers = re.search(r"Requests/sec: +([\d.]+)", output)
    if not answers or re.search("Non-2xx|Socket errors", output):
        raise RuntimeError(output)
    return float(answers[1])


def first_answer(work: Path, pairs: int) -> str:
    rows = []
    for trigger in TRIGGERS:
        bare, ours, scripts = functions(work, trigger)
        headers, body = valid_request(ours.parent, scripts, trigger)
        ask = partial(seconds, urllib.request.Request("http://localhost", body, dict(headers)), scripts, trigger)
        took, ratio = measure.compare(partial(ask, bare), partial(ask, ours), pairs)
        rows.append((trigger, f"{took * 1000:.0f} ms", ratio))
    return FIRST_ANSWER.format(table=measure.table(("trigger", "the bare function takes", "ours / bare"), rows))


def throughput(work: Path, pairs: int) -> str:
    rows = []
    for trigger, connections in CONNECTIONS.items():
        bare, ours, scripts = functions(work, trigger)
        load = partial(rate, work, connections)
        with served(scripts, trigger, bare) as bare_url, served(scripts, trigger, ours) as our_url:
            answers, ratio = measure.compare(partial(load, bare_url), partial(load, our_url), pairs)
        rows.append((trigger, connections, f"{answers:.0f}", ratio))
    head = ("trigger", "connections", "the bare function answers", "ours / bare")
    return THROUGHPUT.format(table=measure.table(head, rows))
