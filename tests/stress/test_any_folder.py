"""Any folder, an end at any moment, a full disk, two at once: a complete project, or an untouched folder.

A sample of cases; `pytest tests/stress --hypothesis-profile=long` takes hundreds of each kind, and others each time.
What cookiecutter itself leaves behind is in docs/limits.md.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.folders import contents
from tests.support.processes import as_a_person, check_output, environment, posix_only, require_tool, run, run_module
from tests.support.questions import ROOT, SKELETON
from tests.support.waiting import all_of

pytestmark = [pytest.mark.slow, posix_only]
Contents = dict[str, tuple[str, bytes]]
# Folders that cookiecutter cannot leave out; the hook removes them if they are empty.
PASSING = {"none", "events", ".github", ".github/workflows"}

TRIGGER_AND_PACKAGE = st.tuples(st.sampled_from(["http", "pubsub"]), st.sampled_from(["localpackage", "none"]))
# Where something may be already: places that the template makes, and others.
PLACES = [
    "main.py", "README.md", "requirements.txt", ".gitignore", "deploy.yaml", "delivery.py", "localpackage", "localpackage/script.py",
    "localpackage/mine.py", "tests", "tests/conftest.py", "tests/test_mine.py", "events", "events/headers.txt", "events/mine.json", ".github",
    ".github/workflows", "none", "none/mine.py", "notes.txt", "docs/guide.md", ".venv/bin/python", ".env", "Pipfile", "sub/setup.py",
]  # fmt: skip
KINDS = ["file", "empty file", "folder", "link inside", "link outside", "link to nowhere", "link to itself",
         "pipe", "read-only file", "read-only folder"]  # fmt: skip
THINGS = st.dictionaries(st.sampled_from(PLACES), st.sampled_from(KINDS), max_size=5)
FLAGS = st.sampled_from([[], ["-f"], ["-f", "-s"]])


def lay(folder: Path, things: dict[str, str]) -> None:
    """Put things into a folder; pass over what does not fit to what is there already."""
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
        elif kind.startswith("link"):
            ends = {"link inside": mine, "link outside": folder.parent / "outside", "link to itself": place}
            place.symlink_to(ends.get(kind, folder.parent / "nowhere"))
        else:
            place.write_text("" if kind == "empty file" else f"mine {number}")
        if kind.startswith("read-only"):
            shut.append(place)
    for place in shut:
        place.chmod(0o555 if place.is_dir() else 0o444)


def command(out: Path, trigger: str, package: str, *flags: str) -> list[Any]:
    """Return the command that makes a function in a folder."""
    answers = (f"trigger={trigger}", f"local_package={package}")
    return [sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "-o", out, *flags, *answers]


@contextmanager
def workplace() -> Iterator[tuple[Path, Path, dict[str, str]]]:
    """Yield a folder for projects, the place of the function in it, and an environment with a home."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "out").mkdir()
        (folder / "home").mkdir()
        yield folder / "out", folder / "out" / "hello-function", environment(folder / "home")


@pytest.fixture(scope="module")
def reference() -> Callable[[str, str], Contents]:
    """Return what comes out of some answers in an empty folder, where no test has run anything."""

    @cache
    def reference(trigger: str, package: str) -> Contents:
        with workplace() as (out, project, env):
            check_output(run_module(*command(out, trigger, package)[2:], cwd=out, env=env))
            return contents(project)

    return reference


def complete(before: Contents, after: Contents, made: Contents, kept: bool) -> bool:
    """Whether all that is made is in a folder, and besides only what was there before."""
    ends: set[str] = set()
    for name, (kind, raw) in made.items():
        if kind == "folder":
            right = name in after
        elif name not in before:
            right = after.get(name) == (kind, raw)
        elif before[name][0] == "link":
            # It leads to a file of its owner's in the folder, which is written instead.
            end = before[name][1].decode().partition("hello-function/")[2]
            ends.add(end)
            right = after.get(name) == before[name] and after.get(end) == (before[end] if kept else (kind, raw))
        else:
            right = after.get(name) == (before[name] if kept else (kind, raw))
        if not right:
            return False
    others = before.keys() | after.keys()
    return all(before.get(name) == after.get(name) for name in others - made.keys() - ends - PASSING)


