"""Our own tests: how long the fast part takes, and all of it."""

import os
import re
import sys
from pathlib import Path

from benchmarks import measure
from tests.support.questions import ROOT


def report(work: Path) -> str:
    """Return this section of the page; `work` is an empty folder."""
    rows = []
    parts: list[tuple[str, int, tuple[str, ...]]] = [("fast", 60, ("-m", "not slow")), ("all", 900, ())]
    for name, limit, options in parts:
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-c",
            ROOT / "pyproject.toml",
            ROOT / "tests",
        ]
        seconds = measure.process([*command, *options], work, os.environ).seconds
        last = (work / "output").read_text("utf-8").splitlines()[-1]
        rows.append((name, f"{seconds:.0f} s", f"{limit} s", re.sub(r" in .*", "", last)))
    return f"## Our own tests\n\n{measure.table(('part', 'takes', 'may take', 'of them'), rows)}"
