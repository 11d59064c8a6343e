"""How it is measured: whole processes, in interleaved pairs; of the ratios the median, with an interval."""

import json
import math
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT

T = TypeVar("T")


class Cost(NamedTuple):
    """What a process took: `seconds` by the clock, and at its peak so many `bytes` of memory."""

    seconds: float
    bytes: int


class Interval(NamedTuple):
    """A median with its 95 per cent confidence interval."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def process(command: Sequence[str | Path], folder: Path, env: Mapping[str, str]) -> Cost:
    """Run a command to its end, its output into a file `output` of `folder`; raise RuntimeError if it fails.

    Its memory is the most that it, or a process that it waited for, has had.
    """
    launcher = (sys.executable, "-S", Path(__file__).with_name("launch.py"), folder / "cost")
    with (folder / "output").open("wb") as output:
        subprocess.run([*launcher, *command], cwd=folder, env=env, stdout=output, stderr=output, check=True)
    code, seconds, peak = json.loads((folder / "cost").read_text())
    if code:
        raise RuntimeError(f"{command} exited with {code}:\n{(folder / 'output').read_text('utf-8')}")
    return Cost(seconds, peak)


def pairs(number: int, first: Callable[[], T], second: Callable[[], T]) -> list[tuple[T, T]]:
    """Call both so many times, taking turns in who begins; return the pairs. One call each before is not counted."""
    first(), second()
    found = []
    for turn in range(number):
        if turn % 2:
            late, early = second(), first()
        else:
            early, late = first(), second()
        found.append((early, late))
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def interval(values: Iterable[float]) -> Interval:
    """Return the median of some values and its interval, by their order alone (the sign test's): six at least."""
    ordered = sorted(values)
    number = len(ordered)
    tail, below = 0.0, 0
    while (tail := tail + math.comb(number, below) / 2**number) <= 0.025:
        below += 1
    if not below:
        raise ValueError(f"{number} values are too few for an interval of 95 per cent")
    return Interval(statistics.median(ordered), ordered[below - 1], ordered[number - below])


def ratio(measured: Iterable[tuple[float, float]]) -> Interval:
    """Return by how much the second of each pair is more than the first."""
    return interval(second / first for first, second in measured)


def installed(folder: Path, *requirements: str | Path) -> Path:
    """Return the scripts of a new environment in which requirements (as pip takes them) are installed and compiled."""
    env = environment(folder.parent)
    uv = (sys.executable, "-m", "uv")
    check_output(run(*uv, "venv", "--quiet", "--python", sys.executable, folder, cwd=folder.parent, env=env))
    into = ("--quiet", "--compile-bytecode", "--python", folder)
    check_output(run(*uv, "pip", "install", *into, *requirements, cwd=folder.parent, env=env))
    return folder / "bin"


def bake(folder: Path, **answers: str) -> Path:
    """Make a project in a folder that is there; return it."""
    said = [f"{name}={answer}" for name, answer in answers.items()]
    cookiecutter = (sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "--output-dir", folder)
    check_output(run(*cookiecutter, *said, cwd=folder, env=environment(folder)))
    return folder / answers.get("function_name", "hello-function")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"
