"""Environment variables: one file for the server, the tests and the debugger, and one place for the tests' own."""

import json
import os
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.debugger import configuration, debugged, place
from tests.support.folders import append, edit
from tests.support.guard import guard
from tests.support.pages import section
from tests.support.processes import check_output, environment, git, posix_only, run, run_module, shell
from tests.support.serving import served_by
from tests.support.types import Bake, Installed
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.slow
VALUES = {
    "PLAIN": "a#b=c", "SPACES": " two  words ", "HASH": "a # b", "EQUALS": "=a=b==", "DOUBLE": 'say "hi"', "SINGLE": "it's",
    "OBJECT": '{"a": "#1", "b": "x=y"}', "ADDRESS": "postgres://ada:pa55@db/x?a=1&b=%23#c", "DOLLARS": "$HOME `id` $(id) \\d", "UMLAUT": "größe",
}  # fmt: skip
ANSWER = f"import json, os\n\nVALUES = json.dumps([os.environ[name] for name in {[*VALUES]}])\n"
TITLE = "How do I set variables?"
OPTIONS = ("-q", "-p", "no:cacheprovider")


def quoted(value: str) -> str:
    """Quote a value as REFERENCE.md says."""
    return f'"{value}"' if "'" in value else f"'{value}'"


@pytest.fixture
def project(with_venv: Bake, home: Path) -> Path:
    """A function that reads variables when it is imported and answers with them, and a .env that was copied as printed."""
    project = with_venv()
    edit("localpackage/script.py", "\n\n\n", f"\n\n{ANSWER}\n\n")(project)
    edit("localpackage/script.py", "return f", "return VALUES or f")(project)
    append(".env.example", "".join(f"{name}=''\n" for name in VALUES))(project)
    copy, _ = section(project, TITLE).splitlines()
    check_output(shell(copy, project, home))
    for name, value in VALUES.items():
        edit(".env", f"{name}=''", f"{name}={quoted(value)}")(project)
    return project


def asked(address: str) -> list[str]:
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        values: list[str] = json.loads(json.load(answer)["message"])
        return values


@posix_only
def test_server_gets_variables(project: Path, home: Path) -> None:
    _, command = section(project, TITLE).splitlines()
    env = environment(home, PATH=f"{project / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with served_by(command, project, home / "log", env) as function:
        assert asked(function.url) == [*VALUES.values()]


@posix_only
def test_tests_get_variables(project: Path, home: Path) -> None:
    command = section(project, TITLE).splitlines()[1].partition("functions-framework")[0]
    test = f"import os\n\n\ndef test_it() -> None:\n    assert {VALUES}.items() <= os.environ.items()\n"
    append("tests/test_it.py", test)(project)
    check_output(shell(f"{command} pytest -q tests/test_it.py", project, home, project / ".venv" / "bin"))


@pytest.mark.parametrize("trigger", ["http", "async-http", "pubsub"])
def test_tests_do_without_the_variables_of_the_template(
    bake: Bake, installed: Installed, home: Path, trigger: str
) -> None:
    project = bake(trigger=trigger)
    env = environment(home, DEAD_LETTER="true", LOG_LEVEL="ERROR", MAX_EVENT_AGE_SECONDS="600")
    python = installed(project) / "python"
    check_output(
        run_module("pytest", *OPTIONS, "tests/test_main.py", python=python, options=("-B",), cwd=project, env=env)
    )


@posix_only
def test_debugger_gets_variables(project: Path, home: Path) -> None:
    places = [place(project / "localpackage" / "script.py", "return")]
    with (
        debugged(configuration(project, "Function"), places, environment(home, PORT="0")) as debugger,
        ThreadPoolExecutor() as pool,
    ):
        answer = pool.submit(asked, debugger.address())
        debugger.stop()
        assert answer.result() == [*VALUES.values()]


@posix_only
def test_example_is_committed_and_values_are_not(project: Path, home: Path) -> None:
    git("init", cwd=project)
    git("add", "-A", cwd=project)
    listed = check_output(run("git", "ls-files", cwd=project, env=environment(home))).split()
    assert ".env.example" in listed and ".env" not in listed


def test_tests_have_variables_of_their_own(fresh: Bake, scripts: Path, home: Path) -> None:
    """In the function's folder, and at the root of a repository."""
    project = fresh()
    edit("main.py", "\n\n\n", "\n\nDATABASE = os.environ['DATABASE']\n\n\n")(project)
    edit("main.py", "import logging\n", "import logging\nimport os\n")(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1
    assert f"KeyError: 'DATABASE'. For a variable, see \"{TITLE}\" in REFERENCE.md." in done.stdout
    append("conftest.py", section(project, TITLE, "python"))(project)
    for which in ((), ("tests/guard",), ("tests/test_main.py",)):
        at_root = ("--import-mode=importlib", *(f"{project.name}/{name}" for name in which))
        for folder, options in ((project, which), (project.parent, at_root)):
            done = run_module(
                "pytest", *OPTIONS, *options,
                python=scripts / "python", options=("-B",), cwd=folder, env=environment(home),
            )  # fmt: skip
            check_output(done)
