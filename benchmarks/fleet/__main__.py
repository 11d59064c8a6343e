"""Make many functions of an old version, and move them over each newer one by the workflow of docs/fleet-updates.md."""

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import date
from itertools import cycle, repeat, zip_longest
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.fleet.edits import EDITS, REASONS, is_kept
from benchmarks.fleet.moves import Fleet, say
from benchmarks.fleet.step import Step
from tests.support.fleet import function_name

PAGE = """# A fleet of {functions} functions

`nice uv run python -m benchmarks.fleet {functions} --repositories {repositories} > docs/fleet-benchmark.md`
wrote this page on {today}. Machine: {cores} cores, {machine}, Python {python}.

The script makes functions of version {oldest}, of each trigger that it had, and edits {edited} of them as users do. For
each newer version it runs both jobs of [the workflow](fleet-updates.md) against a bare remote, with a fake `gh`.
Then it plays the team: it merges each pull request that is ready, resolves the conflicts of each draft by rules, runs
that function's tests, and merges it too. It fails if a function is neither on the newest version nor named by the run.

0.1.0 was never released: it is the first commit whose updates keep `main.py`. The last version is today's `main`,
released as the last number in the table, for this run alone.

{table}
A function is left behind if its tests still fail once the conflicts are resolved. The times are medians of one
function's cruft, git and tests. On a busy machine, the time is longer than the CPU time. Time grows with the number of
functions and no faster if the first and the last quarter of a repository take the same. Memory is that of all processes
of a repository at once.

{ended} of {repositories} repositories reached the last version. In each, the workflow ran once more and changed
nothing, in at most {again:.0f} seconds. All edits were still there, except those in `cloud_logging.py`, which got the
template's lines.

## What became a draft

{drafts}"""

HEAD = (
    "version", "functions", "updated at once", "conflicts", "red guards", "red tests", "left behind", "time each",
    "CPU time each", "first quarter", "last quarter", "most CPU time", "memory",
)  # fmt: skip
UNKNOWN = "NO REASON IS KNOWN"


def row(steps: list[Step]) -> list[object]:
    """Return the row of one version, from the steps of each repository."""
    drafts = [kind for step in steps for kind, _ in step.drafts.values()]
    at_once, left = sum(step.at_once for step in steps), sum(len(step.left) for step in steps)
    quarters = [max(len(step.cpu) // 4, 1) for step in steps]
    timed = [
        [second for step in steps for second in step.seconds],
        every := [second for step in steps for second in step.cpu],
        [second for step, part in zip(steps, quarters, strict=True) for second in step.cpu[:part]],
        [second for step, part in zip(steps, quarters, strict=True) for second in step.cpu[-part:]],
    ]
    return [
        steps[0].versions, at_once + len(drafts), at_once, *map(drafts.count, ("conflict", "red guard", "red tests")),
        left, *(f"{statistics.median(some):.1f} s" for some in timed), f"{max(every):.1f} s",
        f"{max(step.memory for step in steps):.0f} MB",
    ]  # fmt: skip


def page(parts: dict[Path, list[str]], edits: dict[str, str], oldest: str) -> str:
    """Return the page, from what each repository has done with its functions of the oldest version."""
    files = {folder: folder / "steps.json" for folder in parts}
    done = {folder: json.loads(file.read_text()) for folder, file in files.items() if file.exists()}
    columns = zip_longest(*(one["steps"] for one in done.values()))
    versions = [[Step(**step) for step in steps if step] for steps in columns]
    drafts = Counter(
        (edits.get(name, "none"), step.versions, *draft)
        for steps in versions
        for step in steps
        for name, draft in step.drafts.items()
    )
    ended = [folder for folder, one in done.items() if "idle" in one]
    edited = Counter(edits[name] for folder in ended for name in parts[folder] if name in edits)
    rows: list[tuple[object, ...]] = [
        (kind, edited[kind], times, step, why, REASONS.get(kind, UNKNOWN), how)
        for (kind, step, why, how), times in sorted(drafts.items())
    ]
    rows += [(kind, times, 0, "", "", "", "") for kind, times in edited.items() if kind not in {row[0] for row in rows}]
    return PAGE.format(
        oldest=oldest,
        functions=sum(map(len, parts.values())), edited=len(edits), repositories=len(parts), today=date.today(),
        cores=os.cpu_count(), machine=platform.platform(), python=platform.python_version(),
        table=measure.table(HEAD, map(row, versions)), ended=len(ended),
        again=max((done[folder]["idle"] for folder in ended), default=0),
        drafts=measure.table(("edit", "functions", "drafts", "update", "because of", "reason", "resolved with"), rows),
    )  # fmt: skip


def go(work: Path, names: list[str], edits: dict[str, str], oldest: str) -> None:
    """Make a fleet and move it over all newer versions; write down what is done in `steps.json`."""
    fleet = Fleet(work, names, edits)
    versions = [*fleet.template.commits]
    before, *newer = versions[versions.index(oldest) :]
    fleet.make(before)
    say("made", len(names))
    done: dict[str, Any] = {"steps": []}
    for version in newer:
        say("to", version)
        step = fleet.move(version, before)
        say(*row([step]))
        done["steps"].append(asdict(step))
        (work / "steps.json").write_text(json.dumps(done))
        before = version
    pulls, branches = fleet.hub.state, fleet.hub.branches()
    named = fleet.update(idle := Step("again"))
    assert not named and (pulls, branches) == (fleet.hub.state, fleet.hub.branches()), f"the last run changed {named}"
    lost = [f"{kind} in {name}" for name, kind in edits.items() if not is_kept(fleet.ours / name, kind)]
    assert not lost, f"edits that are lost: {lost}"
    (work / "steps.json").write_text(json.dumps({**done, "idle": idle.took}))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("functions", nargs="?", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--repositories", type=int, default=1, help="how many, two at a time (default: 1)")
    parser.add_argument("--oldest", default="0.1.0", help="the version to make them of (default: 0.1.0)")
    parser.add_argument("--work", type=Path, help="an empty folder to work in, which is kept")
    given = parser.parse_args()
    os.environ.setdefault("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    work = given.work.resolve() if given.work else Path(tempfile.mkdtemp())
    names = sorted(map(function_name, range(given.functions)))
    edited = [names[number * 20 // 3] for number in range(-(-given.functions * 3 // 20))]
    edits = dict(zip(edited, cycle(EDITS), strict=False))
    size = -(-len(names) // given.repositories)
    parts = {work / str(first // size): names[first : first + size] for first in range(0, len(names), size)}
    own = [{name: edits[name] for name in part if name in edits} for part in parts.values()]
    try:
        with ProcessPoolExecutor(min(len(parts), 2)) as pool:
            list(pool.map(go, parts, parts.values(), own, repeat(given.oldest)))
    finally:
        text = page(parts, edits, given.oldest)
        print(text, flush=True)
        if not given.work:
            shutil.rmtree(work)
    if UNKNOWN in text:
        raise SystemExit("The table of drafts has some without a reason: see benchmarks/fleet/edits.py.")


if __name__ == "__main__":
    main()
