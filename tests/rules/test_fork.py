"""A fork has its own words, and must not make files that Google's builders never read."""

import sys
from pathlib import Path

import pytest

from rules.target import never_read
from tests.support.folders import append, contents, edit
from tests.support.processes import check_output, environment, posix_only, run
from tests.support.refusals import NEVER_READ, check_refused
from tests.support.types import Cookiecutter


def skeleton(fork: Path) -> Path:
    return fork / "{{cookiecutter.function_name}}"


@pytest.mark.parametrize(
    ("folder", "name"), [*((".", name) for name in NEVER_READ), ("tests", "Setup.py"), ("tests/deep/er", "Pipfile")]
)
def test_fork_with_an_unread_file(
    cookiecutter: Cookiecutter, fork: Path, tmp_path: Path, name: str, folder: str
) -> None:
    place = skeleton(fork) / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text("")
    check_refused(cookiecutter("--no-input", template=fork), name, "take it out")
    assert contents(tmp_path / "out") == {}
    mine = tmp_path / "out" / "hello-function"
    mine.mkdir()
    (mine / "main.py").write_text("mine")
    check_refused(cookiecutter("--no-input", "-f", template=fork), name)
    assert contents(mine) == {"main.py": ("file", b"mine")}


@posix_only
def test_fork_with_a_link_named_pipfile(cookiecutter: Cookiecutter, fork: Path, tmp_path: Path) -> None:
    (skeleton(fork) / "Pipfile").symlink_to("README.md")
    check_refused(cookiecutter("--no-input", template=fork), "Pipfile", "take it out")
    assert contents(tmp_path / "out") == {}


def test_fork_that_renders_a_pipfile(cookiecutter: Cookiecutter, fork: Path, tmp_path: Path) -> None:
    (skeleton(fork) / "{{'Pip'}}file").write_text("")
    mine = tmp_path / "out" / "hello-function"
    mine.mkdir(parents=True)
    (mine / "main.py").write_text("mine")
    check_refused(cookiecutter("--no-input", "-f", template=fork), "Pipfile", "take it out")
    assert contents(mine) == {"main.py": ("file", b"mine")}


def test_fork_whose_hook_writes_a_pipfile(cookiecutter: Cookiecutter, fork: Path, tmp_path: Path) -> None:
    (fork / "hooks" / "pre_gen_project.py").write_text("open('Pipfile', 'w').close()\n")
    done = cookiecutter("--no-input", template=fork)
    assert done.returncode == 1 and "Google's builders never read Pipfile" in done.stdout
    assert contents(tmp_path / "out") == {}


def test_folder_with_the_name_of_an_unread_file() -> None:
    assert never_read(["tests/", "tests/Setup.py/"]) == ["tests/Setup.py/"]


def test_fork_with_words_that_are_not_ascii(fork: Path, home: Path, tmp_path: Path) -> None:
    """Where Python takes a file for ASCII, unless told that it is UTF-8."""
    edit("cookiecutter.json", '"description": "', '"description": "Grüße. ')(fork)
    edit("templates/http/trigger.json", '"replace": {}', '"replace": {"my-name": "Grüße"}')(fork)
    append("templates/github/workflow.yml", "# Grüße\n")(fork)
    append("pyproject.toml", "# Grüße\n")(fork)
    env = environment(home, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    command = (sys.executable, "-m", "cookiecutter", fork, "--no-input", "-o", tmp_path / "out", "ci=github")
    check_output(run(*command, cwd=tmp_path, env=env))
    made = tmp_path / "out" / "hello-function"
    readme, workflow = ((made / name).read_text("utf-8") for name in ("README.md", ".github/workflows/function.yml"))
    assert "\nGrüße. " in readme and " with Grüße" in readme and workflow.endswith("# Grüße\n")
