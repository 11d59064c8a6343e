"""The project's own guard: each of its rules is broken once, and what it then says tells what to do."""

from pathlib import Path
from typing import Any

import pytest
from support import Change, append, edit, environment, run

pytestmark = pytest.mark.slow


def package(name: str, *more: str) -> Change:
    def make(project: Path) -> None:
        for file in ("__init__.py", *more):
            (project / name).mkdir(exist_ok=True)
            (project / name / file).write_text("")

    return make


def drop(name: str, start: str) -> Change:
    def change(project: Path) -> None:
        lines = (project / name).read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(start)]
        assert kept != lines
        (project / name).write_text("".join(kept), "utf-8")

    return change


DECORATED = "@functions_framework.http\ndef hello_function(request: flask.Request) -> flask.Response:"
BROKEN: list[tuple[str, Change, str]] = [
    *((f"a {name}", append(name, ""), "move what it asks for") for name in ("Pipfile", "pipfile", "Pipfile.lock", "setup.py", "SETUP.py")),
    *(
        (f"{line} in {lock}", append(lock, f"{line}\n"), "is no pin")
        for lock in ("requirements.txt", "requirements-dev.txt")
        for line in (
            "requests", "requests>=2", "requests==2.*", "requests==2.1,>=2", "-e ./mine", "--editable ./mine", "./mine",
            "mine @ file:///mine", "requests @ https://example.com/r.whl", "https://example.com/r.whl", "-r more.txt",
        )
    ),
    ("a part of an update that did not fit", append("main.py.rej", "-a\n+b\n"), "main.py.rej is what an update could not change"),
    ("conflict marks", append("README.md", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"), "README.md has conflict marks"),
    ("the end of a conflict", append("localpackage/notes.txt", ">>>>>>> theirs\n"), "notes.txt has conflict marks"),
    ("one hash only", append("requirements.txt", "requests==2.32.5 --hash=sha256:00\n"), "lack the hash"),
    ("asked for, not locked", append("requirements.in", "requests\n"), "requirements.txt lacks 'requests'"),
    ("locked too low", append("requirements.in", "Flask>=99\n"), "requirements.txt lacks 'Flask>=99'"),
    ("a tool that is not locked", append("requirements-dev.in", "pytest-cov\n"), "requirements-dev.txt lacks"),
    ("another file is asked for", append("requirements.in", "-r more.in\n"), "is no requirement"),
    ("no requirements.txt in the upload", drop(".gcloudignore", "!/requirements.txt"), "requirements.txt would not be uploaded"),
    ("no main.py in the upload", drop(".gcloudignore", "!/main.py"), "add the line !/main.py"),
    ("a package of tests in main.py", append("main.py", "import tests.helper\n"), "add the line !/tests"),
    ("a path is asked for", append("requirements.in", "./mine\n"), "is no requirement"),
    ("no framework", drop("requirements.txt", "functions-framework"), "functions-framework"),
    ("the framework not at column 0", edit("requirements.txt", "functions-framework", " functions-framework"), "lacks functions-framework"),
    ("the framework spelt otherwise", edit("requirements.txt", "functions-framework", "functions_framework"), "lacks functions-framework"),
    ("no main.py", lambda project: (project / "main.py").unlink(), "main.py is missing"),
    ("no entry point", edit("main.py", "def hello_function", "def goodbye_function"), "hello_function"),
    ("not decorated", edit("main.py", "@functions_framework.http\n", ""), "Decorate hello_function"),
    ("decorated otherwise", edit("main.py", "functions_framework.http", "functions_framework.cloud_event"), "Decorate hello_function"),
    ("decorated as asynchronous", edit("main.py", "@functions_framework", "import functions_framework.aio\n\n\n@functions_framework.aio"), "Decorate hello_function"),
    ("two arguments", edit("main.py", DECORATED, DECORATED.replace("Request)", "Request, more: int)")), "exactly one argument"),
    ("no argument", edit("main.py", DECORATED, DECORATED.replace("request: flask.Request", "")), "exactly one argument"),
    ("async", edit("main.py", "def hello_function", "async def hello_function"), "plain def"),
    *((f"a package {name}", package(name), f"{name} is hidden") for name in ("json", "click", "test", "flask")),
    ("a module click.py", append("click.py", ""), "click.py is hidden"),
]  # fmt: skip


def guard(scripts: Path, project: Path, home: Path) -> Any:
    options = ("-q", "-p", "no:cacheprovider", "--tb=short", "tests/test_layout.py")
    return run(scripts / "python", "-B", "-P", "-m", "pytest", *options, cwd=project, env=environment(home))


@pytest.mark.parametrize("hashes", [False, True])
def test_passes_as_made(bake: Any, scripts: Path, home: Path, hashes: bool) -> None:
    done = guard(scripts, bake(hashes=hashes), home)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("what", "change", "says"), BROKEN, ids=[what for what, _, _ in BROKEN])
def test_goes_red(fresh: Any, scripts: Path, home: Path, what: str, change: Change, says: str) -> None:
    project = fresh()
    change(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1 and says in done.stdout, done.stdout


def test_an_asynchronous_function_that_is_decorated_as_another(fresh: Any, installed: Any, home: Path) -> None:
    project = fresh(trigger="async-http")
    scripts = installed(project, quick=True)
    edit("main.py", "@functions_framework.aio.http", "@functions_framework.http")(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "Decorate hello_function with @functions_framework.aio.http" in done.stdout


def test_one_line_without_its_hash(fresh: Any, scripts: Path, home: Path) -> None:
    project = fresh(hashes=True)
    append("requirements.txt", "requests==2.32.5\n")(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "lack the hash" in done.stdout


@pytest.mark.parametrize(
    "change",
    [
        append("requirements.txt", "requests==2.32.5\n"),
        append("requirements.txt", "--index-url=https://example.com/simple\n"),
        append("requirements.in", "tomli ; python_version < '3.11'\n"),
        lambda project: (project / "requirements.txt").write_text(
            (project / "requirements.txt").read_text(), "utf-8-sig"
        ),
        append("requirements.in", "markupsafe ; sys_platform == 'linux'\nFlask[async]>=3\n"),
        package("thirdparty", "setup.py", "code.py"),
        package("localpackage", "setup.py"),
        append("README.md", "\n=======\n<<<<<<<<<< a drawing\n"),
        package(".venv", "patch.rej"),
        package(".venv", "setup.py"),
        append("pyproject.toml", "\n[project]\nname = 'mine'\n"),
    ],
)
def test_stays_green(fresh: Any, scripts: Path, home: Path, change: Change) -> None:
    project = fresh()
    change(project)
    done = guard(scripts, project, home)
    assert done.returncode == 0, done.stdout


def test_short_enough_to_read(bake: Any) -> None:
    assert len((bake() / "tests" / "test_layout.py").read_text("utf-8").splitlines()) <= 165