def test_any_folder(reference: Callable[..., Contents]) -> None:
    ends: Counter[str] = Counter()

    @given(
        things=THINGS, flags=FLAGS, answers=TRIGGER_AND_PACKAGE, way=st.sampled_from(["answers", "config", "replay"])
    )
    @example({"main.py": "file", "tests": "folder"}, ["-f"], ("http", "localpackage"), "config")
    @example({"localpackage": "link outside"}, ["-f"], ("http", "localpackage"), "answers")
    def each(things: dict[str, str], flags: list[str], answers: tuple[str, str], way: str) -> None:
        with workplace() as (out, project, env):
            words = command(out, *answers, *flags)
            if way == "config":
                given = {"trigger": answers[0], "local_package": answers[1]}
                (out.parent / "config.yaml").write_text(json.dumps({"default_context": given}))
                words[-2:] = ["--config-file", out.parent / "config.yaml"]
            if way == "replay":
                check_output(run_module(*command(out.parent / "once", *answers)[2:], cwd=out, env=env))
                words = [word for word in words[:-2] if word != "--no-input"] + ["--replay"]
            if things:
                lay(project, things)
            before, outside = contents(project), contents(out.parent / "outside")
            done = run(*as_a_person(*words), cwd=out, env=env)
            after = contents(project)
            assert contents(out.parent / "outside") == outside and not (out.parent / "nowhere").exists()
            ends["refused" if done.returncode else "made"] += 1
            if done.returncode:
                assert len(done.stdout.splitlines()) == 1, done.stdout
                assert after == before and project.exists() == bool(things)
            else:
                assert complete(before, after, reference(*answers), "-s" in flags), (done.stdout, sorted(after))

    each()
    all_of(ends, "made", "refused")


def halfway(before: Contents, after: Contents, made: Contents) -> bool:
    """Whether each file is as it was, as it is made, or the beginning of that; and what is not made is as it was."""
    for name in before.keys() | after.keys():
        was, now = before.get(name), after.get(name)
        begun = name in made and now and now[0] == "file" and made[name][1].startswith(now[1])
        folder = (name in made or name in PASSING) and now in (None, ("folder", b""))
        if now != was and not begun and not (folder and was in (None, ("folder", b""))):
            return False
    return True


def cut_short(before: Contents, after: Contents, made: Contents) -> list[str]:
    """Return the files that are neither as they were nor as they are made."""
    return [name for name, now in after.items() if now[0] == "file" and now not in (before.get(name), made.get(name))]


# As many as a run can have: it makes or opens each path of a project, removes some, and Python starts twice.
MOST = len(list(SKELETON.rglob("*"))) + len(PASSING) + 4


def at(number: int, calls: int, act: str, out: Path, env: dict[str, str]) -> dict[str, str]:
    """Return an environment in which a run acts at a moment (moment/sitecustomize.py), of which 0 never comes."""
    moment = (f"{out}{os.sep}", str(out.parent / "counted"), str(number), str(calls), act)
    return {**env, "PYTHONPATH": str(ROOT / "tests" / "stress" / "moment"), "MOMENT": "\n".join(moment)}


