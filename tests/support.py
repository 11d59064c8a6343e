"""What several test files share: the questions, processes with a clean environment, folders as data."""

import http.server
import itertools
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
import tomllib
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
SKELETON = ROOT / "{{cookiecutter.function_name}}"
QUESTIONS: dict[str, Any] = {
    name: default
    for name, default in json.loads((ROOT / "cookiecutter.json").read_text("utf-8")).items()
    if not name.startswith("_")
}
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
TRIGGERS: list[str] = QUESTIONS["trigger"]
# As long as the questions allow.
LONGEST_NAME = "a" + "-longest" * 6
LONGEST_PACKAGE = "p" + "_long" * 5 + "_est"
# What a user may choose, and of the free answers the default and one that is decided differently.
CHOICES = {
    "trigger": TRIGGERS,
    "python_version": QUESTIONS["python_version"],
    "local_package": ["localpackage", "none"],
    "ci": QUESTIONS["ci"],
    "hashes": [False, True],
}
EVERY_COMBINATION: list[dict[str, Any]] = [
    dict(zip(CHOICES, answers, strict=True)) for answers in itertools.product(*CHOICES.values())
]


def pairwise(combinations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return some of the combinations in which any two answers that meet in all of them still meet."""
    seen: set[tuple[tuple[str, Any], ...]] = set()
    chosen = []
    for answers in combinations:
        pairs = set(itertools.combinations(answers.items(), 2))
        if pairs - seen:
            chosen.append(answers)
            seen |= pairs
    return chosen


COMBINATIONS = pairwise(EVERY_COMBINATION)


# Links, pipes, groups of processes, or a shell's idea of a path.
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX system")


# What Cloud Scheduler says of itself.
SCHEDULER = {"X-CloudScheduler-JobName": "nightly", "X-CloudScheduler-ScheduleTime": "2026-11-22T02:00:00Z"}

T = TypeVar("T")
# What a test does to a folder.
Change = Callable[[Path], object]


def fact(trigger: str, name: str) -> str:
    """Return what trigger.json says of a trigger: how its functions are decorated, which requests they answer."""
    facts = json.loads((ROOT / "templates" / trigger / "trigger.json").read_text("utf-8"))
    return str(facts[name])


def variables(trigger: str) -> dict[str, str]:
    """Return the environment variables that a deployment sets for the functions of a trigger, whatever the project."""
    asynchronous = fact(trigger, "signature").startswith("aio.")
    return {"LOG_EXECUTION_ID": "true"} | ({"FUNCTION_USE_ASGI": "true"} if asynchronous else {})


def label(answers: Mapping[str, Any]) -> str:
    """Name a combination in a test's id."""
    return "-".join(map(str, answers.values())) or "default"


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return this process's environment with another home and without what a developer's shell may add."""
    mine = ("VIRTUAL_ENV", "PYTHONPATH", "COOKIECUTTER_CONFIG", "FUNCTION_", "LOG_EXECUTION_ID", "GOOGLE_CLOUD_PROJECT")
    # `python -m uv` makes each uv below it install into the environment of that python.
    tools = ("PYTEST_", "UV_INTERNAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*mine, *tools))}
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), **more}


def run(*command: str | Path, cwd: Path, env: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end; stdout holds both its outputs."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=env, input=stdin, text=True, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


# What Google's builder installs by, pip up to Python 3.13 and uv from 3.14 on, and how it calls each:
# https://github.com/GoogleCloudPlatform/buildpacks, pkg/python/python.go.
INSTALLERS = {
    "pip": "python3 -m pip install --requirement requirements.txt --upgrade --upgrade-strategy only-if-needed"
    " --no-warn-script-location --no-warn-conflicts --force-reinstall --no-compile --disable-pip-version-check"
    " --no-cache-dir --user",
    "uv": "uv pip install -r requirements.txt --reinstall --link-mode=copy --no-cache",
}
VENDORED = ("--no-index", "--find-links", "vendor")


def build(
    installer: str,
    python: str,
    project: Path,
    layer: Path,
    env: Mapping[str, str],
    *options: str,
    offline: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Install a project's requirements.txt into a folder, `layer`, and check it, as Google's builder does.

    `offline` is in an empty network namespace. Return the end of the last command: the first that failed, or the check.
    What was installed runs with `env` and PYTHONUSERBASE, the layer.
    """
    # Debian's Python would keep what pip installs outside an environment away from its own.
    env = {**env, "PYTHONUSERBASE": str(layer), "VIRTUAL_ENV": str(layer), "PIP_BREAK_SYSTEM_PACKAGES": "1"}
    install = [*INSTALLERS[installer].split(), *options]
    check = [*install[: install.index("install")], "check"]
    venv = ["uv", "venv", "--quiet", str(layer), "--clear", "--python", python]
    tools = {"python3": python, "uv": str(Path(sys.executable).with_name("uv"))}
    apart = (need("unshare"), "--net") if offline else ()
    for command in (venv, install, check)[installer == "pip" :]:
        done = run(*apart, tools[command[0]], *command[1:], cwd=project, env=env)
        if done.returncode:
            break
    return done


def as_a_person(*command: str | Path) -> tuple[str | Path, ...]:
    """Return a command as it runs for one whom permissions bind, which they do not for root."""
    if sys.platform == "win32" or os.geteuid():
        return command
    return need("setpriv"), "--bounding-set=-dac_override,-dac_read_search", *command


def must(done: subprocess.CompletedProcess[str]) -> str:
    """Return the output of a command that must have succeeded."""
    assert done.returncode == 0, f"{done.args} exited with {done.returncode}:\n{done.stdout}"
    return done.stdout


def git(*arguments: str, cwd: Path) -> None:
    """Run git as somebody, whatever the machine knows of its user."""
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True)


