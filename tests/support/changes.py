"""Changes that a user makes to a project, beyond those in folders.py."""

import shutil
from pathlib import Path

from tests.support.folders import append
from tests.support.processes import git
from tests.support.types import Change


def together(*changes: Change) -> Change:
    """Return a change that makes several, one after the other."""
    return lambda project: [change(project) for change in changes]


def package(name: str, *more: str) -> Change:
    """Return a change that adds a package, and more empty files to it."""
    return together(*(append(f"{name}/{file}", "") for file in ("__init__.py", *more)))


def drop(name: str, start: str) -> Change:
    """Return a change that takes the lines with this start out of a file."""

    def change(project: Path) -> None:
        lines = (project / name).read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(start)]
        assert kept != lines
        (project / name).write_text("".join(kept), "utf-8")

    return change


def delete(name: str) -> Change:
    return lambda project: (project / name).unlink()


def rename(old: str, new: str) -> Change:
    return lambda project: (project / old).rename(project / new)


def encode(name: str, encoding: str) -> Change:
    """Return a change that keeps a file's text and writes it in another encoding."""

    def change(project: Path) -> None:
        raw = (project / name).read_bytes()
        text = raw.decode("utf-16" if raw.startswith(b"\xff\xfe") else "utf-8")
        (project / name).write_bytes(text.encode(encoding))

    return change


def link(project: Path) -> None:
    """Share a package by a link, as one would do it on one's own machine."""
    package("shared/ourlib")(project.parent)
    (project / "ourlib").symlink_to(project.parent / "shared" / "ourlib")


def copy(project: Path) -> None:
    """Share it by a copy, instead of the link if there is one."""
    (project / "ourlib").unlink(missing_ok=True)
    shutil.copytree(project.parent / "shared" / "ourlib", project / "ourlib")


def in_main(code: str) -> Change:
    """Return a change that adds a function with some code to main.py; it is never called."""
    return append("main.py", f"\n\ndef more() -> object:\n    {code}\n")


def track(*names: str) -> Change:
    """Return a change that puts files into git, whatever .gitignore says."""

    def change(project: Path) -> None:
        git("init", cwd=project)
        for name in names:
            append(name, "x = 1\n")(project)
            git("add", "--force", name, cwd=project)

    return change