def test_an_end_at_any_moment(reference: Callable[..., Contents]) -> None:
    """An interrupted run leaves whole files and one that is being written; the next with -f makes the project complete."""
    ends: Counter[str] = Counter()

    @given(
        number=st.integers(0, MOST),
        calls=st.integers(0, 12),
        how=st.sampled_from([signal.SIGINT, signal.SIGKILL]),
        mine=st.booleans(),
        answers=TRIGGER_AND_PACKAGE,
    )
    @example(1, 0, signal.SIGINT, True, ("pubsub", "none"))
    @example(12, 0, signal.SIGINT, False, ("http", "none"))
    # A file that is opened, and nothing written yet.
    @example(12, 4, signal.SIGKILL, True, ("http", "localpackage"))
    @example(0, 0, signal.SIGKILL, True, ("pubsub", "localpackage"))
    def each(number: int, calls: int, how: signal.Signals, mine: bool, answers: tuple[str, str]) -> None:
        with workplace() as (out, project, env):
            if mine:
                lay(project, {"main.py": "file", "localpackage/script.py": "file", "notes.txt": "file"})
            before, made = contents(project), reference(*answers)
            words = command(out, *answers, "-f")
            ended = subprocess.run(
                words, cwd=out, env=at(number, calls, str(int(how)), out, env), start_new_session=True,
                text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            moments = (out.parent / "counted").stat().st_size
            there = contents(project)
            whole, cut = complete(before, there, made, False), cut_short(before, there, made)
            assert moments <= MOST and (0 < number <= moments if ended.returncode else whole), ended
            assert halfway(before, there, made) and len(cut) <= 1, cut
            ends["untouched" if there == before else "complete" if whole else "half made"] += 1
            ends["cut short"] += len(cut)
            check_output(run_module(*words[2:], cwd=out, env=env))
            assert complete(before, contents(project), made, False)

    each()
    all_of(ends, "untouched", "half made", "cut short", "complete")


def test_a_full_disk(reference: Callable[..., Contents]) -> None:
    require_tool("unshare")
    ends: Counter[str] = Counter()
    # What is mounted is gone with the namespace, so it is copied out of it.
    script = (
        'mount -t tmpfs -o size=$1k none "$2" || exit 98; cp -R "$3/." "$2" || exit 99; '
        'out=$2; result=$4; shift 4; "$@"; code=$?; cp -R "$out/." "$result"; exit $code'
    )

    # What is asked for, and a little more, is not too rarely among them.
    @given(kilobytes=st.integers(4, 4000) | st.integers(950, 1250), mine=st.booleans(), answers=TRIGGER_AND_PACKAGE)
    @example(4000, True, ("pubsub", "localpackage"))
    @example(900, True, ("pubsub", "localpackage"))
    def each(kilobytes: int, mine: bool, answers: tuple[str, str]) -> None:
        with workplace() as (out, project, env):
            if mine:
                lay(project, {"main.py": "file", "notes.txt": "file"})
            before, laid, result = contents(project), out.parent / "laid", out.parent / "result"
            shutil.copytree(out, laid)
            result.mkdir()
            inside = ("unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh")
            words = command(out, *answers, "-f")
            done = run(*inside, str(kilobytes), out, laid, result, *words, cwd=out.parent, env=env)
            assert done.returncode != 98, done.stdout
            after = contents(result / project.name)
            if done.returncode == 99:
                ends["too small for what was there"] += 1
            elif done.returncode:
                ends["refused"] += 1
                assert len(done.stdout.splitlines()) == 1 and "is full" in done.stdout, done.stdout
                assert after == before
            else:
                ends["made"] += 1
                assert complete(before, after, reference(*answers), False)

    each()
    all_of(ends, "made", "refused")


# With -f, the hook of one may remove an empty folder that the other has just made: docs/limits.md.
TIDIED_AWAY = ("IsADirectoryError", "FileNotFoundError", "NotADirectoryError", "TemplateNotFound")


def test_two_at_once(reference: Callable[..., Contents]) -> None:
    """One halts at any moment, another runs to its end, and the first goes on."""
    ends: Counter[str] = Counter()

    @given(number=st.integers(0, MOST), force=st.booleans(), answers=TRIGGER_AND_PACKAGE)
    # Before it has looked for the folder, before it makes one, and as it writes.
    @example(1, False, ("http", "none"))
    @example(12, False, ("http", "none"))
    @example(2, True, ("http", "none"))
    @example(12, True, ("http", "none"))
    def each(number: int, force: bool, answers: tuple[str, str]) -> None:
        with workplace() as (out, project, env):
            words = command(out, *answers, *(["-f"] if force else []))
            first = subprocess.Popen(
                words, cwd=out, env=at(number, 0, "halt", out, env), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            assert first.stdout
            halted = "halted\n" in first.stdout
            second = run_module(*words[2:], cwd=out, env=env)
            said, _ = first.communicate("go on\n" if halted else None)
            codes = [first.returncode, second.returncode]
            ends[f"{'with -f' if force else 'without'}: {codes}"] += 1
            assert 0 in codes, (said, second)
            known = TIDIED_AWAY if force else ("already exists", *TIDIED_AWAY)
            for code, words_said in zip(codes, (said, second.stdout), strict=True):
                assert not code or any(error in words_said for error in known), words_said
            assert complete({}, contents(project), reference(*answers), False)

    each()
    all_of(ends, "with -f: [0, 0]", "with -f: [1, 0]", "without: [0, 1]", "without: [1, 0]")


def test_what_is_not_complete_is_seen(reference: Callable[..., Contents]) -> None:
    made = reference("pubsub", "localpackage")
    before: Contents = {"notes.txt": ("file", b"mine"), "main.py": ("file", b"mine")}
    right = {**made, "notes.txt": ("file", b"mine")}
    assert complete(before, right, made, False)
    files = [name for name, (kind, _) in made.items() if kind == "file"]
    for name in files:
        assert not complete(before, {**right, name: ("file", b"x")}, made, False)
        assert not complete(before, {other: thing for other, thing in right.items() if other != name}, made, False)
    for change in ({"notes.txt": ("file", b"x")}, {"more.txt": ("file", b"")}):
        assert not complete(before, {**right, **change}, made, False)
        assert not halfway(before, {**right, **change}, made)
    assert not halfway(before, {**right, "main.py": ("file", made["main.py"][1] + b"x")}, made)
    assert cut_short(before, {**right, "main.py": ("file", b"")}, made) == ["main.py"]
    assert cut_short(before, {**right, "main.py": before["main.py"]}, made) == []
    assert not halfway(before, {**right, "notes.txt": ("folder", b"")}, made)
    linked: Contents = {"README.md": ("link", b"/x/hello-function/kept/0"), "kept/0": ("file", b"mine")}
    assert complete(linked, {**made, **linked}, made, True)
    assert not complete(linked, {**made, **linked}, made, False)