def blocks(text: str, language: str = "sh") -> list[str]:
    """Return the code blocks of a language in a Markdown text."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def edit(name: str, old: str, new: str) -> Change:
    """Return a change that puts `new` in the place of the first `old` in a file."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text, f"no {old!r} in {name}"
        (folder / name).write_text(text.replace(old, new, 1), "utf-8")

    return change


def append(name: str, text: str) -> Change:
    """Return a change that puts `text` at the end of a file; the file and its folder need not be there yet."""

    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)

    return change


def description_shown(project: Path) -> str:
    """Return what a reader of a project's README sees of its description (CommonMark)."""
    text = (project / "README.md").read_text("utf-8")
    html = MarkdownIt("commonmark").render(text.split("\n\n")[1])
    assert html.startswith("<p>") and html.endswith("</p>\n"), html
    return unescape(html[3:-5])


def all_of(ends: Counter[str], *expected: str) -> None:
    """Show how often each end of some cases was met, and assert that each that is expected was."""
    print(dict(ends))
    assert all(ends[end] for end in expected), f"the cases were to end in {expected}, and ended in {dict(ends)}"


def contents(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Return all that is in a folder, byte for byte: what it is, and what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = ("link", os.readlink(path).encode())
        elif path.is_file():
            found[name] = ("file", path.read_bytes())
        else:
            found[name] = ("folder" if path.is_dir() else "other", b"")
    return found


def as_made(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Return the contents of a project without what Python compiles as a test runs it."""
    return {name: thing for name, thing in contents(folder).items() if "__pycache__" not in name}


def find(tool: str) -> str:
    """Return the path of a tool, such as `git` or `python3.12`; "" if it is not on this machine."""
    version = tool.removeprefix("python")
    candidates: list[Any] = [
        shutil.which(tool),
        *Path.home().glob(f".pyenv/versions/{version}.*/bin/python"),
        sys.executable,
    ]
    for candidate in filter(None, candidates if tool.startswith("python3") else candidates[:1]):
        shown = subprocess.run([candidate, "--version"], capture_output=True, text=True)
        if shown.returncode == 0 and (not tool.startswith("python3") or f" {version}." in shown.stdout):
            return str(candidate)
    return ""


def need(tool: str) -> str:
    """Return the path of a tool; skip the test by the tool's name if it is missing, unless it must be there."""
    if found := find(tool):
        return found
    if tool in os.environ.get("FN_MUST_HAVE", "").split():
        pytest.fail(f"{tool} must be on this machine and is not")
    pytest.skip(f"{tool} is not on this machine")


# The seconds after which what never happens is given up: a bound, not a measure, so no slow machine comes near it.
PATIENCE = 300


def until(happened: Callable[[], T], why: Callable[[], object]) -> T:
    """Return the first result that is true of asking again and again whether something has happened; tell why not."""
    deadline = time.monotonic() + PATIENCE
    while not (found := happened()):
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)
    return found


def listening(*processes: psutil.Process) -> list[int]:
    """Return the ports that some processes listen on: what is started with port 0 gets one that nothing else can take."""
    ports = set()
    for process in processes:
        # One that has just ended listens on none.
        with suppress(psutil.Error):
            found = process.net_connections("tcp")
            ports |= {place.laddr.port for place in found if place.status == psutil.CONN_LISTEN}
    return sorted(ports)


def family(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and all that have come of it."""
    return [process, *process.children(recursive=True)]


def port_of(process: psutil.Popen, log: Path) -> int:
    """Return the port that a process or one that it has started listens on, once it does; fail with its log if it ends."""

    def port() -> list[int]:
        assert process.poll() is None, log.read_text("utf-8")
        return listening(*family(process))

    [port_found] = until(port, lambda: log.read_text("utf-8"))
    return port_found


class Served:
    """A function that is being served: its process, its address, and what it has written so far."""

    def __init__(self, process: psutil.Popen, log: Path) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port_of(process, log)}"
        self.log = log

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

    def entries(self) -> list[dict[str, Any]]:
        """Return the log entries so far; each line that was written must be one, but for the rest that is being written."""
        written = self.log.read_bytes()
        return [json.loads(line) for line in written[: written.rfind(b"\n") + 1].splitlines()]


@contextmanager
def loopback(
    answer: Callable[[str, str, bytes, Mapping[str, str]], tuple[int, Any]], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve JSON on a free port of 127.0.0.1 until the block ends; yield the address.

    `answer` is given method, path, body and headers of a request, and returns the status and what is sent as JSON.
    With `tls` the address is that of a proxy, which answers for any host.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            assert tls
            self.send_response(200)
            self.end_headers()
            with tls.wrap_socket(self.connection, server_side=True) as inner:
                self.rfile, self.wfile = inner.makefile("rb"), inner.makefile("wb")
                self.handle_one_request()
                self.wfile.flush()

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, reply = answer(self.command, self.path, body, dict(self.headers.items()))
            raw = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_PATCH = handle_any

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sample(project: Path, scripts: Path, trigger: str, name: str = "") -> tuple[dict[str, str], bytes]:
    """Return headers and body of a sample as they are sent; Firestore's by way of the project's own environment."""
    events = project / "events"
    lines = (events / "headers.txt").read_text("utf-8").splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    file = events / (name or fact(trigger, "sample"))
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
    return (
        sample(project, scripts, trigger) if contract == "event" else (SCHEDULER if contract == "schedule" else {}, b"")
    )


@contextmanager
def served(scripts: Path, project: Path, target: str, home: Path, **variables: str) -> Iterator[Served]:
    """Serve a project by `functions-framework` from another working directory, and end it and its workers."""
    log = home / "served.log"
    command: list[Any] = [scripts / "functions-framework", "--target", target, "--source", project / "main.py"]
    with log.open("wb") as out:
        process = psutil.Popen(
            [*command, "--host", "127.0.0.1", "--port", "0"],
            cwd=home, env=environment(home, **variables), stdout=out, stderr=out,
        )  # fmt: skip
    try:
        yield Served(process, log)
    finally:
        # gunicorn's master ends its workers.
        process.terminate()
        process.wait(PATIENCE)
