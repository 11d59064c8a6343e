"""A run that ends at any moment, and two at once: whole files, and a project that the next run completes.

A sample of cases; `pytest tests/stress --hypothesis-profile=long` takes hundreds of each kind, and others each time.
What cookiecutter itself leaves behind is in docs/limits.md.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.any_folder import (
    PASSING,
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
from tests.support.processes import ask, check_output, fork, has_ended, posix_only, run_module
from tests.support.questions import ROOT, SKELETON
from tests.support.waiting import assert_each_seen, until

pytestmark = [pytest.mark.slow, posix_only]
MOMENT = ROOT / "tests" / "stress" / "moment"
# At most: a run makes or opens each path of a project, removes some, and starts Python twice.
MOST = len(list(SKELETON.rglob("*"))) + len(PASSING) + 4


def acting_at(number: int, calls: int, act: str, out: Path, env: dict[str, str]) -> dict[str, str]:
    """Return an environment in which moment/act.py acts at a moment; moment 0 never comes."""
    moment = (f"{out}{os.sep}", str(out.parent / "counted"), str(number), str(calls), act)
    return {**env, "MOMENT": "\n".join(moment)}


def test_interrupted_run(undisturbed: Callable[..., Contents]) -> None:
    """An interrupted run leaves whole files and at most one partial one; the next run with -f completes the project."""
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
    # A file is open, and nothing is written yet.
    @example(12, 4, signal.SIGKILL, True, ("http", "localpackage"))
    @example(0, 0, signal.SIGKILL, True, ("pubsub", "localpackage"))
    def each(number: int, calls: int, how: signal.Signals, mine: bool, answers: tuple[str, str]) -> None:
        with workplace() as (out, project, env):
            if mine:
                put_things(project, {"main.py": "file", "localpackage/script.py": "file", "notes.txt": "file"})
            before, made = contents(project), undisturbed(*answers)
            words = arguments(out, *answers, "-f")
            acting, output = acting_at(number, calls, str(int(how)), out, env), out.parent / "output"
            os.mkfifo(output)
            first = fork(["act", *map(str, words)], MOMENT, acting, Path(os.devnull), output, sys.executable, (), True)
            # Its hook may outlive it. The output ends with the last of them.
            said = output.read_text()
            code = ask(first, sys.executable)
            moments = (out.parent / "counted").stat().st_size
            there = contents(project)
            whole, cut = is_complete(before, there, made, False), truncated_files(before, there, made)
            assert moments <= MOST and (0 < number <= moments if code else whole), (code, said)
            assert is_halfway(before, there, made) and len(cut) <= 1, cut
            ends["untouched" if there == before else "complete" if whole else "half made"] += 1
            ends["cut short"] += len(cut)
            check_output(run_module("cookiecutter", *words, cwd=out, env=env))
            assert is_complete(before, contents(project), made, False)

    each()
    assert_each_seen(ends, "untouched", "half made", "cut short", "complete")


# With -f, the hook of one may remove an empty folder that the other has just made: docs/limits.md.
TIDIED_AWAY = ("IsADirectoryError", "FileNotFoundError", "NotADirectoryError", "TemplateNotFound")


def test_two_at_once(undisturbed: Callable[..., Contents]) -> None:
    """One run halts at any moment, another runs to its end, and the first goes on."""
    ends: Counter[str] = Counter()

    @given(number=st.integers(0, MOST), force=st.booleans(), answers=TRIGGER_AND_PACKAGE)
    # Before it looks for the folder, before it makes it, and while it writes.
    @example(1, False, ("http", "none"))
    @example(12, False, ("http", "none"))
    @example(2, True, ("http", "none"))
    @example(12, True, ("http", "none"))
    def each(number: int, force: bool, answers: tuple[str, str]) -> None:
        with workplace() as (out, project, env):
            words = arguments(out, *answers, *(["-f"] if force else []))
            stdin, output = out.parent / "stdin", out.parent / "output"
            os.mkfifo(stdin)
            output.touch()
            acting = acting_at(number, 0, "halt", out, env)
            first = fork(["act", *map(str, words)], MOMENT, acting, stdin, output, sys.executable, (), True)
            with stdin.open("w") as answer:
                until(lambda: "halted\n" in output.read_text() or has_ended(psutil.Process(first)), output.read_text)
                second = run_module("cookiecutter", *words, cwd=out, env=env)
                if not has_ended(psutil.Process(first)):
                    answer.write("go on\n")
            codes, said = [ask(first, sys.executable), second.returncode], output.read_text()
            ends[f"{'with -f' if force else 'without'}: {codes}"] += 1
            assert 0 in codes, (said, second)
            known = TIDIED_AWAY if force else ("already exists", *TIDIED_AWAY)
            for code, words_said in zip(codes, (said, second.stdout), strict=True):
                assert not code or any(error in words_said for error in known), words_said
            assert is_complete({}, contents(project), undisturbed(*answers), False)

    each()
    assert_each_seen(ends, "with -f: [0, 0]", "with -f: [1, 0]", "without: [0, 1]", "without: [1, 0]")
