"""Make many functions of an old version, and move them over each newer one by the workflow of docs/fleet-updates.md.

nice uv run python -m benchmarks.fleet > docs/fleet-benchmark.md
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import psutil

from benchmarks import measure
from benchmarks.fleet_edits import EDITS, conflicts, resolve
from tests.support.fake_gh import FakeGitHub
from tests.support.fleet import MAKE, Run, add_config, function_name, with_workflow
from tests.support.folders import commit
from tests.support.processes import check_output, environment, find_tool, git, run, shell
from tests.support.questions import QUESTIONS, ROOT
from tests.support.updates import cruft

PAGE = """# A fleet of {asked} functions

`nice uv run python -m benchmarks.fleet {asked} --repositories {shards} > docs/fleet-benchmark.md` wrote this page on
{today}. Machine: {cores} cores, {machine}, Python {python}.

The script makes functions of version 0.1.0, of each trigger that it had, and edits {edited} of them as users do. For
each newer version it runs both jobs of [the workflow](fleet-updates.md) against a bare remote, with a stand-in for
`gh`. Then it plays the team: it merges each pull request that is ready, resolves the conflicts of each draft by rules,
runs that function's tests, and merges it too. It fails if a function is neither on the newest version nor named by the
run.

0.1.0 was never released: it is the first commit whose updates keep `main.py`. The last version is today's `main`.

{table}
A function counts as left behind if its tests still fail once the conflicts are resolved. The times are medians per
function, for cruft, git and all tests of the function; memory is that of all processes at once. Here the machine had
other work too, so a function took much longer than its CPU time. The first and the last quarter of a repository are
alike, so time grows with the number of functions and no faster.

At last the workflow ran once more, and changed nothing. {rest}

## What became a draft, and how it was resolved

