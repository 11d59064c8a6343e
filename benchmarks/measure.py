"""What the parts share: comparisons, timed commands, projects, environments and tables."""

import math
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT

COOKIECUTTER = (sys.executable, "-m", "cookiecutter", "--no-input")
UV = (sys.executable, "-m", "uv", "--quiet")


def compare(baseline: Callable[[], float], ours: Callable[[], float], pairs: int) -> tuple[float, str]:
    """Return the baseline's median, and the median ratio of ours to it with its 95 per cent interval (sign test).

    They take turns, and also take turns at going first. One run of each before the first pair is not counted.
    """
    baseline(), ours()
    bases, ratios = [], []
    for turn in range(pairs):
        order = -1 if turn % 2 else 1
        base, own = [measure() for measure in (baseline, ours)[::order]][::order]
        bases.append(base)
        ratios.append(own / base)
    ratios.sort()
    rank = int((pairs - 1.96 * math.sqrt(pairs)) / 2)
    return statistics.median(bases), f"{statistics.median(ratios):.2f} ({ratios[rank]:.2f} to {ratios[-1 - rank]:.2f})"


def seconds(folder: Path, *command: str | Path) -> float:
    """Run a command with a folder as its home and working directory; return the seconds that it takes."""
    start = time.perf_counter()
    check_output(run(*command, cwd=folder, env=environment(folder)))
    return time.perf_counter() - start


def bake(folder: Path, *answers: str) -> Path:
    """Bake a project into a new folder and return it."""
    folder.mkdir()
    seconds(folder, *COOKIECUTTER, ROOT, *answers)
    return folder / "hello-function"


def table(head: Iterable[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"
