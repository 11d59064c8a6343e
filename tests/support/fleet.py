"""The functions of a fleet, and the workflow of docs/fleet-updates.md on a fake GitHub."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.support.fake_gh import FakeGitHub
from tests.support.folders import append
from tests.support.pages import FLEET, UPDATES, blocks
from tests.support.processes import check_output, environment, find_tool, run
from tests.support.questions import QUESTIONS
from tests.support.types import Done
from tests.support.workflows import run_steps

[PAGE] = blocks(UPDATES, "yaml")
WORKFLOW = yaml.safe_load(PAGE)
UPDATE, PROPOSE = WORKFLOW["jobs"].values()
SCRIPTS = {block.split()[1]: block for block in blocks(FLEET + UPDATES, "bash")}
[MAKE] = [block for block in blocks(FLEET) if block.startswith("for ")]


def function_name(number: int) -> str:
    """Return a name of one word, of two, or with digits. The first is the one on the page."""
    more = "".join(chr(ord("a") + number // 4 // place % 26) for place in (26, 1)) if number > 3 else ""
    return (f"thumbnails{more}", f"resize{more}-images", f"report{number}", f"report-{number}")[number % 4]


def add_config(repository: Path, function: str, **answers: Any) -> None:
    """Write the file that MAKE makes a function from."""
    text = yaml.safe_dump({"default_context": {"function_name": function, **answers}})
    append(f"functions/{function}.yaml", text)(repository)


def with_workflow(folder: Path, text: str = PAGE) -> Path:
    append(".github/workflows/updates.yml", text)(folder)
    for script, lines in SCRIPTS.items():
        append(script, lines)(folder)
    return folder


class Run:
    """A run of the workflow on a fake GitHub."""

    def __init__(self, hub: FakeGitHub, home: Path, python: Path) -> None:
        """Take a Python that has pip, as a runner's does."""
        self.hub, self.home, self.python, self.clone = hub, home, python, home / "runner"

    def steps(self, job: dict[str, Any], **given: str) -> list[Done]:
        """Check out `main` and run the commands of a job, as a runner does, also after one that failed."""
        self.hub.checkout(self.clone, job["steps"][0]["with"].get("fetch-depth", 1))
        if job is PROPOSE:
            (self.clone / "bundles").mkdir()
            for bundle in self.home.glob("*.bundle"):
                shutil.move(bundle, self.clone / "bundles")
        env = environment(self.home, GITHUB_ACTIONS="true", **given)
        pythons = [
            Path(found).parent for version in QUESTIONS["python_version"] if (found := find_tool(f"python{version}"))
        ]
        env["PATH"] = ":".join(map(str, (self.hub.bin, self.python, *pythons, env["PATH"])))
        env["GITHUB_SHA"] = check_output(run("git", "rev-parse", "HEAD", cwd=self.clone, env=env)).strip()
        return run_steps(job, self.clone, env)

    def update(self, kind: str, each: str = WORKFLOW["env"]["PER_FUNCTION"]) -> Done:
        """Run the first job for one kind of update, and keep what it uploads; return its step that updates."""
        updated, packed = self.steps(UPDATE, KIND=kind, PER_FUNCTION=each)
        check_output(packed)
        bundle = self.clone / UPDATE["steps"][-1]["with"]["path"].replace("${{ matrix.kind }}", kind)
        if bundle.exists():
            shutil.move(bundle, self.home)
        return updated

    def propose(self) -> None:
        """Run the second job."""
        for done in self.steps(PROPOSE):
            check_output(done)