{drafts}"""


def say(*words: object) -> None:
    """Write to the log: stdout has the page."""
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


@dataclass
class Step:
    """What one version brought."""

    versions: str
    # Of each function but the last.
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    took: float = 0
    memory: float = 0
    at_once: int = 0
    drafts: dict[str, tuple[str, str]] = field(default_factory=dict)  # what it is and why, by function
    left: list[str] = field(default_factory=list)


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


HEAD = (
    "version", "functions", "updated at once", "conflicts", "red guards", "red tests", "left behind", "each took",
    "CPU time each", "of the first quarter", "of the last quarter", "at most", "memory",
)  # fmt: skip


@contextmanager
def peak(step: Step) -> Iterator[None]:
    """Keep the most memory that all processes below this one have at once."""
    over, me = threading.Event(), psutil.Process()

    def sample() -> None:
        while not over.wait(0.3):
            total = 0
            for process in me.children(recursive=True):
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            step.memory = max(step.memory, total / 1e6)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


# update.sh starts uvx once for each function. This one notes when, and what CPU time update.sh has taken so far.
UVX = """#!/bin/sh
pid=$PPID
while parent=$(cut -d ' ' -f 4 /proc/$pid/stat) && grep -qzx update.sh /proc/$parent/cmdline; do pid=$parent; done
echo "$(date +%s.%N) $(cut -d ' ' -f 16,17 /proc/$pid/stat)" >>{starts}
exec {uvx} "$@"
"""


class Template:
    """A bare copy of the template that has a version only once it is released."""

    def __init__(self, work: Path, home: Path) -> None:
        self.home, self.clone, self.remote = home, work / "template", work / "github" / "org" / "fn-template.git"
        git("clone", "-q", "--no-tags", "--no-local", str(ROOT), str(self.clone), cwd=work)
        git("init", "-q", "--bare", str(self.remote), cwd=work)
        settings = {f"url.{work}/github/.insteadOf": "https://github.com/", "user.name": "a", "user.email": "a@b.c"}
        for name, value in {**settings, "init.defaultBranch": "main"}.items():
            git("config", "--file", str(home / ".gitconfig"), name, value, cwd=work)
        self.commits = self.released()

    def released(self) -> dict[str, str]:
        """Return the commit of each version. 0.1.0 was never released: it is the first whose updates keep main.py."""
        settings = "{{cookiecutter.function_name}}/pyproject.toml"
        found = {"0.1.0": git("log", "--format=%H", "-Sskip =", "--", settings, cwd=self.clone).split()[-1]}
        for line in git("log", "--reverse", "--format=%H %s", "--grep=^Release [0-9.]*$", cwd=self.clone).splitlines():
            found[line.split()[2]] = line.split()[0]
        newest = f"{int(list(found)[-1].split('.')[0]) + 1}.0.0"
        env = environment(self.home)
        check_output(run(sys.executable, "-B", "tools/release.py", newest, cwd=self.clone, env=env))
        return {**found, newest: git("rev-parse", f"{newest}^{{}}", cwd=self.clone)}

    def release(self, version: str) -> None:
        commit = self.commits[version]
        names = (f"{commit}:refs/heads/main", f"{commit}:refs/tags/{version}")
        git("push", "-q", "--force", str(self.remote), *names, cwd=self.clone)
        git("symbolic-ref", "HEAD", "refs/heads/main", cwd=self.remote)


class Fleet:
    """A repository of functions on a fake GitHub, the workflow, and the team that merges."""

    def __init__(self, work: Path, names: list[str], edits: dict[str, str]) -> None:
        self.work, self.home, self.ours = work, work / "home", work / "functions"
        self.home.mkdir(parents=True)
        self.template = Template(work, self.home)
        self.names, self.edits = names, edits
        self.hub = FakeGitHub(work / "hub")
        check_output(run(sys.executable, "-m", "venv", work / "venv", cwd=work, env=environment(self.home)))
        self.workflow = Run(self.hub, self.home, work / "venv" / "bin")
        self.starts = self.home / "starts"
        uvx = self.hub.bin / "uvx"
        uvx.write_text(UVX.format(starts=self.starts, uvx=work / "venv" / "bin" / "uvx"))
        uvx.chmod(0o755)

    @cached_property
    def pythons(self) -> dict[str, str]:
        """Those that this machine has."""
        return {version: found for version in QUESTIONS["python_version"] if (found := find_tool(f"python{version}"))}

    def bash(self, commands: str) -> str:
        scripts = (Path(found).parent for found in self.pythons.values())
        done = shell(commands, self.ours, self.home, *scripts)
        return "" if not done.returncode else done.stdout or "It failed."

    def make(self, version: str) -> None:
        """Make all functions of a version, edit some, and push them."""
        self.template.release(version)
        asked = json.loads(git("show", f"{version}:cookiecutter.json", cwd=self.template.remote))
        with_workflow(self.ours)
        for number, name in enumerate(self.names):
            own = {"local_package": "none"} if number // 2 % 2 and name not in self.edits else {}
            answers = {"ci": asked["ci"][number // 3 % 2], "hashes": number % 5 == 0, **own}
            trigger = asked["trigger"][number % len(asked["trigger"])]
            add_config(
                self.ours, name, trigger=trigger, python_version=[*self.pythons][number % len(self.pythons)], **answers
            )
        git("init", cwd=self.ours)
        assert not (said := self.bash(MAKE)), said
        commit(self.ours)
        for name, kind in self.edits.items():
            commit(self.ours / name, *EDITS[kind])
        git("remote", "add", "origin", str(self.hub.remote), cwd=self.ours)
        git("push", "-q", "origin", "main", cwd=self.ours)

    def versions(self) -> dict[str, str]:
        """Return what each function on `main` says that it is of: the commit, as a version if it is one."""
        names = {commit: version for version, commit in self.template.commits.items()}
        found = {}
        for name in self.names:
            recorded = json.loads((self.ours / name / ".cruft.json").read_text("utf-8"))["commit"]
            settings = (self.ours / name / "pyproject.toml").read_text("utf-8")
            version = names.get(recorded, recorded)
            found[name] = version if version == "0.1.0" or f'version = "{version}"' in settings else "mixed"
        return found

    def update(self, step: Step) -> str:
        """Run the workflow; return the names that it says are not updated."""
        self.starts.unlink(missing_ok=True)
        with peak(step):
            began = time.time()
            done = self.workflow.update("template")
            step.took = time.time() - began
        starts = [line.split() for line in self.starts.read_text().splitlines()] if self.starts.exists() else []
        ticks = os.sysconf("SC_CLK_TCK")
        for before, after in pairwise(starts):
            step.seconds.append(float(after[0]) - float(before[0]))
            step.cpu.append((sum(map(int, after[1:])) - sum(map(int, before[1:]))) / ticks)
        say("updated in", round(step.took), "s:", *done.stdout.splitlines()[-1:])
        named = re.search(r"^Not updated: (.*)\n\Z", done.stdout, re.MULTILINE)
        assert bool(named) == bool(done.returncode), done.stdout
        self.workflow.propose()
        say("proposed")
        return named[1] if named else ""

    def move(self, version: str, before: str) -> Step:
        """Bring a version to all functions: run the workflow, then merge as the team does."""
        step = Step(f"{before} to {version}")
        self.template.release(version)
        named = self.update(step).split()
        pulls = {head: pull for head, pull in self.hub.pulls.items() if pull["state"] == "OPEN"}
        git("fetch", "-q", "origin", cwd=self.ours)
        for head, pull in pulls.items():
            name = head.removeprefix("updates/template-")
            assert pull["draft"] == (name in named), f"{name} is not what the run says: {named}"
            if not pull["draft"]:
                step.at_once += 1
                self.merge(head)
        for name in named:
            self.mend(f"updates/template-{name}", pulls.get(f"updates/template-{name}", {}), name, step)
        git("push", "-q", "origin", "main", cwd=self.ours)
        behind = [name for name, found in self.versions().items() if found != version]
        assert set(behind) == set(step.left), f"behind and not named: {set(behind) ^ set(step.left)}"
        assert step.at_once + len(step.drafts) == len(self.names)
        return step

    def merge(self, head: str) -> None:
        git("merge", "-q", "--no-edit", f"origin/{head}", cwd=self.ours)
        git("push", "-q", "origin", f":{head}", cwd=self.ours)
        self.hub.close(head, "MERGED")

    def mend(self, head: str, pull: dict[str, Any], name: str, step: Step) -> None:
        """Finish a draft as a user does: resolve conflicts by rule, run the tests, push and merge."""
        git("switch", "-q", "--force-create", head, f"origin/{head}", cwd=self.ours)
        project, said = self.ours / name, pull["body"]
        kind = (
            "conflict"
            if conflicts(project)
            else "red guard"
            if re.search(r"FAILED tests/(guard|test_layout)", said)
            else "red tests"
        )
        how = resolve(project, lambda: self.render(name))
        git("add", "-A", cwd=self.ours)
        git("commit", "-q", "--allow-empty", "-m", f"Finish the update of {name}", cwd=self.ours)
        red = self.bash(f"TESTS=tests bash guard.sh {name}")
        step.drafts[name] = (kind, ", ".join(how) or failures(said))
        say(name, self.edits.get(name, "no edit"), *step.drafts[name], "STILL RED" if red else "")
        if red:
            say(red[-3000:])
            step.left.append(name)
        else:
            git("push", "-q", "origin", head, cwd=self.ours)
            git("fetch", "-q", "origin", cwd=self.ours)
        git("switch", "-q", "main", cwd=self.ours)
        if not red:
            self.merge(head)

    def render(self, name: str) -> Path:
        """Make the function anew, of the version that it now has; return its folder."""
        recorded: dict[str, Any] = json.loads((self.ours / name / ".cruft.json").read_text("utf-8"))
        answers = {key: value for key, value in recorded["context"]["cookiecutter"].items() if key[0] != "_"}
        folder: Path = self.work / "renders" / recorded["commit"]
        if not (folder / name).exists():
            folder.mkdir(parents=True, exist_ok=True)
            create = ("create", recorded["template"], "--checkout", recorded["commit"], "--no-input")
            check_output(cruft(*create, "--extra-context", json.dumps(answers), cwd=folder, home=self.home))
        return folder / name


def failures(said: str) -> str:
    """Return the tests that a draft's text names."""
    return ", ".join(dict.fromkeys(re.findall(r"(?:FAILED|ERROR) (\S+)", said)))


