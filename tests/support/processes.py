"""Commands with a clean environment, and the tools that a test needs."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from tests.support.types import Done
from tests.support.waiting import until

# For links, pipes, process groups or a shell's paths.
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX system")


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return this process's environment with another home, and without variables of a developer's shell."""
    mine = (
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "PYTHONDONTWRITEBYTECODE",
        "COOKIECUTTER_CONFIG",
        "FUNCTION_",
        "LOG_",
        "GOOGLE_CLOUD_PROJECT",
        "GCLOUD_PROJECT",
    )
    # `python -m uv` sets it, and each uv below would install into that Python's environment.
    tools = ("PYTEST_", "UV_INTERNAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*mine, *tools))}
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), **more}


def run(*command: str | Path, cwd: Path, env: Mapping[str, str], stdin: str = "") -> Done:
    """Run a command to its end; stdout holds stderr too."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=env, input=stdin, text=True, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def run_module(
    module: str, *arguments: str | Path, cwd: Path, env: Mapping[str, str], stdin: str = "",
    python: str | Path = sys.executable, options: tuple[str, ...] = (),
) -> Done:  # fmt: skip
    """Run `python -m cookiecutter`, `cruft` or `pytest`, as `run` does but in a third of the time.

    `options` are Python's: `-B`, `-P` or, before Python 3.11, `-I`.
    """
    command = [str(part) for part in (python, *options, "-m", module, *arguments)]
    if sys.platform == "win32":
        return run(*command, cwd=cwd, env=env, stdin=stdin)
    with tempfile.TemporaryDirectory() as folder:
        given, output = Path(folder, "stdin"), Path(folder, "output")
        given.write_text(stdin, "utf-8")
        output.touch()
        code = fork([module, *map(str, arguments)], cwd, env, given, output, python, options, background=False)
        return Done(command, code, output.read_text("utf-8"))


@contextmanager
def module_running(
    module: str, *arguments: str, cwd: Path, env: Mapping[str, str], output: Path, python: Path
) -> Iterator[psutil.Process]:
    """Run `python -B -m functions_framework` until the block ends, as run_module does; its output goes to a file."""
    output.write_bytes(b"")
    process: psutil.Process
    if sys.platform == "win32":
        with output.open("wb") as out:
            command = [python, "-B", "-m", module, *arguments]
            process = psutil.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    else:
        command = [module, *arguments]
        options = ("-B", "-P")
        process = psutil.Process(fork(command, cwd, env, Path(os.devnull), output, python, options, background=True))
    try:
        yield process
    finally:
        process.terminate()
        until(lambda: has_ended(process), output.read_text)
        if sys.platform != "win32":
            ask(process.pid, python)


def has_ended(process: psutil.Process) -> bool:
    try:
        # Nobody may have asked yet how it ended.
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def fork(
    command: list[str], cwd: Path, env: Mapping[str, str], stdin: Path, output: Path,
    python: str | Path, options: tuple[str, ...], background: bool,
) -> int:  # fmt: skip
    """Run a module with its arguments in a fork of a warm Python; return its exit code, or its id in the background."""
    # Python has read these before it forks.
    changed = {name for name in env if name.startswith("PYTHON") and env[name] != os.environ.get(name)}
    assert not changed, f"use run: {changed} would be ignored"
    job = {
        "command": command, "cwd": str(cwd), "path": [] if {"-I", "-P"} & {*options} else [str(cwd)],
        "bytecode": "-B" not in options, "env": dict(env), "stdin": str(stdin), "output": str(output),
        "background": background,
    }  # fmt: skip
    return ask(job, python, "-I" if "-I" in options else "-P")


def ask(job: Mapping[str, object] | int, python: str | Path, option: str = "-P") -> int:
    """Give the fork server a job, or the id of one in the background to wait for; return what it prints."""
    server = fork_server(python, option)
    assert server.stdin and server.stdout
    print(json.dumps(job), file=server.stdin, flush=True)
    if not (answer := server.stdout.readline()):
        fork_server.cache_clear()
        pytest.fail("the fork server has ended")
    return int(answer)


@cache
def fork_server(python: str | Path, option: str) -> subprocess.Popen[str]:
    """Start the server that runs modules (fork_server.py); it ends with this process."""
    # Without -P, or -I, it would take types.py beside it for the standard library's.
    command = [python, option, Path(__file__).with_name("fork_server.py")]
    pipe = subprocess.PIPE
    server = subprocess.Popen(command, env=environment(Path.home()), text=True, stdin=pipe, stdout=pipe)
    atexit.register(server.communicate)
    return server


def check_output(done: Done) -> str:
    """Return the output of a command that must have succeeded."""
    assert done.returncode == 0, f"{done.args} exited with {done.returncode}:\n{done.stdout}"
    return done.stdout


def run_unprivileged(module: str, *arguments: str | Path, cwd: Path, env: Mapping[str, str]) -> Done:
    """Run a module as run_module does, without root's right to ignore permissions."""
    if sys.platform == "win32" or os.geteuid():
        return run_module(module, *arguments, cwd=cwd, env=env)
    return run_module("unprivileged", cwd, module, *arguments, cwd=Path(__file__).with_name("unprivileged"), env=env)


def git(*arguments: str, cwd: Path) -> str:
    """Run git with a name and an address of its own; return what it prints."""
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True, encoding="utf-8")
    return done.stdout.rstrip()


@cache
def find_tool(tool: str) -> str:
    """Return the path of a tool, such as `git` or `python3.12`; "" if it is not on this machine."""
    version = tool.removeprefix("python")
    candidates: list[str | Path | None] = [
        shutil.which(tool),
        *Path.home().glob(f".pyenv/versions/{version}.*/bin/python"),
        sys.executable,
    ]
    for candidate in candidates if tool.startswith("python3") else candidates[:1]:
        if not candidate:
            continue
        # macOS and pyenv have commands that are only there to say that the tool is not; some have no --version.
        flag = {"ip": "-V", "openssl": "version", "ssh": "-V"}.get(tool, "--version")
        shown = subprocess.run([candidate, flag], capture_output=True, text=True)
        if shown.returncode == 0 and (not tool.startswith("python3") or f" {version}." in shown.stdout):
            return str(candidate)
    return ""


def require_tool(tool: str) -> str:
    """Return the path of a tool; skip the test by the tool's name if it is missing, unless it must be there."""
    return find_tool(tool) or miss(tool)


def miss(tool: str, why: str = "is not on this machine") -> NoReturn:
    """Skip the test by the name of a tool that is missing, unless it must be there: then fail."""
    if tool in os.environ.get("FN_MUST_HAVE", "").split():
        pytest.fail(f"FN_MUST_HAVE names {tool}, which {why}")
    pytest.skip(f"{tool} {why}")


def shell(commands: str, cwd: Path, home: Path, *first: Path) -> Done:
    """Run pasted commands in bash, with uv, cruft and cookiecutter on the path."""
    path = os.pathsep.join(map(str, (*first, Path(sys.executable).parent, os.environ["PATH"])))
    return run("bash", "-euc", commands, cwd=cwd, env=environment(home, PATH=path))
