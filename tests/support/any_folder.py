"""Folders with anything in them, and whether a project in one is complete."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from tests.support.processes import environment
from tests.support.questions import ROOT

Contents = dict[str, tuple[str, bytes]]
# cookiecutter cannot leave these folders out; the hook removes them if they are empty.
PASSING = {"none", "events", ".github", ".github/workflows"}

TRIGGER_AND_PACKAGE = st.tuples(st.sampled_from(["http", "pubsub"]), st.sampled_from(["localpackage", "none"]))
# Paths that may exist before: some of the template's, and others.
PLACES = [
    "main.py", "README.md", "requirements.txt", ".gitignore", "deploy.yaml", "delivery.py", "localpackage", "localpackage/script.py",
    "localpackage/mine.py", "tests", "tests/conftest.py", "tests/test_mine.py", "events", "events/headers.txt", "events/mine.json", ".github",
    ".github/workflows", "none", "none/mine.py", "notes.txt", "docs/guide.md", ".venv/bin/python", ".env", "Pipfile", "sub/setup.py",
]  # fmt: skip
KINDS = ["file", "empty file", "folder", "link inside", "link outside", "link to nowhere", "link to itself",
         "hard link", "pipe", "read-only file", "read-only folder"]  # fmt: skip
THINGS = st.dictionaries(st.sampled_from(PLACES), st.sampled_from(KINDS), max_size=5)


def put_things(folder: Path, things: dict[str, str]) -> None:
    """Put things into a folder; skip those that conflict with what is already there."""
    (folder / "kept").mkdir(parents=True)
    (folder.parent / "outside").mkdir()
    shut = []
    for number, (name, kind) in enumerate(things.items()):
        place = folder / name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError, OSError):
            continue
        if os.path.lexists(place) or folder not in place.parent.resolve().parents and place.parent.resolve() != folder:
            continue
        mine = folder / "kept" / str(number)
        mine.write_text(f"kept {number}")
        if kind in ("folder", "read-only folder"):
            place.mkdir()
        elif kind == "pipe":
            os.mkfifo(place)
        elif kind == "hard link":
            place.hardlink_to(mine)
        elif kind.startswith("link"):
            ends = {"link inside": mine, "link outside": folder.parent / "outside", "link to itself": place}
            place.symlink_to(ends.get(kind, folder.parent / "nowhere"))
        else:
            place.write_text("" if kind == "empty file" else f"mine {number}")
        if kind.startswith("read-only"):
            shut.append(place)
    for place in shut:
        place.chmod(0o555 if place.is_dir() else 0o444)


def arguments(out: Path, trigger: str, package: str, *flags: str) -> list[str | Path]:
    """Return cookiecutter's arguments that bake a function into a folder."""
    answers = (f"trigger={trigger}", f"local_package={package}")
    return [ROOT, "--no-input", "-o", out, *flags, *answers]


@contextmanager
def workplace() -> Iterator[tuple[Path, Path, dict[str, str]]]:
    """Yield an output folder, the path of the function in it, and an environment with a home."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "out").mkdir()
        (folder / "home").mkdir()
        yield folder / "out", folder / "out" / "hello-function", environment(folder / "home")


def is_complete(before: Contents, after: Contents, made: Contents, kept: bool) -> bool:
    """Whether a folder holds all that is baked and, besides, only what it held before."""
    ends: set[str] = set()
    for name, (kind, raw) in made.items():
        if kind == "folder":
            right = name in after
        elif name not in before:
            right = after.get(name) == (kind, raw)
        elif before[name][0] == "link":
            # The file that it leads to is written instead.
            end = before[name][1].decode().partition("hello-function/")[2]
            ends.add(end)
            right = after.get(name) == before[name] and after.get(end) == (before[end] if kept else (kind, raw))
        else:
            right = after.get(name) == (before[name] if kept else (kind, raw))
        if not right:
            return False
    others = before.keys() | after.keys()
    return all(before.get(name) == after.get(name) for name in others - made.keys() - ends - PASSING)


def is_halfway(before: Contents, after: Contents, made: Contents) -> bool:
    """Whether each file is as before, as baked or a beginning of that, and everything else is as before."""
    for name in before.keys() | after.keys():
        was, now = before.get(name), after.get(name)
        begun = name in made and now and now[0] == "file" and made[name][1].startswith(now[1])
        folder = (name in made or name in PASSING) and now in (None, ("folder", b""))
        if now != was and not begun and not (folder and was in (None, ("folder", b""))):
            return False
    return True


def truncated_files(before: Contents, after: Contents, made: Contents) -> list[str]:
    """Return the files that are neither as before nor as baked."""
    return [name for name, now in after.items() if now[0] == "file" and now not in (before.get(name), made.get(name))]
