"""The workflow of docs/fleet.md for a repository of functions, and a fake GitHub that knows its runs."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from tests.support.folders import append
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, git, run
from tests.support.questions import ROOT
from tests.support.serving import loopback

NAME = ".github/workflows/functions.yml"
[PAGE] = [block for block in blocks((ROOT / "docs" / "fleet.md").read_text("utf-8"), "yaml") if f"# {NAME}\n" in block]
WORKFLOW = yaml.safe_load(PAGE)
FIND, TEST, DEPLOY = (WORKFLOW["jobs"][name] for name in ("find", "test", "deploy"))
# One of the names begins with another; one has a hyphen.
PYTHONS = {"report": "3.13", "report-daily": "3.12", "thumbnails": "3.13"}
ALL = sorted(PYTHONS)


def with_workflow(folder: Path, text: str = PAGE) -> Path:
    (folder / NAME).parent.mkdir(parents=True)
    (folder / NAME).write_text(text, "utf-8")
    return folder


class GitHub:
    """A repository of functions, and what GitHub knows of it: the runs of its workflow, and where they clone it from."""

    def __init__(self, first_push: Path, folder: Path) -> None:
        self.folder, self.clone, self.home = folder / "repository", folder / "clone", folder / "runner"
        self.home.mkdir()
        self.runs: list[dict[str, str]] = []
        self.works = True
        shutil.copytree(first_push, self.folder)

    def says(self, *arguments: str) -> str:
        return check_output(run("git", *arguments, cwd=self.folder, env=environment(self.home))).strip()

    def push(self, *names: str, ended: str = "") -> str:
        """Commit a change of some files; if a run of that push has ended, remember how. Return the commit."""
        for name in names:
            append(name, "\n")(self.folder)
        git("add", "-A", cwd=self.folder)
        git("commit", "--allow-empty", "-m", "a change", cwd=self.folder)
        if ended:
            self.ended(ended)
        return self.says("rev-parse", "HEAD")

    def ended(self, how: str, event: str = "push", branch: str = "main") -> None:
        facts = {"event": event, "branch": branch, "status": how, "head_sha": self.says("rev-parse", "HEAD")}
        self.runs.insert(0, facts)

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answer as GitHub's API lists runs; refuse whoever has no token, and what is asked otherwise."""
        asked = urlsplit(path)
        if not self.works or headers.get("Authorization") != "Bearer token-of-the-run":
            return 401, {"message": "Bad credentials"}
        if (method, asked.path) != ("GET", "/repos/org/functions/actions/workflows/functions.yml/runs"):
            return 404, {"message": "Not Found"}
        wanted = dict(parse_qsl(asked.query))
        first = int(wanted.pop("per_page", "30"))
        return 200, {"workflow_runs": [one for one in self.runs if wanted.items() <= one.items()][:first]}

    def checkout(self) -> None:
        """Clone what the first job checks out: what no branch holds any more is not in it."""
        shutil.rmtree(self.clone, ignore_errors=True)
        branch = self.says("branch", "--show-current")
        depth = FIND["steps"][0]["with"].get("fetch-depth", 1)
        clone = ("git", "clone", "-q", "--branch", branch, *(["--depth", str(depth)] if depth else []))
        check_output(run(*clone, self.folder.as_uri(), self.clone, cwd=self.home, env=environment(self.home)))

    def find(self, event: str = "push") -> Any:
        """Run the job that finds what has changed; return what it says and the functions that it hands on."""
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
        done, found, _ = self.find(event)
        check_output(done)
        assert all(one["python"] == PYTHONS.get(one["function"], "3.13") for one in found)
        return sorted(one["function"] for one in found)
