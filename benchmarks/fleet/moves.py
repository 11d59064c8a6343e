"""A repository of functions that the workflow of docs/fleet-updates.md and a team move from version to version."""

import json
import re
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.fleet.edits import EDITS, resolve
from benchmarks.fleet.step import UVX, Step, peak
from benchmarks.fleet.template import Template
from tests.support.fake_gh import FakeGitHub
from tests.support.fleet import MAKE, Run, add_config, with_workflow
from tests.support.folders import commit
from tests.support.processes import check_output, environment, find_tool, git, run, shell
from tests.support.questions import QUESTIONS
from tests.support.updates import cruft


def say(*words: object) -> None:
    """Write to the log: stdout has the page."""
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


class Fleet:
    """A repository of functions on a fake GitHub, the workflow, and the team that merges."""

    def __init__(self, work: Path, names: list[str], edits: dict[str, str]) -> None:
        self.work, self.home, self.ours = work, work / "home", work / "functions"
        self.home.mkdir(parents=True)
        self.template = Template(work, self.home)
        self.names, self.edits = names, edits
        self.hub = FakeGitHub(work / "hub")
        with_pip = (*measure.UV, "venv", "--seed", "--python", sys.executable, work / "venv")
        check_output(run(*with_pip, cwd=work, env=environment(self.home)))
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
        step.read(self.starts)
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
            if draft := pulls.get(f"updates/template-{name}"):
                self.mend(draft, name, step)
            else:
                step.left.append(name)
        git("push", "-q", "origin", "main", cwd=self.ours)
        behind = [name for name, found in self.versions().items() if found != version]
        assert set(behind) == set(step.left), f"behind and not named: {set(behind) ^ set(step.left)}"
        assert step.at_once + len({*step.drafts, *step.left}) == len(self.names)
        return step

    def merge(self, head: str) -> None:
        git("merge", "-q", "--no-edit", f"origin/{head}", cwd=self.ours)
        git("push", "-q", "origin", f":{head}", cwd=self.ours)
        self.hub.close(head, "MERGED")

    def mend(self, pull: dict[str, Any], name: str, step: Step) -> None:
        """Finish a draft as a user does: resolve conflicts by rule, run the tests, push and merge."""
        head = pull["head"]
        git("switch", "-q", "--force-create", head, f"origin/{head}", cwd=self.ours)
        failed = re.findall(r"(?:FAILED|ERROR) (\S+)", pull["body"])
        kind = "red guard" if re.match("tests/(guard|test_layout)", "".join(failed[:1])) else "red tests"
        if how := resolve(self.ours / name, lambda: self.render(name)):
            kind = "conflict"
        git("add", "-A", cwd=self.ours)
        git("commit", "-q", "--allow-empty", "-m", f"Finish the update of {name}", cwd=self.ours)
        red = self.bash(f"TESTS=tests bash guard.sh {name}")
        step.drafts[name] = (kind, ", ".join(how or failed))
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
        """Make a new function of the version that this one now has; return its folder."""
        recorded: dict[str, Any] = json.loads((self.ours / name / ".cruft.json").read_text("utf-8"))
        answers = {key: value for key, value in recorded["context"]["cookiecutter"].items() if key[0] != "_"}
        folder: Path = self.work / "renders" / recorded["commit"]
        if not (folder / name).exists():
            folder.mkdir(parents=True, exist_ok=True)
            create = ("create", recorded["template"], "--checkout", recorded["commit"], "--no-input")
            check_output(cruft(*create, "--extra-context", json.dumps(answers), cwd=folder, home=self.home))
        return folder / name
