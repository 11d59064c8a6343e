"""Folders as data: what is in them, and the changes that a user makes."""

import os
from pathlib import Path

from tests.support.processes import git
from tests.support.types import Change


def edit(name: str, old: str, new: str) -> Change:
    """Return a change that replaces the first `old` in a file by `new`."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text, f"no {old!r} in {name}"
        (folder / name).write_text(text.replace(old, new, 1), "utf-8")

    return change


def append(name: str, text: str) -> Change:
    """Return a change that appends to a file, and makes the file and its folder if needed."""

    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)

    return change


def contents(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Return what a folder holds: for each path its kind and its bytes."""
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


def without_bytecode(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Return the contents of a project without Python's bytecode."""
    return {name: thing for name, thing in contents(folder).items() if "__pycache__" not in name}


def commit(folder: Path, *changes: Change) -> None:
    """Make the changes and commit all that is in the folder."""
    for change in changes:
        change(folder)
    git("add", "-A", cwd=folder)
    git("commit", "-m", "changed", cwd=folder)
