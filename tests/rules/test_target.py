"""A folder that already exists comes to no harm."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rules.target import ROOM
from tests.support.folders import contents
from tests.support.processes import as_unprivileged_user, environment, posix_only, run
from tests.support.questions import ROOT
from tests.support.refusals import NEVER_READ, check_refused
from tests.support.types import Bake, Cookiecutter, Done


@pytest.mark.parametrize("name", [*NEVER_READ, "Pipfile and setup.py"])
def test_existing_folder_with_an_unread_file(cookiecutter: Cookiecutter, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "out" / "hello-function"
    mine.mkdir(parents=True)
    for one in name.split(" and "):
        (mine / one).write_text("requests = '*'")
    (mine / "main.py").write_text("mine")
    before = contents(mine)
    check_refused(cookiecutter("--no-input", "-f"), f"never read {name} in {mine}", "to requirements.in")
    assert contents(mine) == before


def test_cruft_create_is_refused_too(template: Path, home: Path, tmp_path: Path) -> None:
    """`cruft create` does not tell Jinja the output folder."""
    mine = tmp_path / "out" / "hello-function"
    mine.mkdir(parents=True)
    (mine / "main.py").write_text("mine")
    command = (sys.executable, "-m", "cruft", "create", template, "--no-input", "-f", "--output-dir", "out")

    def said() -> str:
        before = contents(mine)
        done = run(*as_unprivileged_user(*command), cwd=tmp_path, env=environment(home))
        assert done.returncode and contents(mine) == before
        return re.sub(r"\W+", " ", done.stdout)

    (mine / "setup.py").write_text("mine")
    assert "Google s builders never read setup py" in said()
    (mine / "setup.py").unlink()
    if sys.platform != "win32":
        (mine / "main.py").chmod(0o444)
        assert "main py is read only" in said()


def test_call_from_python_is_refused_too(tmp_path: Path, home: Path) -> None:
    """One that calls cookiecutter without its command."""
    (tmp_path / "hello-function").mkdir()
    (tmp_path / "hello-function" / "setup.py").write_text("mine")
    before = contents(tmp_path / "hello-function")
    call = f"cookiecutter({str(ROOT)!r}, no_input=True, overwrite_if_exists=True)"
    code = f"from cookiecutter.main import cookiecutter; {call}"
    done = run(sys.executable, "-c", code, cwd=tmp_path, env=environment(home))
    assert done.returncode and "Google's builders never read setup.py" in done.stdout
    assert contents(tmp_path / "hello-function") == before


def test_setup_py_deeper_in_an_existing_folder_is_allowed(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    folders = [".venv", "venv", "node_modules/x", ".tox/py", "localpackage", "thirdparty"]
    mine = [tmp_path / "out" / "hello-function" / folder / "setup.py" for folder in folders]
    for file in mine:
        file.parent.mkdir(parents=True)
        file.write_text("mine")
    done = cookiecutter("--no-input", "-f")
    assert done.returncode == 0, done.stdout
    assert all(file.read_text() == "mine" for file in mine)


def test_existing_folder_is_kept_without_force(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "hello-function"
    mine.mkdir(parents=True)
    (mine / "main.py").write_text("mine")
    done = cookiecutter("--no-input")
    assert done.returncode == 1 and "already exists" in done.stdout
    assert contents(mine) == {"main.py": ("file", b"mine")}


def test_folder_of_a_declined_package_is_kept(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "hello-function"
    for folder in ("localpackage", "none"):
        (mine / folder).mkdir(parents=True)
        (mine / folder / "script.py").write_text("mine")
    assert cookiecutter("--no-input", "-f", "local_package=none").returncode == 0
    for folder in ("localpackage", "none"):
        assert contents(mine / folder) == {"script.py": ("file", b"mine")}


@posix_only
@pytest.mark.parametrize("path", ["tests", "localpackage", "tests/conftest.py", "main.py", "README.md"])
def test_link_to_outside_is_refused(cookiecutter: Cookiecutter, tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "script.py").write_text("mine")
    place = tmp_path / "out" / "hello-function" / path
    place.parent.mkdir(parents=True)
    place.symlink_to(outside / "script.py" if place.suffix else outside)
    before = contents(tmp_path / "out"), contents(outside)
    check_refused(cookiecutter("--no-input", "-f"), f"{place} is a link")
    assert (contents(tmp_path / "out"), contents(outside)) == before


@posix_only
def test_dangling_link_is_refused(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    place = tmp_path / "out" / "hello-function" / "main.py"
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "not-there")
    check_refused(cookiecutter("--no-input", "-f"), "is a link")
    assert not (tmp_path / "not-there").exists()


@posix_only
def test_linked_function_folder_is_refused(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "hello-function").symlink_to(tmp_path / "outside")
    check_refused(cookiecutter("--no-input", "-f"), "is a link")
    assert contents(tmp_path / "outside") == {}


@posix_only
def test_hard_link_is_refused(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    outside, place = tmp_path / "outside.py", tmp_path / "out" / "hello-function" / "main.py"
    place.parent.mkdir(parents=True)
    outside.write_text("mine")
    place.hardlink_to(outside)
    check_refused(
        cookiecutter("--no-input", "-f"), f"{place} has a second name (a hard link)", "replace it with a copy"
    )
    assert outside.read_text() == "mine" and [*contents(place.parent)] == ["main.py"]
    assert cookiecutter("--no-input", "-f", "--skip-if-file-exists").returncode == 0
    assert outside.read_text() == "mine"


@posix_only
def test_link_inside_the_folder_is_followed(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "hello-function"
    (mine / "docs").mkdir(parents=True)
    (mine / "docs" / "index.md").write_text("mine")
    (mine / "README.md").symlink_to("docs/index.md")
    assert cookiecutter("--no-input", "-f").returncode == 0
    assert (mine / "README.md").is_symlink()


@pytest.mark.parametrize(("path", "is_folder"), [("tests", False), ("localpackage", False), ("main.py", True)])
def test_file_in_the_way_of_a_folder(cookiecutter: Cookiecutter, tmp_path: Path, path: str, is_folder: bool) -> None:
    place = tmp_path / "out" / "hello-function" / path
    place.parent.mkdir(parents=True)
    place.mkdir() if is_folder else place.write_text("mine")
    before = contents(tmp_path / "out")
    check_refused(cookiecutter("--no-input", "-f"), f"{place} is in the way of a ", "move it away")
    assert contents(tmp_path / "out") == before


@pytest.fixture
def run_unprivileged(tmp_path: Path, home: Path) -> Callable[..., Done]:
    """Run cookiecutter without root's right to ignore permissions."""
    command = (sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "-o", tmp_path / "out")
    return lambda *flags: run(*as_unprivileged_user(*command), *flags, cwd=tmp_path, env=environment(home))


