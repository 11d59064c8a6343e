"""The workflow of docs/fleet-ci.md for a repository of functions, and a fake GitHub that knows its runs."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from tests.support.folders import append
from tests.support.loopback import loopback
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, git, run
from tests.support.questions import ROOT
from tests.support.types import Done

NAME = ".github/workflows/functions.yml"
[PAGE] = blocks((ROOT / "docs" / "fleet-ci.md").read_text("utf-8"), "yaml")
WORKFLOW = yaml.safe_load(PAGE)
FIND, TEST, DEPLOY = (WORKFLOW["jobs"][name] for name in ("find", "test", "deploy"))
# One of the names begins with another; one has a hyphen.
PYTHONS = {"report": "3.13", "report-daily": "3.12", "thumbnails": "3.13"}
ALL = sorted(PYTHONS)


def add_workflow(folder: Path, text: str = PAGE) -> Path:
    (folder / NAME).parent.mkdir(parents=True)
    (folder / NAME).write_text(text, "utf-8")
    return folder


class FakeGitHub:
    """A repository of functions, and what GitHub knows of it: the runs of its workflow and the commits to clone."""

    def __init__(self, first_push: Path, folder: Path) -> None:
        self.folder, self.clone, self.home = folder / "repository", folder / "clone", folder / "runner"
        self.home.mkdir()
        self.runs: list[dict[str, str]] = []
        self.works = True
        shutil.copytree(first_push, self.folder)

    def push(self, *names: str, outcome: str = "") -> str:
        """Commit a change to some files; record the outcome of its run, if any. Return the commit."""
        for name in names:
            append(name, "\n")(self.folder)
        git("add", "-A", cwd=self.folder)
        git("commit", "--allow-empty", "-m", "a change", cwd=self.folder)
        if outcome:
            self.add_run(outcome)
        return git("rev-parse", "HEAD", cwd=self.folder)

    def add_run(self, outcome: str, event: str = "push", branch: str = "main") -> None:
        head = git("rev-parse", "HEAD", cwd=self.folder)
        facts = {"event": event, "branch": branch, "status": outcome, "head_sha": head}
        self.runs.insert(0, facts)

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, object]]:
        """List runs as GitHub's API does; refuse a request without the token, or for anything else."""
        asked = urlsplit(path)
        if not self.works or headers.get("Authorization") != "Bearer token-of-the-run":
            return 401, {"message": "Bad credentials"}
        if (method, asked.path) != ("GET", "/repos/org/functions/actions/workflows/functions.yml/runs"):
            return 404, {"message": "Not Found"}
        wanted = dict(parse_qsl(asked.query))
        first = int(wanted.pop("per_page", "30"))
        return 200, {"workflow_runs": [one for one in self.runs if wanted.items() <= one.items()][:first]}

    def checkout(self) -> None:
        """Clone what the first job checks out: without commits that no branch holds any more."""
        shutil.rmtree(self.clone, ignore_errors=True)
        branch = git("branch", "--show-current", cwd=self.folder)
        depth = FIND["steps"][0]["with"].get("fetch-depth", 1)
        clone = ("git", "clone", "-q", "--branch", branch, *(["--depth", str(depth)] if depth else []))
        check_output(run(*clone, self.folder.as_uri(), self.clone, cwd=self.home, env=environment(self.home)))

    def run_find_job(self, event: str = "push") -> tuple[Done, Any, str]:
        """Run the job that finds changes; return the finished command, the functions found and the raw output."""
        self.checkout()
        [step] = [step for step in FIND["steps"] if "run" in step]
        output, script = self.home / "output", self.home / "step.sh"
        output.write_text("")
        script.write_text(step["run"])
        with loopback(self.answer) as api:
            variables = {"GITHUB_API_URL": api, "GITHUB_REPOSITORY": "org/functions", "GITHUB_EVENT_NAME": event}
            variables |= {**step["env"], "GITHUB_OUTPUT": str(output)}
            assert variables["TOKEN"] == "${{ github.token }}"
            variables["TOKEN"] = "token-of-the-run"
            done = run("bash", "-e", script, cwd=self.clone, env=environment(self.home, **variables))
        name, _, value = output.read_text().strip().partition("=")
        assert FIND["outputs"] == {"functions": "${{ steps.find.outputs.functions }}"} and step["id"] == "find"
        assert done.returncode or name == "functions"
        return done, json.loads(value or "null"), value

    def changed(self, event: str = "push") -> list[str]:
        done, found, _ = self.run_find_job(event)
        check_output(done)
        assert all(one["python"] == PYTHONS.get(one["function"], "3.13") for one in found)
        return sorted(one["function"] for one in found)
