"""Any folder, and a full disk: a complete project, or an untouched folder.

A sample of cases; `pytest tests/stress --hypothesis-profile=long` takes hundreds of each kind, and others each time.
"""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.any_folder import (
    THINGS,
    TRIGGER_AND_PACKAGE,
    Contents,
    arguments,
    is_complete,
    is_halfway,
    put_things,
    truncated_files,
    workplace,
)
from tests.support.folders import contents
from tests.support.processes import check_output, posix_only, require_tool, run, run_module, run_unprivileged
from tests.support.waiting import assert_each_seen

pytestmark = [pytest.mark.slow, posix_only]
FLAGS = st.sampled_from([[], ["-f"], ["-f", "-s"]])


def test_any_folder(undisturbed: Callable[..., Contents]) -> None:
    ends: Counter[str] = Counter()

    @given(
        things=THINGS, flags=FLAGS, answers=TRIGGER_AND_PACKAGE, way=st.sampled_from(["answers", "config", "replay"])
    )
    @example({"main.py": "file", "tests": "folder"}, ["-f"], ("http", "localpackage"), "config")
    @example({"localpackage": "link outside"}, ["-f"], ("http", "localpackage"), "answers")
    def each(things: dict[str, str], flags: list[str], answers: tuple[str, str], way: str) -> None:
        with workplace() as (out, project, env):
            words = arguments(out, *answers, *flags)
            if way == "config":
                given = {"trigger": answers[0], "local_package": answers[1]}
                (out.parent / "config.yaml").write_text(json.dumps({"default_context": given}))
                words[-2:] = ["--config-file", out.parent / "config.yaml"]
            if way == "replay":
                check_output(run_module("cookiecutter", *arguments(out.parent / "once", *answers), cwd=out, env=env))
                words = [word for word in words[:-2] if word != "--no-input"] + ["--replay"]
            if things:
                put_things(project, things)
            before, outside = contents(project), contents(out.parent / "outside")
            done = run_unprivileged("cookiecutter", *words, cwd=out, env=env)
            after = contents(project)
            assert contents(out.parent / "outside") == outside and not (out.parent / "nowhere").exists()
            ends["refused" if done.returncode else "made"] += 1
            if done.returncode:
                assert len(done.stdout.splitlines()) == 1, done.stdout
                assert after == before and project.exists() == bool(things)
            else:
                assert is_complete(before, after, undisturbed(*answers), "-s" in flags), (done.stdout, sorted(after))

    each()
    assert_each_seen(ends, "made", "refused")


def test_full_disk(undisturbed: Callable[..., Contents]) -> None:
    require_tool("unshare")
    ends: Counter[str] = Counter()
    # The mount ends with the namespace, so its files are copied out.
    script = (
        'mount -t tmpfs -o size=$1k none "$2" || exit 98; cp -R "$3/." "$2" || exit 99; '
        'out=$2; result=$4; shift 4; "$@"; code=$?; cp -R "$out/." "$result"; exit $code'
    )

    # Many are near the space that the rules require.
    @given(kilobytes=st.integers(4, 4000) | st.integers(950, 1250), mine=st.booleans(), answers=TRIGGER_AND_PACKAGE)
    @example(4000, True, ("pubsub", "localpackage"))
    @example(900, True, ("pubsub", "localpackage"))
    def each(kilobytes: int, mine: bool, answers: tuple[str, str]) -> None:
        with workplace() as (out, project, env):
            if mine:
                put_things(project, {"main.py": "file", "notes.txt": "file"})
            before, laid, result = contents(project), out.parent / "laid", out.parent / "result"
            shutil.copytree(out, laid)
            result.mkdir()
            inside = ("unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh")
            words = arguments(out, *answers, "-f")
            bake = (sys.executable, "-m", "cookiecutter", *words)
            done = run(*inside, str(kilobytes), out, laid, result, *bake, cwd=out.parent, env=env)
            assert done.returncode != 98, done.stdout
            after = contents(result / project.name)
            if done.returncode == 99:
                ends["too small for what was there"] += 1
            elif done.returncode:
                ends["refused"] += 1
                assert len(done.stdout.splitlines()) == 1 and "is full: free 1 MB and" in done.stdout, done.stdout
                assert after == before
            else:
                ends["made"] += 1
                assert is_complete(before, after, undisturbed(*answers), False)

    each()
    assert_each_seen(ends, "made", "refused")


def test_checks_find_incomplete_projects(undisturbed: Callable[..., Contents]) -> None:
    made = undisturbed("pubsub", "localpackage")
    before: Contents = {"notes.txt": ("file", b"mine"), "main.py": ("file", b"mine")}
    right = {**made, "notes.txt": ("file", b"mine")}
    assert is_complete(before, right, made, False)
    files = [name for name, (kind, _) in made.items() if kind == "file"]
    for name in files:
        assert not is_complete(before, {**right, name: ("file", b"x")}, made, False)
        assert not is_complete(before, {other: thing for other, thing in right.items() if other != name}, made, False)
    for change in ({"notes.txt": ("file", b"x")}, {"more.txt": ("file", b"")}):
        assert not is_complete(before, {**right, **change}, made, False)
        assert not is_halfway(before, {**right, **change}, made)
    assert not is_halfway(before, {**right, "main.py": ("file", made["main.py"][1] + b"x")}, made)
    assert truncated_files(before, {**right, "main.py": ("file", b"")}, made) == ["main.py"]
    assert truncated_files(before, {**right, "main.py": before["main.py"]}, made) == []
    assert not is_halfway(before, {**right, "notes.txt": ("folder", b"")}, made)
    linked: Contents = {"README.md": ("link", b"/x/hello-function/kept/0"), "kept/0": ("file", b"mine")}
    assert is_complete(linked, {**made, **linked}, made, True)
    assert not is_complete(linked, {**made, **linked}, made, False)
