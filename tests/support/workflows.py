"""The linters and schemas of CI files."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.processes import environment, run
from tests.support.questions import QUESTIONS
from tests.support.types import Done

TOOLS = Path(sys.executable).parent


SCHEMAS = {
    ".github/workflows/*.yml": "vendor.github-workflows",
    ".github/dependabot.yml": "vendor.dependabot",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    "cloudbuild.yaml": "vendor.cloudbuild",
}


FILES = {"github": ".github/workflows/function.yml", "gitlab": ".gitlab-ci.yml", "cloudbuild": "cloudbuild.yaml"}


SYSTEMS = [ci for ci in QUESTIONS["ci"] if ci != "none"]


def read(project: Path, ci: str) -> dict[str, Any]:
    """Return what a CI system reads of a project."""
    file: dict[str, Any] = yaml.safe_load((project / FILES[ci]).read_text("utf-8"))
    return file


def scripts(project: Path, ci: str) -> tuple[str, str]:
    """Return the commands by which a CI system tests a project, and those by which it deploys it, one a line."""
    file = read(project, ci)
    if ci == "gitlab":
        found = ["\n".join(file[job]["script"]) for job in ("test", "deploy") if job in file]
    elif ci == "cloudbuild":
        found = [step["script"] for step in file["steps"]]
    else:
        runs = ([s["run"].strip() for s in job["steps"] if "run" in s] for job in file["jobs"].values())
        found = ["\n".join(commands) for commands in runs]
    # Firebase's CLI does not deploy from CI.
    test, deploy = found if len(found) == 2 else [*found, ""]
    return test, deploy


def complaints(project: Path, home: Path, linter: str = "") -> str:
    """Return what the linters find in a folder's CI files, or one of them; an empty string if nothing."""
    said = []
    commands: list[tuple[str | Path, ...]] = []
    if (project / ".github").exists():
        commands.append(("zizmor", "--offline", "--pedantic", "--quiet", project))
    for pattern, schema in SCHEMAS.items():
        if files := sorted(project.glob(pattern)):
            commands.append(("check-jsonschema", "--builtin-schema", schema, *files))
    commands_of = [step["run"] for job in jobs(project) for step in job["steps"] if "run" in step]
    commands_of += [
        text for ci in ("gitlab", "cloudbuild") if (project / FILES[ci]).exists() for text in scripts(project, ci)
    ]
    for number, text in enumerate(commands_of):
        (home / f"{number}.sh").write_text(text)
    if commands_of:
        commands.append(("shellcheck", "--shell=bash", *(home / f"{number}.sh" for number in range(len(commands_of)))))
    assert commands
    for name, *arguments in commands:
        if linter in ("", name):
            done = run(TOOLS / name, *arguments, cwd=home, env=environment(home))
            said += [f"{name}: {done.stdout}"] if done.returncode else []
    return "\n".join(said)


def run_steps(job: Mapping[str, Any], clone: Path, env: Mapping[str, str]) -> list[Done]:
    """Run the commands of a GitHub workflow's job in a clone, as a runner does, but also after one that failed."""
    done = []
    for step in job["steps"]:
        if "run" in step:
            given = {
                name: value.replace("${{ github.token }}", "token-of-the-run")
                for name, value in step.get("env", {}).items()
            }
            done.append(run("bash", "-e", "-c", step["run"], cwd=clone, env={**env, **given}))
    return done


def jobs(project: Path) -> list[dict[str, Any]]:
    """Return the jobs of a folder's workflows."""
    workflows = sorted((project / ".github" / "workflows").glob("*.yml"))
    return [job for file in workflows for job in yaml.safe_load(file.read_text("utf-8"))["jobs"].values()]
