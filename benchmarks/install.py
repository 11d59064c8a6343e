"""Install: wheels, bytes and seconds of each lock against functions-framework alone."""

import json
import shutil
from collections import defaultdict
from functools import partial
from pathlib import Path

from benchmarks import measure
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT, TRIGGERS

PAIRS = 8


def fetched(pip: Path, folder: Path, *requirements: str | Path) -> tuple[int, int]:
    """Fetch wheels into a folder; return how many, and their bytes."""
    folder.mkdir()
    download = (pip, "download", "--quiet", "--only-binary=:all:", "--dest", folder)
    check_output(run(*download, *requirements, cwd=folder, env=environment(folder)))
    wheels = list(folder.glob("*.whl"))
    return len(wheels), sum(wheel.stat().st_size for wheel in wheels)


def installing(pip: Path, work: Path, wheels: Path) -> float:
    """Return the seconds in which pip installs all that is in a folder, as Google's builder does, from disk."""
    target = work / "target"
    shutil.rmtree(target, ignore_errors=True)
    command: list[str | Path] = [pip, "install", "--quiet", "--no-deps", "--target", target, *wheels.glob("*.whl")]
    return measure.process(command, work, environment(work)).seconds


def report(work: Path) -> str:
    """Return this section of the page; `work` is an empty folder."""
    locks: defaultdict[str, list[str]] = defaultdict(list)
    for trigger in TRIGGERS:
        facts = json.loads((ROOT / "templates" / trigger / "trigger.json").read_text("utf-8"))
        locks[facts["locks"]].append(trigger)
    pip = measure.installed(work / "pip-env", "pip") / "pip"
    alone = work / "alone"
    number, size = fetched(pip, alone, "functions-framework<4")
    rows: list[tuple[object, ...]] = [("functions-framework alone", number, f"{size / 1e6:.1f} MB", "1")]
    for name, triggers in locks.items():
        wheels = work / f"wheels-{triggers[0]}"
        number, size = fetched(pip, wheels, "-r", ROOT / "templates" / "locks" / name / "requirements.txt")
        found = measure.pairs(PAIRS, partial(installing, pip, work, alone), partial(installing, pip, work, wheels))
        rows.append((", ".join(triggers), number, f"{size / 1e6:.1f} MB", measure.ratio(found)))
    return f"## Install\n\n{measure.table(('lock of', 'wheels', 'bytes', 'times as long'), rows)}"
