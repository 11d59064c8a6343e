"""Functions that are served, and the requests that they get."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.support.processes import environment, has_ended, module_running
from tests.support.questions import ROOT, fact
from tests.support.waiting import PATIENCE, until


def listening(*processes: psutil.Process) -> list[int]:
    """Return the ports that some processes listen on. Started with port 0, a server gets a free one."""
    ports = set()
    for process in processes:
        # One that has just ended listens on none.
        with suppress(psutil.Error):
            found = process.net_connections("tcp")
            ports |= {place.laddr.port for place in found if place.status == psutil.CONN_LISTEN}
    return sorted(ports)


def family(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and its descendants."""
    return [process, *process.children(recursive=True)]


def port_of(process: psutil.Process, log: Path) -> int:
    """Wait until a process or a child of its listens; return the port. Fail with the log if it ends."""

    def port() -> list[int]:
        assert not has_ended(process), log.read_text("utf-8")
        return listening(*family(process))

    [port_found] = until(port, lambda: log.read_text("utf-8"))
    return port_found


class Function:
    """A function, by its address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(
        self, path: str = "/", body: bytes | None = None, method: str = "", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Send a request; return status, body and headers of the answer, whatever the status."""
        request = urllib.request.Request(self.url + path, body, dict(headers or {}), method=method or None)
        try:
            answer = urllib.request.urlopen(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.read(), answer.headers


class Served(Function):
    """A function that is being served: its process, its address, and what it has written so far."""

    def __init__(self, process: psutil.Process, log: Path) -> None:
        super().__init__(f"http://127.0.0.1:{port_of(process, log)}")
        self.process = process
        self.log = log

    def entries(self) -> list[dict[str, Any]]:
        """Return the log entries so far; each line that was written must be one, but for the rest that is being written."""
        written = self.log.read_bytes()
        return [json.loads(line) for line in written[: written.rfind(b"\n") + 1].splitlines()]


def sample_headers(folder: Path) -> dict[str, str]:
    """Return the headers that a project, or the folder of its trigger, has a sample of."""
    lines = (folder / "events" / "headers.txt").read_text("utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)


def sample(project: Path, scripts: Path, trigger: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of the sample event as they are sent; Firestore's by way of the project's environment."""
    headers = sample_headers(project)
    file = project / "events" / "event.json"
    if trigger != "firestore":
        return headers, file.read_bytes()
    code = (
        "import sys; from google.events.cloud.firestore import DocumentEventData as D;"
        "sys.stdout.buffer.write(D.serialize(D.from_json(open(sys.argv[1], encoding='utf-8').read())))"
    )
    return headers, subprocess.run([scripts / "python", "-c", code, file], capture_output=True, check=True).stdout


def valid_request(project: Path, scripts: Path, trigger: str) -> tuple[Mapping[str, str], bytes]:
    """Return headers and body of a POST request that a function of a trigger finds well formed."""
    contract = fact(trigger, "contract")
    if contract == "event":
        return sample(project, scripts, trigger)
    return sample_headers(project) if contract == "headers" else {}, b""


@contextmanager
def served(scripts: Path, project: Path, target: str, home: Path, **variables: str) -> Iterator[Served]:
    """Serve a project by `functions-framework` from another working directory, and end it and its workers."""
    log, python, env = home / "served.log", scripts / "python", environment(home, **variables)
    options = ("--target", target, "--source", str(project / "main.py"), "--host", "127.0.0.1", "--port", "0")
    # gunicorn's master ends its workers.
    with module_running("functions_framework", *options, cwd=home, env=env, output=log, python=python) as process:
        yield Served(process, log)


@contextmanager
def served_by(command: str, folder: Path, log: Path, env: Mapping[str, str]) -> Iterator[Served]:
    """Serve a project by a printed command, on a free port, and end all that it starts."""
    with log.open("wb") as out:
        process = psutil.Popen(
            ["bash", "-euc", f"{command} --port 0"],
            cwd=folder, env=env, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        yield Served(process, log)
    finally:
        # With live reload a child serves. Both are in the session that was started here.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)


JSON = {"Content-Type": "application/json"}


def check_http(function: Function) -> None:
    """Ask the http function good and bad requests over its socket."""
    expected: list[tuple[int, str, dict[str, Any]]] = [
        (200, "message", {"path": "/?name=Ada"}),
        (200, "message", {"body": b'{"name": "Ada"}', "headers": JSON}),
        (200, "message", {"path": "/any/path"}),
        (200, "message", {"body": b"", "method": "POST"}),
        (400, "error", {"body": b"{", "headers": JSON}),
        (400, "error", {"body": b"[1]", "headers": JSON}),
        (400, "error", {"body": b'{"name": 1}', "headers": JSON}),
        (400, "error", {"body": b"\xff\xfe", "headers": JSON}),
        (400, "error", {"path": "/?name=" + "x" * 101}),
        (415, "error", {"body": b"name=Ada"}),
        (405, "error", {"method": "DELETE"}),
    ]
    for status, key, request in expected:
        answer, body, headers = function.ask(**request)
        assert (answer, list(json.loads(body))) == (status, [key]), request
        assert headers["Content-Type"] == "application/json"
    assert json.loads(function.ask("/?name=Ada")[1]) == {"message": "Hello, Ada!"}
    assert function.ask(method="DELETE")[2]["Allow"] == "GET, HEAD, POST"
    assert function.ask(method="HEAD")[0] == 200


def check_headers(function: Function, sender: Mapping[str, str]) -> None:
    """Ask a function as the service whose headers it wants, and as others do."""
    assert function.ask(method="POST", headers=sender)[:2] == (204, b"")
    status, body, _ = function.ask(method="POST")
    assert (status, list(json.loads(body))) == (400, ["error"])
    status, body, headers = function.ask(headers=sender)
    assert (status, list(json.loads(body)), headers["Allow"]) == (405, ["error"], "POST")


def check_event(function: Function, sender: Mapping[str, str]) -> None:
    """Ask a function for events with one that it can only find malformed, and with one that is no event."""
    assert function.ask(body=b"{", headers=sender)[:2] == (200, b"OK")
    assert function.ask(body=b"{}", headers=JSON)[0] == 400
    assert function.ask()[0] == 405


def check(trigger: str, function: Function) -> None:
    """Ask a function what its trigger's contract says."""
    contract = fact(trigger, "contract")
    if contract == "http":
        check_http(function)
    else:
        by_sender = {"headers": check_headers, "event": check_event}[contract]
        by_sender(function, sample_headers(ROOT / "templates" / trigger))