@posix_only
def test_read_only_file(run_unprivileged: Callable[..., Done], tmp_path: Path) -> None:
    main = tmp_path / "out" / "hello-function" / "main.py"
    main.parent.mkdir(parents=True)
    main.write_text("mine")
    main.chmod(0o444)
    before = contents(tmp_path / "out")
    check_refused(run_unprivileged("-f"), f"{main} is read-only", "make it writable")
    # Writable or not, it would be refused without -f.
    check_refused(run_unprivileged(), "already exists")
    assert contents(tmp_path / "out") == before
    assert run_unprivileged("-f", "--skip-if-file-exists").returncode == 0
    assert main.read_text() == "mine" and (main.parent / "README.md").is_file()


@posix_only
@pytest.mark.parametrize("folder", ["", "hello-function", "hello-function/tests"])
def test_read_only_folder(run_unprivileged: Callable[..., Done], tmp_path: Path, folder: str) -> None:
    place = tmp_path / "out" / folder
    place.mkdir(parents=True)
    place.chmod(0o555)
    before = contents(tmp_path / "out")
    check_refused(run_unprivileged("-f"), f"{place} is read-only", "make it writable")
    assert contents(tmp_path / "out") == before


@posix_only
def test_project_needs_less_space_than_is_checked_for(bake: Bake) -> None:
    project = bake(trigger="firestore", hashes=True, ci="github")
    # Four kilobytes are what a file or a folder takes at least.
    size = sum(len(raw) + 4096 for _, raw in contents(project).values())
    assert size < ROOM


@posix_only
def test_link_to_itself_and_pipe_are_refused(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    main = tmp_path / "out" / "hello-function" / "main.py"
    main.parent.mkdir(parents=True)
    main.symlink_to("main.py")
    check_refused(cookiecutter("--no-input", "-f"), "in the way of a file")
    main.unlink()
    os.mkfifo(main)
    check_refused(cookiecutter("--no-input", "-f"), "in the way of a file")


def test_output_folder_with_jinja_in_its_path(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    for name in ("{{cookiecutter.region}}", "a{%b"):
        check_refused(cookiecutter("--no-input", "-o", str(tmp_path / name)), "output folder: ", "is not valid")
        assert not (tmp_path / name).exists()


def test_file_in_the_way_of_the_project(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "hello-function").write_text("mine")
    check_refused(cookiecutter("--no-input", "-f"), "move it away")
    assert (tmp_path / "out" / "hello-function").read_text() == "mine"


def test_force_twice_changes_nothing(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    assert cookiecutter("--no-input").returncode == 0
    before = contents(tmp_path / "out")
    (tmp_path / "out" / "hello-function" / ".env").write_text("mine")
    assert cookiecutter("--no-input", "-f").returncode == 0
    (tmp_path / "out" / "hello-function" / ".env").unlink()
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("answers", [(), ("local_package=none",)])
def test_bake_without_hooks(cookiecutter: Cookiecutter, tmp_path: Path, answers: tuple[str, ...]) -> None:
    done = cookiecutter("--no-input", "--accept-hooks", "no", *answers)
    assert done.returncode == 0 and (tmp_path / "out" / "hello-function" / "main.py").is_file()


def test_bake_prints_what_to_do_next(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    done = cookiecutter("--no-input")
    steps = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    assert len(steps) == 3 and steps[0] == f"cd '{tmp_path}{os.sep}out{os.sep}hello-function'"


def test_hooks_are_short_and_valid_python() -> None:
    for hook in (ROOT / "hooks").iterdir():
        text = hook.read_text("utf-8")
        assert len(text.splitlines()) <= 40
        compile(text, hook.name, "exec")
