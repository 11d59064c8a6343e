"""What is where a file or a folder should go: links, pipes, and what may not be written. It comes to no harm."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.folders import contents
from tests.support.processes import environment, posix_only, run_unprivileged
from tests.support.questions import ROOT
from tests.support.refusals import check_refused
from tests.support.types import Cookiecutter, Done


@posix_only
@pytest.mark.parametrize("path", ["tests", "localpackage", "tests/conftest.py", "main.py", "README.md"])
def test_link_to_outside_is_refused(cookiecutter: Cookiecutter, tmp_path: Path, path: str) -> None:
    # It begins with the name of the function's folder.
    outside = tmp_path / "out" / "hello-function-old"
    outside.mkdir(parents=True)
    (outside / "script.py").write_text("mine")
    place = tmp_path / "out" / "hello-function" / path
    place.parent.mkdir(parents=True)
    place.symlink_to(outside / "script.py" if place.suffix else outside)
    before = contents(tmp_path / "out")
    check_refused(cookiecutter("--no-input", "-f"), f"{place} is a link")
    assert contents(tmp_path / "out") == before


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


@pytest.mark.parametrize(("path", "wanted"), [("tests", "folder"), ("events", "folder"), ("main.py", "file")])
def test_file_in_the_way_of_a_folder(cookiecutter: Cookiecutter, tmp_path: Path, path: str, wanted: str) -> None:
    place = tmp_path / "out" / "hello-function" / path
    place.parent.mkdir(parents=True)
    place.mkdir() if wanted == "file" else place.write_text("mine")
    before = contents(tmp_path / "out")
    check_refused(cookiecutter("--no-input", "-f"), f"{place} is in the way of a {wanted}: move it away")
    assert contents(tmp_path / "out") == before


@pytest.fixture
def unprivileged(tmp_path: Path, home: Path) -> Callable[..., Done]:
    """Run cookiecutter without root's right to ignore permissions."""
    command = ("cookiecutter", ROOT, "--no-input", "-o", tmp_path / "out")
    return lambda *flags: run_unprivileged(*command, *flags, cwd=tmp_path, env=environment(home))


@posix_only
def test_read_only_file(unprivileged: Callable[..., Done], tmp_path: Path) -> None:
    main = tmp_path / "out" / "hello-function" / "main.py"
    main.parent.mkdir(parents=True)
    main.write_text("mine")
    main.chmod(0o444)
    before = contents(tmp_path / "out")
    check_refused(unprivileged("-f"), f"{main} is read-only", "make it writable")
    # Writable or not, it would be refused without -f.
    check_refused(unprivileged(), "already exists")
    assert contents(tmp_path / "out") == before
    assert unprivileged("-f", "--skip-if-file-exists").returncode == 0
    assert main.read_text() == "mine" and (main.parent / "README.md").is_file()


@posix_only
@pytest.mark.parametrize("folder", ["", "hello-function", "hello-function/tests"])
def test_read_only_folder(unprivileged: Callable[..., Done], tmp_path: Path, folder: str) -> None:
    place = tmp_path / "out" / folder
    place.mkdir(parents=True)
    if folder:
        (tmp_path / "out" / "hello-function" / "README.md").write_text("mine")
    place.chmod(0o555)
    before = contents(tmp_path / "out")
    # Whether it makes the function's folder or adds to it.
    flags = ["-f", "--skip-if-file-exists"] if folder else []
    check_refused(unprivileged(*flags), f"{place} is read-only", "make it writable")
    assert contents(tmp_path / "out") == before


@posix_only
def test_link_to_itself_and_pipe_are_refused(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    main = tmp_path / "out" / "hello-function" / "main.py"
    main.parent.mkdir(parents=True)
    main.symlink_to("main.py")
    check_refused(cookiecutter("--no-input", "-f"), "in the way of a file")
    main.unlink()
    os.mkfifo(main)
    check_refused(cookiecutter("--no-input", "-f"), "in the way of a file")


def test_file_in_the_way_of_the_project(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "hello-function").write_text("mine")
    check_refused(cookiecutter("--no-input", "-f"), "move it away")
    assert (tmp_path / "out" / "hello-function").read_text() == "mine"
