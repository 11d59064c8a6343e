"""The benchmarks run, and compare what they say they compare."""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import measure, serve
from benchmarks.__main__ import PARTS
from tests.support.locks import ONE_OF_EACH_LOCK
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT, fact
from tests.support.types import Bake, Installed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks need Linux")


def in_turn(calls: list[str], name: str, values: list[float]) -> Callable[[], float]:
    """Return a measurement that notes its name and returns one value after the other."""
    left = iter(values)

    def call() -> float:
        calls.append(name)
        return next(left)

    return call


def test_measurements_take_turns() -> None:
    calls: list[str] = []
    found = measure.compare(in_turn(calls, "a", [9, 1, 2, 4]), in_turn(calls, "b", [9, 2, 4, 8]), 3)
    assert "".join(calls) == "ab" + "ab" + "ba" + "ab"
    assert found == (2, "2.00 (2.00 to 2.00)")


@pytest.mark.parametrize(("pairs", "expected"), [(1, "1.00 (1.00 to 1.00)"), (6, "3.50 (1.00 to 6.00)"), (30, "15.50 (10.00 to 21.00)")])  # fmt: skip
def test_interval_is_that_of_the_sign_test(pairs: int, expected: str) -> None:
    """The ranks are those of published tables: 10 and 21 of 30, 1 and 6 of 6."""
    ratios: list[float] = [1, *range(1, pairs + 1)]
    assert measure.compare(lambda: 1, in_turn([], "b", ratios), pairs) == (1, expected)


def test_failing_command_is_not_measured(tmp_path: Path) -> None:
    assert measure.seconds(tmp_path, sys.executable, "-c", "") > 0
    with pytest.raises(AssertionError, match="on purpose"):
        measure.seconds(tmp_path, sys.executable, "-c", "raise SystemExit('on purpose')")


def rows(section: str) -> int:
    """Return how many rows of a section's tables have a number."""
    return len(re.findall(r"(?m)^\| .*\d", section[section.index("## ") :]))


@pytest.mark.slow
def test_one_part_is_printed(home: Path) -> None:
    page = check_output(
        run(sys.executable, "-m", "benchmarks", "install", "--pairs=1", cwd=ROOT, env=environment(home))
    )
    assert rows(page) == 1 + len(ONE_OF_EACH_LOCK), page


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure each of two things once: the tests above say what `compare` does."""
    monkeypatch.setattr(measure, "compare", lambda baseline, ours, pairs: (baseline(), f"{ours()}"))


@pytest.mark.slow
@pytest.mark.usefixtures("once")
def test_bakes(tmp_path: Path) -> None:
    assert rows(PARTS["bake"](tmp_path, 1)) == 3


@pytest.mark.slow
@pytest.mark.usefixtures("once")
def test_first_answers(monkeypatch: pytest.MonkeyPatch, bake: Bake, installed: Installed, tmp_path: Path) -> None:
    """Of one function for each set of requirements. All environments but the first are there already."""
    monkeypatch.setattr(serve, "TRIGGERS", ONE_OF_EACH_LOCK)
    for trigger in ONE_OF_EACH_LOCK[1:]:
        (tmp_path / f"env-{fact(trigger, 'locks')}").symlink_to(installed(bake(trigger=trigger)).parent)
    assert rows(PARTS["first-answer"](tmp_path, 1)) == len(ONE_OF_EACH_LOCK)


@pytest.mark.slow
@pytest.mark.usefixtures("once")
def test_throughput(monkeypatch: pytest.MonkeyPatch, bake: Bake, installed: Installed, tmp_path: Path) -> None:
    """Of http alone, since wrk and the function each keep a core busy."""
    if not shutil.which("wrk"):
        pytest.skip("wrk is not on this machine")
    monkeypatch.setattr(serve, "CONNECTIONS", {"http": serve.CONNECTIONS["http"]})
    (tmp_path / "env-default").symlink_to(installed(bake()).parent)
    assert rows(PARTS["throughput"](tmp_path, 1)) == 1


@pytest.mark.slow
def test_fleet_is_moved_to_newer_versions(home: Path) -> None:
    """Two functions, one of which conflicts. Older ones would take twice as long; tests/update has those."""
    command = (sys.executable, "-m", "benchmarks.fleet", "2", "--oldest=0.3.0")
    page = check_output(run(*command, cwd=ROOT, env=environment(home)))
    assert re.search(r"(?m)^\| 0\.3\.0 to \S+ \| 2 \| 1 \| 1 \| 0 \| 0 \| 0 \|", page), page
