"""The workflows: judged by the public schema, zizmor and shellcheck, and run, command by command, in a fresh clone."""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud import NUMBER, cloud, gcloud_environment, section
from index import Advisories, advisories
from support import ROOT, TRIGGERS, append, edit, environment, git, must, need, posix_only, run

pytestmark = pytest.mark.slow
TOOLS = Path(sys.executable).parent
REGION_OF = {"": "us-central1", "staging": "europe-west4", "prod": "europe-west1"}
SCHEMAS = {"workflows/*.yml": "vendor.github-workflows", "dependabot.yml": "vendor.dependabot"}


def complaints(project: Path, home: Path) -> str:
    """Return what the judges say of all that GitHub reads in a folder; an empty string where they find nothing."""
    said = []
    commands: list[tuple[Any, ...]] = [(TOOLS / "zizmor", "--offline", "--pedantic", "--quiet", project)]
    for pattern, schema in SCHEMAS.items():
        for file in sorted((project / ".github").glob(pattern)):
            commands.append((TOOLS / "check-jsonschema", "--builtin-schema", schema, file))
    for number, step in enumerate(step for job in jobs(project) for step in job["steps"] if "run" in step):
        script = home / f"{number}.sh"
        script.write_text(step["run"])
        commands.append((TOOLS / "shellcheck", "--shell=bash", script))
    for command in commands:
        done = run(*command, cwd=home, env=environment(home))
        if done.returncode:
            said.append(f"{Path(command[0]).name}: {done.stdout}")
    return "\n".join(said)


def jobs(project: Path) -> list[dict[str, Any]]:
    """Return the jobs of a folder's workflows."""
    workflows = sorted((project / ".github" / "workflows").glob("*.yml"))
    assert workflows
    return [job for file in workflows for job in yaml.safe_load(file.read_text("utf-8"))["jobs"].values()]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_the_judges_find_nothing(bake: Any, home: Path, trigger: str) -> None:
    project = bake(trigger=trigger, ci="github")
    assert not complaints(project, home)
    first = bake(trigger=TRIGGERS[0], ci="github")
    for name in (".github/workflows/function.yml", ".github/dependabot.yml"):
        assert (project / name).read_bytes() == (first / name).read_bytes(), "it would hold an answer"


def test_the_judges_find_nothing_in_the_templates_own(home: Path) -> None:
    assert not complaints(ROOT, home)


@pytest.mark.parametrize(
    ("old", "new", "judge"),
    [
        ("timeout-minutes: 15", "timeout-minute: 15", "check-jsonschema"),
        ("runs-on: ubuntu-24.04", "runs-on: []", "check-jsonschema"),
        ("permissions: {}", "permissions: write-all", "zizmor"),
        (r"actions/checkout@\w+ # v[\d.]+", "actions/checkout@v7", "zizmor"),
        ("run: pytest", "run: pytest ${{ github.head_ref }}", "zizmor"),
        (r"with:\n +persist-credentials: false", "", "zizmor"),
        ("run: pytest", "run: pytest $OPTIONS", "shellcheck"),
    ],
)
def test_a_broken_workflow_goes_red(fresh: Any, home: Path, old: str, new: str, judge: str) -> None:
    project = fresh(ci="github")
    workflow = project / ".github" / "workflows" / "function.yml"
    text, times = re.subn(old, new, workflow.read_text("utf-8"), count=1)
    assert times
    workflow.write_text(text, "utf-8")
    assert f"{judge}: " in complaints(project, home)


def test_settings_that_dependabot_does_not_know_go_red(fresh: Any, home: Path) -> None:
    project = fresh(ci="github")
    settings = project / ".github" / "dependabot.yml"
    settings.write_text(settings.read_text("utf-8").replace("package-ecosystem: uv", "package-ecosystem: uvx"))
    assert "check-jsonschema: " in complaints(project, home)


