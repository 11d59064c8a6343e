"""The weekly workflow hands the refreshed locks from a job that may only read to one that runs nothing of them."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.fake_gh import FakeGitHub
from tests.support.folders import append, commit
from tests.support.processes import check_output, environment, git, posix_only, run
from tests.support.questions import ROOT
from tests.support.workflows import run_steps

pytestmark = posix_only
JOBS = yaml.safe_load((ROOT / ".github" / "workflows" / "refresh.yml").read_text("utf-8"))["jobs"]
[PROPOSE] = [step for step in JOBS["propose"]["steps"] if "run" in step]


def test_permissions() -> None:
    assert set(JOBS["refresh"]["permissions"].values()) == {"read"} and "env" not in JOBS["refresh"]
    assert not {"python", "uv", "bash"} & set(PROPOSE["run"].split())


class Runner:
    """A repository on a fake GitHub, and the jobs of its workflow; `python` writes down how it was called."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.hub, self.home, self.folder = FakeGitHub(folder / "hub"), home, folder / "job"
        ours = folder / "ours"
        append("locks.txt", "a==1\n")(ours)
        shutil.copy(ROOT / "uv.lock", ours)
        git("init", cwd=ours)
        commit(ours)
        git("push", "-q", str(self.hub.remote), "main", cwd=ours)
        (self.hub.bin / "python").write_text(
            '#!/bin/sh\necho "$@" >>"$CALLS"\n[ "$2" = pip ] || [ -z "$NEW" ] || echo "$NEW" >>locks.txt\n'
        )
        (self.hub.bin / "python").chmod(0o755)

    def run(self, job: str, new: str = "") -> str:
        """Run a job in a clone of its own; return what its last step says."""
        self.hub.checkout(self.folder)
        env = environment(self.home, CALLS=str(self.home / "calls"), RUNNER_TEMP=str(self.home), NEW=new)
        done = run_steps(JOBS[job], self.folder, {**env, "PATH": f"{self.hub.bin}:{env['PATH']}"})
        return [check_output(step) for step in done][-1]

    def refresh(self, new: str) -> str:
        """Run both jobs, with a line that the refresh adds; return what the second one says."""
        self.run("refresh", new)
        shutil.copy(self.folder / "refresh.patch", self.home)
        return self.run("propose")

    def branch(self) -> str:
        return run("git", "show", "refresh-locks:locks.txt", cwd=self.hub.remote, env=environment(self.home)).stdout


@pytest.fixture
def runner(tmp_path: Path, home: Path) -> Runner:
    return Runner(tmp_path, home)


def test_locked_uv_is_installed(runner: Runner, home: Path) -> None:
    packages: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    [locked] = [package["version"] for package in packages if package["name"] == "uv"]
    runner.run("refresh")
    assert (home / "calls").read_text().splitlines()[0] == f"-m pip install uv=={locked}"


def test_changes_become_one_pull_request(runner: Runner) -> None:
    assert "Nothing has changed." in runner.refresh("") and not runner.hub.state["changes"]
    started = "run test.yml refresh-locks"
    for new, changes in (("a==2", ["create refresh-locks", started]), ("a==3", [started])):
        before = len(runner.hub.state["changes"])
        runner.refresh(new)
        assert runner.branch() == f"a==1\n{new}\n" and runner.hub.state["changes"][before:] == changes
    runner.hub.close("refresh-locks")
    runner.refresh("a==3")
    assert runner.hub.pulls["refresh-locks"]["state"] == "OPEN"


def test_pull_request_of_a_fork_is_none_of_ours(runner: Runner) -> None:
    runner.hub.open_from_fork("refresh-locks")
    runner.refresh("a==2")
    assert runner.hub.pulls["refresh-locks"]["state"] == "OPEN"
