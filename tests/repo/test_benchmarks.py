"""What the benchmarks calculate, and whether the page of the last run is of this template."""

import sys
from functools import partial
from pathlib import Path

import pytest

from benchmarks import measure
from tests.support.processes import environment, run
from tests.support.questions import ROOT, TRIGGERS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks need Linux")


def test_the_interval_is_that_of_the_sign_test() -> None:
    """The ranks are those of published tables: 10 and 21 of 30, 1 and 6 of 6; five values are too few."""
    assert measure.interval(range(1, 31)) == (15.5, 10, 21)
    assert measure.interval([6, 1, 5, 2, 4, 3]) == (3.5, 1, 6)
    with pytest.raises(ValueError, match="too few"):
        measure.interval(range(5))


def test_a_ratio_is_of_the_second_to_the_first() -> None:
    assert measure.ratio([(2.0, 3.0)] * 6) == (1.5, 1.5, 1.5)
    assert str(measure.ratio([(1.0, 1.0)] * 6)) == "1.00 (1.00 to 1.00)"


def test_both_take_turns() -> None:
    calls: list[str] = []

    def called(name: str) -> int:
        calls.append(name)
        return len(calls)

    assert measure.pairs(4, partial(called, "a"), partial(called, "b")) == [(3, 4), (6, 5), (7, 8), (10, 9)]
    assert "".join(calls) == "ab" + "abba" * 2


def test_a_process_that_fails_is_not_measured(tmp_path: Path) -> None:
    cost = measure.process([sys.executable, "-c", "x = b'x' * 50_000_000"], tmp_path, environment(tmp_path))
    assert cost.seconds > 0 and 50_000_000 < cost.bytes < 500_000_000
    with pytest.raises(RuntimeError, match="on purpose"):
        measure.process([sys.executable, "-c", "raise SystemExit('on purpose')"], tmp_path, environment(tmp_path))


def test_an_unknown_part_is_refused() -> None:
    done = run(sys.executable, "-m", "benchmarks", "speed", cwd=ROOT, env=environment(ROOT))
    assert done.returncode == 2 and "No such part: speed" in done.stdout


def test_the_page_has_a_row_for_each_trigger() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    first_answer = page.partition("## First answer")[2].partition("\n## ")[0]
    assert [trigger for trigger in TRIGGERS if f"\n| {trigger} |" not in first_answer] == []
