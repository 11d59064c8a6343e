"""What CI reads: judged by the public schemas, zizmor and shellcheck, and the same for each CI system."""

import json
import re
from pathlib import Path

import pytest

from tests.support.pages import both_pages
from tests.support.questions import ROOT, TRIGGERS
from tests.support.types import Bake
from tests.support.workflows import FILES, SYSTEMS, complaints, read, scripts

pytestmark = pytest.mark.slow


def test_workflows_pass_linters(bake: Bake, home: Path) -> None:
    project = bake(ci="github")
    assert not complaints(project, home)
    for trigger in TRIGGERS:
        other = bake(trigger=trigger, ci="github")
        for name in (".github/workflows/function.yml", ".github/dependabot.yml"):
            assert (other / name).read_bytes() == (project / name).read_bytes(), "it would hold an answer"


@pytest.mark.parametrize("ci", ["gitlab", "cloudbuild"])
def test_files_of_other_ci_systems_pass_linters(bake: Bake, home: Path, ci: str) -> None:
    assert not complaints(bake(ci=ci), home)


def test_ci_systems_run_the_same_commands(bake: Bake) -> None:
    """So what is seen of the commands of one of them holds for all."""
    answers = {"python_version": "3.12", "function_name": "other-name"}
    test, deploy = zip(*(scripts(bake(ci=ci, **answers), ci) for ci in SYSTEMS), strict=True)
    assert test == (test[0], test[0], f"#!/bin/bash -ex\n{test[0]}\n")
    assert all(script.strip().endswith(deploy[0]) and "for stage" in deploy[0] for script in deploy)
    assert read(bake(ci="gitlab", **answers), "gitlab")["test"]["image"] == "python:3.12"
    assert read(bake(ci="cloudbuild", **answers), "cloudbuild")["steps"][0]["name"] == "python:3.12"


@pytest.mark.parametrize("ci", SYSTEMS)
def test_ci_does_not_deploy_by_firebase(bake: Bake, home: Path, ci: str) -> None:
    project = bake(ci=ci, deploy_with="firebase")
    assert not complaints(project, home)
    assert scripts(project, ci) == (scripts(bake(ci=ci), ci)[0], "")
    assert not re.search("(?i)deploy|gcloud", (project / FILES[ci]).read_text("utf-8").replace("what is deployed", ""))


def test_own_workflows_pass_linters(home: Path) -> None:
    assert not complaints(ROOT, home)


DEPENDABOT = ".github/dependabot.yml"


@pytest.mark.parametrize(
    ("file", "old", "new", "linter"),
    [
        (FILES["github"], "timeout-minutes: 15", "timeout-minute: 15", "check-jsonschema"),
        (FILES["github"], "runs-on: ubuntu-24.04", "runs-on: []", "check-jsonschema"),
        (FILES["github"], "permissions: {}", "permissions: write-all", "zizmor"),
        (FILES["github"], r"actions/checkout@\w+ # v[\d.]+", "actions/checkout@v7", "zizmor"),
        (FILES["github"], "run: pytest", "run: pytest ${{ github.head_ref }}", "zizmor"),
        (FILES["github"], r"with:\n +persist-credentials: false", "", "zizmor"),
        (FILES["github"], "run: pytest", "run: pytest $OPTIONS", "shellcheck"),
        (DEPENDABOT, "package-ecosystem: uv", "package-ecosystem: uvx", "check-jsonschema"),
        (FILES["gitlab"], "  id_tokens:", "  id_token:", "check-jsonschema"),
        (FILES["gitlab"], '>"\\$TOKEN"', ">$TOKEN", "shellcheck"),
        (FILES["cloudbuild"], "automapSubstitutions", "automapSubstitution", "check-jsonschema"),
        (FILES["cloudbuild"], r"= main \]", "= main", "shellcheck"),
    ],
)
def test_broken_file_fails_its_linter(fresh: Bake, home: Path, file: str, old: str, new: str, linter: str) -> None:
    [ci] = [ci for ci in SYSTEMS if file in (FILES[ci], {"github": DEPENDABOT}.get(ci))]
    project = fresh(ci=ci)
    text, times = re.subn(old, new, (project / file).read_text("utf-8"), count=1)
    assert times
    (project / file).write_text(text, "utf-8")
    assert f"{linter}: " in complaints(project, home, linter)


def test_ci_variables_are_named_on_the_pages(bake: Bake) -> None:
    names = {"WORKLOAD_IDENTITY_PROVIDER", "DEPLOYER"}
    workflow = read(bake(ci="github"), "github")
    deploy = workflow["jobs"]["deploy"]
    assert deploy["needs"] == "test" and deploy["environment"] and deploy["permissions"]["id-token"] == "write"
    assert set(re.findall(r"vars\.(\w+)", json.dumps(workflow))) == names
    assert not [step for step in deploy["steps"] if "env" in step]
    pipeline = read(bake(ci="gitlab"), "gitlab")
    assert pipeline["stages"] == [pipeline[job]["stage"] for job in ("test", "deploy")] == ["test", "deploy"]
    [rule] = pipeline["deploy"]["rules"]
    assert rule == {"if": '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "main" && $WORKLOAD_IDENTITY_PROVIDER'}
    [token] = pipeline["deploy"]["id_tokens"].values()
    # What a provider takes for its audience unless it was told another.
    assert (
        token["aud"] == "https://iam.googleapis.com/$WORKLOAD_IDENTITY_PROVIDER" and "id_tokens" not in pipeline["test"]
    )
    for ci in ("github", "gitlab"):
        text = both_pages(bake(ci=ci))
        assert all(f"`{name}`" in text for name in names)