class Runner:
    """Does what GitHub's runner does with the test job: each step's command, in order, in one environment."""

    def __init__(self, project: Path, folder: Path, service: Advisories) -> None:
        workflow = yaml.safe_load((project / ".github" / "workflows" / "function.yml").read_text("utf-8"))
        self.steps: list[dict[str, Any]] = workflow["jobs"]["test"]["steps"]
        self.clone, self.home = folder / "clone", folder / "runner"
        self.home.mkdir()
        git("init", cwd=project)
        git("add", ".", cwd=project)
        git("commit", "-m", "all", cwd=project)
        self.origin, self.service = project, service
        self.environment = environment(self.home)

    def do(self, step: dict[str, Any]) -> Any:
        """Carry out one step; an action by what it stands for."""
        if "run" in step:
            script = self.home / "step.sh"
            script.write_text(step["run"])
            env = self.environment
            if "audit.py" in step["run"]:
                must(run("uv", "sync", "--script", "tests/audit.py", cwd=self.clone, env=env))
                env = {**env, **self.service.variables}
            return run("bash", "-e", script, cwd=self.clone, env=env)
        action = step["uses"].partition("@")[0]
        if action == "actions/checkout":
            return run("git", "clone", "-q", self.origin, self.clone, cwd=self.home, env=self.environment)
        assert action == "actions/setup-python", f"no one here does what {action} does"
        version = (self.clone / step["with"]["python-version-file"]).read_text("utf-8").strip()
        venv = self.home / "python"
        self.environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return run(need(f"python{version}"), "-m", "venv", venv, cwd=self.home, env=self.environment)

    def command(self, part: str) -> dict[str, Any]:
        """Return the one step whose command holds `part`."""
        [step] = [step for step in self.steps if part in step.get("run", "")]
        return step


# What a developer may break, and the step that must see it.
MISTAKES = [
    ("pip install", edit("requirements.txt", "functions-framework==", "functions-framework==0.0.")),
    ("ruff", edit("main.py", "import logging\n", "import logging\nimport os\n")),
    ("ruff", edit("main.py", "logger = ", "logger  = ")),
    ("mypy", edit("main.py", "logger = ", "count: int = 'many'\nlogger = ")),
    ("pytest", edit("main.py", "import logging\n", "import logging\nimport nowhere\n")),
    ("pytest", edit("requirements.in", "watchdog<7", "watchdog<7\nrequests")),
    ("audit", edit("requirements.txt", "watchdog==", "pycrypto==2.6.1\nwatchdog==")),
]


@contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Put the tracked files of a clone back at the end."""
    yield
    git("checkout", ".", cwd=folder)


@posix_only
@pytest.mark.parametrize(
    "answers",
    [
        {"trigger": "http", "python_version": "3.13", "hashes": False},
        {"trigger": "firestore", "python_version": "3.11", "local_package": "none", "hashes": True},
    ],
)
def test_the_test_job(fresh: Any, tmp_path: Path, answers: dict[str, Any]) -> None:
    """Each command as it stands, in order, from a clean clone; then each mistake is seen by its step."""
    need("git")
    with advisories(tmp_path) as service:
        runner = Runner(fresh(ci="github", **answers), tmp_path, service)
        for step in runner.steps:
            must(runner.do(step))
        assert len([step for step in runner.steps if "run" in step]) == 5 and service.asked
        if answers["hashes"]:
            return
        for part, break_it in MISTAKES:
            with kept(runner.clone):
                break_it(runner.clone)
                assert runner.do(runner.command(part)).returncode, f"{part} did not see it"


@posix_only
@pytest.mark.parametrize("stages", [[], ["staging"], ["staging", "prod"]], ids=str)
def test_the_deploy_job(fresh: Any, home: Path, stages: list[str]) -> None:
    """Its command as it stands, against a cloud on loopback: staging, if it has a file, then production."""
    need("gcloud")
    project = fresh(trigger="pubsub", ci="github", function_name="other-name")
    workflow = yaml.safe_load((project / ".github" / "workflows" / "function.yml").read_text("utf-8"))
    job = workflow["jobs"]["deploy"]
    assert job["needs"] == "test" and job["environment"] and job["permissions"]["id-token"] == "write"
    [step] = [step for step in job["steps"] if "run" in step]
    used = set(re.findall(r"vars\.(\w+)", json.dumps(workflow)))
    assert used == {"WORKLOAD_IDENTITY_PROVIDER", "DEPLOYER"} and "env" not in step
    readme = (project / "README.md").read_text("utf-8")
    assert all(f"`{name}`" in readme for name in used)
    for stage in stages:
        append(f"deploy.{stage}.yaml", f"--max-instances: {len(stage)}\n--region: {REGION_OF[stage]}\n")(project)
    with cloud() as there:
        env = gcloud_environment(home, **there.environment())
        must(run("bash", "-e", "-c", step["run"], cwd=project, env=env))
    made = [name.split("/")[3] for name in there.functions]
    assert made == [REGION_OF[stage] for stage in stages] + [REGION_OF[""]] * ("prod" not in stages)
    assert {name.split("/")[-1] for name in there.functions} == {"other-name"}
    assert [there.functions[name]["serviceConfig"]["maxInstanceCount"] for name in there.functions] == [
        len(stage) for stage in stages
    ] + [10] * ("prod" not in stages)


@posix_only
def test_a_failed_staging_keeps_production_as_it_is(fresh: Any, home: Path) -> None:
    need("gcloud")
    project = fresh(ci="github")
    workflow = yaml.safe_load((project / ".github" / "workflows" / "function.yml").read_text("utf-8"))
    [step] = [step for step in workflow["jobs"]["deploy"]["steps"] if "run" in step]
    append(
        "deploy.staging.yaml",
        "--build-service-account: projects/my-project/serviceAccounts/runner@my-project.iam.gserviceaccount.com\n",
    )(project)
    with cloud() as there:
        env = gcloud_environment(home, **there.environment())
        assert run("bash", "-e", "-c", step["run"], cwd=project, env=env).returncode
    assert not there.functions


def trusts(condition: str, claims: dict[str, str]) -> bool:
    """Whether an attribute condition, made of comparisons that must all hold, lets in a job's token."""
    parts = [re.fullmatch(r"assertion\.(\w+) == '([^']+)'", part) for part in condition.split(" && ")]
    assert all(parts), condition
    return all(claims.get(part[1]) == part[2] for part in parts if part)


@posix_only
def test_who_may_deploy_from_github(fresh: Any, home: Path) -> None:
    """The README's lines for it; the token of one repository, branch and environment is let in, and no other."""
    need("gcloud")
    project = fresh(ci="github")
    lines = section(project, "Before the first deployment") + section(project, "From GitHub")
    with cloud(ready=False) as there:
        printed = must(run("sh", "-euc", lines, cwd=project, env=gcloud_environment(home, **there.environment())))
    [(name, provider)] = there.providers.items()
    assert printed.splitlines()[-1] == name.replace("my-project", NUMBER)
    pool = name.replace("my-project", NUMBER).removesuffix("/providers/github")
    account = "projects/my-project/serviceAccounts/deployer@my-project.iam.gserviceaccount.com"
    mapping = provider["attributeMapping"]
    assert mapping == {"google.subject": "assertion.sub", "attribute.repository_id": "assertion.repository_id"}
    member = f"principalSet://iam.googleapis.com/{pool}/attribute.repository_id/123456789"
    assert there.policies[account]["bindings"] == [{"role": "roles/iam.workloadIdentityUser", "members": [member]}]
    mine = {
        # As GitHub writes it for a repository made after 15 July 2026.
        "sub": "repo:my-org@1234567/my-repo@123456789:environment:production",
        "repository_owner_id": "1234567",
        "repository_id": "123456789",
        "ref": "refs/heads/main",
        "environment": "production",
    }
    assert trusts(provider["attributeCondition"], mine)
    for claim in mine.keys() - {"sub"}:
        assert not trusts(provider["attributeCondition"], {**mine, claim: "another"})
        assert not trusts(provider["attributeCondition"], {k: v for k, v in mine.items() if k != claim})
