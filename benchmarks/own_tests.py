"""How long the template's own tests take."""

import sys
from pathlib import Path

from benchmarks import measure
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT


def report(work: Path, pairs: int, *options: str) -> str:
    def result(*choice: str) -> str:
        pytest = (sys.executable, "-m", "pytest", "-q", *choice, *options)
        return check_output(run(*pytest, cwd=ROOT, env=environment(work))).splitlines()[-1]

    rows = [("fast", result("-m", "not slow")), ("all", result())]
    return f"## The template's own tests\n\n{measure.table(('part', 'result'), rows)}"
