"""Install: what each lock installs, against functions-framework alone."""

from collections import defaultdict
from pathlib import Path

from benchmarks import measure
from tests.support.questions import ROOT, TRIGGERS, fact


def size(folder: Path, *requirements: str | Path) -> tuple[int, str]:
    """Install requirements into a new folder; return the number of distributions, and their size on disk."""
    measure.seconds(folder.parent, *measure.UV, "pip", "install", "--target", folder, *requirements)
    files = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(list(folder.glob("*.dist-info"))), f"{sum(files) / 1e6:.1f} MB"


def report(work: Path, pairs: int) -> str:
    locks: defaultdict[str, list[str]] = defaultdict(list)
    for trigger in TRIGGERS:
        locks[fact(trigger, "locks")].append(trigger)
    rows = [("functions-framework alone", *size(work / "alone", "functions-framework<4"))]
    for name, triggers in locks.items():
        lock = ROOT / "templates" / "locks" / name / "requirements.txt"
        rows.append((", ".join(triggers), *size(work / name, "-r", lock)))
    table = measure.table(("functions", "distributions", "size"), rows)
    return f"## Install\n\nWhat each trigger's locks install in the cloud:\n\n{table}"
