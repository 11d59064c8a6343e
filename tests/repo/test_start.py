"""The commands that the pages show for starting and running a function work."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.pages import blocks, page, section
from tests.support.processes import check_output, environment, git, posix_only, require_tool, run
from tests.support.questions import QUESTIONS, ROOT
from tests.support.serving import served_by
from tests.support.types import Bake

README = (ROOT / "README.md").read_text("utf-8")
OTHER_WAYS = (
    (ROOT / "docs" / "questions.md").read_text("utf-8").partition("\n## Other ways to start\n")[2].partition("\n## ")[0]
)
# Each command that starts a function, as it is printed.
WAYS = [
    *(block.strip() for block in (blocks(README)[0], *blocks(OTHER_WAYS))),
    *re.findall(r"`((?:pipx run )?cookiecutter [^`]+)`", OTHER_WAYS),
]


@pytest.fixture
def user_environment(pip_and_pipx: Path, home: Path) -> dict[str, str]:
    """The environment of a person who has pip, pipx, uv and cookiecutter's command."""
    # uv would fetch a Python that is not on the path.
    python = Path(require_tool(f"python{QUESTIONS['python_version'][0]}")).parent
    path = os.pathsep.join(map(str, (pip_and_pipx, Path(sys.executable).parent, python, os.environ["PATH"])))
    return environment(home, PATH=path)


@posix_only
@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "git_stays"),
    [*((way, True) for way in WAYS), *((way, False) for way in WAYS if way.endswith("path/to/fn-template"))],
)
def test_readme_start_commands(
    template: Path, tmp_path: Path, user_environment: dict[str, str], command: str, git_stays: bool
) -> None:
    """From the template's address, a clone, a folder or a zip, none of which has a tag."""
    place, env = tmp_path / "ein Ordner mit Zoë", user_environment
    local = place / "path" / "to" / "fn-template"
    local.parent.mkdir(parents=True)
    git("archive", "--prefix=fn-template/", "-o", f"{local}.zip", "HEAD", cwd=template)
    git("clone", "-q", str(template), str(local), cwd=place)
    assert check_output(run("git", "tag", cwd=local, env=env)) == ""
    if not git_stays:
        shutil.rmtree(local / ".git")
    check_output(run("bash", "-euc", command, cwd=place, env=env, stdin="\n" * len(QUESTIONS)))
    assert (place / "hello-function" / "localpackage" / "script.py").is_file()


def test_readme_shows_each_way_to_start() -> None:
    ways = "\n".join(WAYS)
    for word in (
        "uvx ",
        "python3 -m pip ",
        "pipx run ",
        "python3 -m venv ",
        "path/to/fn-template\n",
        "fn-template.zip",
    ):
        assert ways.count(word) == 1, word


@posix_only
@pytest.mark.slow
def test_minimum_versions_of_the_readme(template: Path, home: Path, tmp_path: Path) -> None:
    [(python, cookiecutter)] = re.findall(
        r"Python (3\.\d+) or newer; a cookiecutter .* must be ([\d.]+) or newer", " ".join(OTHER_WAYS.split())
    )
    env, venv, uv = environment(home), home / "least", (sys.executable, "-m", "uv")
    check_output(run(*uv, "venv", "-q", "--python", require_tool(f"python{python}"), venv, cwd=tmp_path, env=env))
    install = (*uv, "pip", "install", "-q", "--python", venv, f"cookiecutter=={cookiecutter}.*")
    check_output(run(*install, cwd=tmp_path, env=env))
    check_output(run(venv / "bin" / "cookiecutter", "gh:org/fn-template", "--no-input", cwd=tmp_path, env=env))
    assert (tmp_path / "hello-function" / "localpackage" / "script.py").is_file()


@posix_only
@pytest.mark.slow
def test_first_command_then_run_and_test(
    template: Path, tmp_path: Path, home: Path, user_environment: dict[str, str]
) -> None:
    """The command, what it prints, the next steps, what curl answers, the README of what it made."""
    place, env = tmp_path / "ein Ordner mit Zoë", user_environment
    place.mkdir()
    made = check_output(run("bash", "-euc", WAYS[0], cwd=place, env=env, stdin="\n" * len(QUESTIONS)))
    steps = [line.strip() for line in made.splitlines() if line.startswith("  ") and "[" not in line][-3:]
    assert steps[0].startswith("cd ") and "functions-framework" in steps[2]
    printed = made[made.index("Made ") :].replace(f"'{place / 'hello-function'}'", "~/hello-function")
    assert printed == next(block for block in blocks(README, "text") if block.startswith("Made "))
    check_output(run("bash", "-euc", "\n".join(steps[:2]), cwd=home, env=env))
    project = place / "hello-function"
    with served_by(steps[2], project, home / "log", env) as function:
        [asked] = blocks(README, "console")
        curl = asked.splitlines()[0].removeprefix("$ ").replace("http://127.0.0.1:8080", function.url)
        require_tool("curl")
        answer = check_output(run("bash", "-euc", f"{curl} 2>/dev/null", cwd=home, env=env))
        assert answer == asked.partition("\n")[2]
    test = blocks((project / "README.md").read_text("utf-8"))
    checks = next(block for block in test if block.startswith("pytest"))
    check_output(run("bash", "-euc", f". .venv/bin/activate\n{checks}", cwd=project, env=env))
    git("init", cwd=project)
    git("add", ".", cwd=project)
    check_output(run("git", "status", cwd=project, env=env))
    assert ".venv" not in check_output(run("git", "ls-files", cwd=project, env=env))


@posix_only
@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1], ids=["uv", "pip"])
def test_run_commands_of_a_function(fresh: Bake, home: Path, number: int) -> None:
    project = fresh()
    with_uv, start = blocks(page(project, "Run it"))
    install = [with_uv, section(project, "How do I install with pip?")]
    pythons = Path(require_tool(f"python{QUESTIONS['python_version'][0]}")).parent
    env = environment(home, PATH=os.pathsep.join(map(str, (pythons, Path(sys.executable).parent, os.environ["PATH"]))))
    assert ("uv " in install[0], "python3 " in install[1]) == (True, True)
    # What serves it is in the other lock; this one has most of the bytes.
    (project / "requirements-dev.txt").write_text("")
    check_output(run("bash", "-euc", install[number], cwd=project, env=env))
    with served_by(f". .venv/bin/activate; {start.strip()}", project, home / "log", env) as function:
        assert json.loads(function.ask("/?name=Ada")[1]) == {"message": "Hello, Ada!"}
