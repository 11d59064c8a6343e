"""The guard of a project on its layout: its entry point, half updates, names that Python takes."""

from pathlib import Path

import pytest

from tests.support.changes import delete, package, together
from tests.support.folders import append, edit
from tests.support.guard import guard
from tests.support.guard_rules import UNDO, UPGRADE, Rule, check_rule
from tests.support.processes import check_output, environment, run
from tests.support.types import Bake, Installed

pytestmark = pytest.mark.slow
DECORATED = "@functions_framework.http\ndef hello_function(request: flask.Request) -> flask.Response:"
RULES = [
    Rule("a Pipfile", append("Pipfile", ""), "never read Pipfile", delete("Pipfile")),
    *(
        Rule(" and ".join(names), together(*(append(name, "") for name in names)), f"never read {' and '.join(names)}", together(*map(delete, names)))
        for names in (["Pipfile.lock", "setup.py"], ["SETUP.py", "pipfile"])
    ),
    Rule("a change that an update could not make", append("main.py.rej", "-a\n+b\n"), "main.py.rej holds a change", delete("main.py.rej")),
    Rule("conflict marks", append("README.md", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"), "README.md has conflict markers", UNDO),
    Rule("the end of a conflict", append("localpackage/notes.txt", ">>>>>>> theirs\n"), "notes.txt has conflict markers", UNDO),
    Rule("a conflict in an editor's settings", append(".vscode/settings.json", "<<<<<<< ours\n"), "settings.json has conflict markers", UNDO),
    Rule("no main.py", delete("main.py"), "main.py is missing", UNDO),
    Rule("no entry point", edit("main.py", "def hello_function", "def goodbye_function"), "hello_function", UNDO),
    Rule("not decorated", edit("main.py", "@functions_framework.http\n", ""), "Decorate hello_function", UNDO),
    Rule("decorated otherwise", edit("main.py", "functions_framework.http", "functions_framework.cloud_event"), "Decorate hello_function", UNDO),
    Rule("decorated as asynchronous", edit("main.py", "@functions_framework", "import functions_framework.aio\n\n\n@functions_framework.aio"), "Decorate hello_function", UNDO),
    Rule("two arguments", edit("main.py", DECORATED, DECORATED.replace("Request)", "Request, more: int)")), "exactly one argument", UNDO),
    Rule("no argument", edit("main.py", DECORATED, DECORATED.replace("request: flask.Request", "")), "exactly one argument", UNDO),
    Rule("async", edit("main.py", "def hello_function", "async def hello_function"), "plain def", UNDO),
    Rule("another runtime", edit("deploy.yaml", "--runtime: python313", "--runtime: python314"), "deploy.yaml deploys python314, but the tests and linters are for python313: take", edit("deploy.yaml", "python314", "python313")),
    Rule("another entry point", edit("deploy.yaml", "--entry-point: hello_function", "--entry-point: hello-function"), "deploy.yaml names the entry point hello-function, but the tests run hello_function: write --entry-point", edit("deploy.yaml", "--entry-point: hello-function", "--entry-point: 'hello_function'")),
    Rule("a flag that an update has added too", append("deploy.yaml", "--timeout: 300s\n"), "deploy.yaml sets --timeout twice", edit("deploy.yaml", "--timeout: 60s\n", "")),
    Rule("an entry point that fails", append("main.py", "raise ValueError('on purpose')\n"), "main.py does not load: ValueError: on purpose", UNDO),
    Rule("conflict markers in a lock", append("requirements.txt", "<<<<<<< ours\n=======\n>>>>>>> theirs\n"), "How do I update the project?", UPGRADE),
    *(
        Rule(f"a package {name}", together(package(name), append(".gcloudignore", f"!/{name}\n")), f"{name} is never imported", UNDO)
        for name in ("json", "click", "test", "flask")
    ),
    Rule("a module click.py", together(append("click.py", ""), append(".gcloudignore", "!/click.py\n")), "click.py is never imported", UNDO),
]  # fmt: skip


@pytest.mark.parametrize("hashes", [False, True])
def test_guard_passes_on_a_new_project(bake: Bake, scripts: Path, home: Path, hashes: bool) -> None:
    check_output(guard(scripts, bake(hashes=hashes), home))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.broken)
def test_guard_fails_until_its_advice_is_followed(
    bake: Bake, fresh: Bake, scripts: Path, home: Path, rule: Rule
) -> None:
    check_rule(rule, fresh(), bake(), scripts, home)


def test_guard_refuses_the_decorator_of_a_synchronous_function(fresh: Bake, installed: Installed, home: Path) -> None:
    project = fresh(trigger="async-http")
    scripts = installed(project)
    edit("main.py", "@functions_framework.aio.http", "@functions_framework.http")(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "Decorate hello_function with @functions_framework.aio.http" in done.stdout


def test_older_framework_is_refused_in_one_line(fresh: Bake, scripts: Path, home: Path, tmp_path: Path) -> None:
    extra = tmp_path / "extra"
    command = (scripts / "uv", "pip", "install", "-q", "--no-deps", "--target", extra, "functions-framework==3.8.3")
    check_output(run(*command, cwd=tmp_path, env=environment(home)))
    done = guard(scripts, fresh(), home, PYTHONPATH=str(extra))
    assert done.returncode == 4 and "functions-framework 3.8.3 is too old" in done.stdout
    assert len(done.stdout.strip().splitlines()) == 1


def test_guard_is_short(bake: Bake) -> None:
    for file in (bake() / "tests" / "guard").iterdir():
        assert len(file.read_text("utf-8").splitlines()) <= 250, file.name
