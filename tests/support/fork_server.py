"""Run `python -m cookiecutter`, `pytest` or a function as processes of their own, without waiting for Python to start.

The server has imported what these import. It reads jobs from stdin, a line of JSON each, and forks a child that runs
the command. It prints the child's exit code, or its process id if it goes on in the background. For the exit code of
that, send the id. It is run by the Python of a project's environment too, so it imports nothing of these tests.
"""

import gc
import io
import json
import os
import pkgutil
import runpy
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import NoReturn, TypedDict

# Imported if the environment has it: what makes and updates projects, and what projects and their tests import.
COMMANDS = ("cookiecutter.cli", "cruft._cli")
LIBRARIES = (
    "flask.testing", "functions_framework._cli", "functions_framework._http.gunicorn", "functions_framework.aio",
    "google.cloud.firestore", "google.cloud.pubsub", "google.cloud.storage", "google.events.cloud.firestore",
    "gunicorn.workers.gthread", "pathspec", "pip_requirements_parser", "starlette.testclient", "uvicorn_worker",
)  # fmt: skip


class Job(TypedDict):
    """A command: `python -m` and its arguments, and what its process has. Input and output are files.

    `path` is what comes first on Python's path: the folder, but for `-P`. `bytecode` is whether it is kept, but for `-B`.
    """

    command: list[str]
    cwd: str
    path: list[str]
    bytecode: bool
    env: dict[str, str]
    stdin: str
    output: str
    background: bool


def serve() -> None:
    pytest = find_spec("_pytest")
    folders = pytest.submodule_search_locations if pytest else None
    plugins = [f"_pytest.{module.name}" for module in pkgutil.iter_modules(folders or [])]
    for name in (*COMMANDS, *LIBRARIES, *plugins):
        # starlette raises the other if it lacks its HTTP client.
        with suppress(ImportError, RuntimeError):
            import_module(name)
    # Each child imports these itself, since they read the home folder as they load.
    for name in [name for name in sys.modules if name.partition(".")[0] in ("cookiecutter", "cruft")]:
        del sys.modules[name]
    # The children neither look through all of this nor copy it.
    gc.freeze()
    for line in sys.stdin:
        job = json.loads(line)
        child = job if isinstance(job, int) else os.fork()
        if not child:
            become(job)
        waits = isinstance(job, int) or not job["background"]
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if waits else child, flush=True)


def become(job: Job) -> NoReturn:
    """Turn this process into the one that a job describes."""
    os.dup2(os.open(job["stdin"], os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(os.open(job["output"], os.O_WRONLY | os.O_APPEND), stream)
    sys.stdin = io.TextIOWrapper(io.FileIO(0), "utf-8")
    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    sys.argv, sys.path[:0] = job["command"], job["path"]
    sys.dont_write_bytecode = not job["bytecode"]
    code = 0
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    # Python would take longer to take itself apart than the command took.
    os._exit(code)


if __name__ == "__main__":
    serve()