def page(shards: list[Path], edits: dict[str, str], functions: int) -> str:
    """Return the page, from what each repository has done."""
    done = [json.loads(shard.read_text()) for shard in shards if shard.exists()]
    versions = [[Step(**step) for step in steps] for steps in zip(*(one["steps"] for one in done), strict=False)]
    found = Counter(
        (number, step.versions, edits.get(name, "none"), *draft)
        for number, steps in enumerate(versions)
        for step in steps
        for name, draft in step.drafts.items()
    )
    rows = [(*what[1:4], times, what[4]) for what, times in sorted(found.items())]
    idle = [one["idle"] for one in done if "idle" in one]
    rest = f"That took {sum(idle):.0f} s." if len(idle) == len(shards) else "The script was stopped before that."
    count = sum(len(one["steps"][0]["cpu"]) + 1 for one in done if one["steps"])
    return PAGE.format(
        asked=functions, count=count, edited=len(edits), shards=len(shards), today=date.today(), cores=os.cpu_count(),
        machine=platform.platform(), python=platform.python_version(), rest=rest,
        table=measure.table(HEAD, map(row, versions)),
        drafts=measure.table(("version", "edit", "draft because of a", "functions", "resolved"), rows),
    )  # fmt: skip


def go(work: Path, names: list[str], edits: dict[str, str]) -> None:
    """Make a fleet and move it over all versions; write down what is done in `steps.json`."""
    fleet = Fleet(work, names, edits)
    before, *newer = fleet.template.commits
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
    (work / "steps.json").write_text(json.dumps({**done, "idle": idle.took}))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("functions", nargs="?", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--repositories", type=int, default=1, help="how many, two at a time (default: 1)")
    parser.add_argument("--work", type=Path, help="an empty folder to work in, which is kept")
    given = parser.parse_args()
    os.environ.setdefault("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    # Each function would compile all packages again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    work = given.work or Path(tempfile.mkdtemp())
    names = sorted(map(function_name, range(given.functions)))
    edited = [names[number * 20 // 3] for number in range(-(-given.functions * 3 // 20))]
    edits = dict(zip(edited, cycle(EDITS), strict=False))
    folders = [work / str(number) for number in range(given.repositories)]
    try:
        with ProcessPoolExecutor(min(len(folders), 2)) as pool:
            parts = [names[number :: len(folders)] for number in range(len(folders))]
            own = [{name: edits[name] for name in part if name in edits} for part in parts]
            list(pool.map(go, folders, parts, own))
    finally:
        print(page([folder / "steps.json" for folder in folders], edits, given.functions), flush=True)
        if not given.work:
            shutil.rmtree(work)


if __name__ == "__main__":
    main()
