"""What CI reads: judged by the public schemas, zizmor and shellcheck, and run, command by command, in a fresh clone."""

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.cloud_rights import NUMBER
from tests.support.fake_cloud import FakeCloud, fake_cloud, gcloud_environment
from tests.support.folders import append, edit
from tests.support.package_index import Advisories, advisories
from tests.support.pages import both_pages, section
from tests.support.processes import check_output, environment, git, posix_only, require_tool, run
from tests.support.questions import ROOT, TRIGGERS
from tests.support.types import Bake, Done
from tests.support.workflows import FILES, SYSTEMS, complaints, read, scripts

pytestmark = pytest.mark.slow
REGION_OF = {"": "us-central1", "staging": "europe-west4", "prod": "europe-west1"}


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
def test_broken_workflow_fails_its_linter(fresh: Bake, home: Path, old: str, new: str, judge: str) -> None:
    project = fresh(ci="github")
    workflow = project / ".github" / "workflows" / "function.yml"
    text, times = re.subn(old, new, workflow.read_text("utf-8"), count=1)
    assert times
    workflow.write_text(text, "utf-8")
    assert f"{judge}: " in complaints(project, home)


@pytest.mark.parametrize(
    ("ci", "old", "new", "judge"),
    [
        ("gitlab", "  id_tokens:", "  id_token:", "check-jsonschema"),
        ("gitlab", '>"$TOKEN"', ">$TOKEN", "shellcheck"),
        ("cloudbuild", "automapSubstitutions", "automapSubstitution", "check-jsonschema"),
        ("cloudbuild", "= main ]", "= main", "shellcheck"),
    ],
)
def test_broken_file_of_another_ci_system_fails_its_linter(
    fresh: Bake, home: Path, ci: str, old: str, new: str, judge: str
) -> None:
    project = fresh(ci=ci)
    edit(FILES[ci], old, new)(project)
    assert f"{judge}: " in complaints(project, home)


def test_unknown_setting_of_dependabot_fails(fresh: Bake, home: Path) -> None:
    project = fresh(ci="github")
    settings = project / ".github" / "dependabot.yml"
    settings.write_text(settings.read_text("utf-8").replace("package-ecosystem: uv", "package-ecosystem: uvx"))
    assert "check-jsonschema: " in complaints(project, home)


class Runner:
    """Does what GitHub does to test a project: a clean clone, its Python, and one command after the other."""

    def __init__(self, project: Path, folder: Path, service: Advisories) -> None:
        self.clone, self.home, self.service = folder / "clone", folder / "runner", service
        self.home.mkdir()
        git("init", cwd=project)
        git("add", ".", cwd=project)
        git("commit", "-m", "all", cwd=project)
        self.environment = environment(self.home)
        check_output(run("git", "clone", "-q", project, self.clone, cwd=self.home, env=self.environment))
        used = [step for step in read(self.clone, "github")["jobs"]["test"]["steps"] if "uses" in step]
        assert [step["uses"].partition("@")[0] for step in used] == ["actions/checkout", "actions/setup-python"]
        version = (self.clone / used[1]["with"]["python-version-file"]).read_text("utf-8").strip()
        venv = self.home / "python"
        check_output(run(require_tool(f"python{version}"), "-m", "venv", venv, cwd=self.home, env=self.environment))
        self.environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"

    def do(self, script: str) -> Done:
        """Carry out a script that is run to its first failure."""
        file = self.home / "step.sh"
        file.write_text(script)
        env = self.environment
        if "audit.py" in script:
            check_output(run("uv", "sync", "--script", "tests/audit.py", cwd=self.clone, env=env))
            env = {**env, **self.service.variables}
        return run("bash", "-e", file, cwd=self.clone, env=env)


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
def test_commands_of_the_test_job(fresh: Bake, tmp_path: Path) -> None:
    """Each command as it stands, in order, from a clean clone; then each mistake is seen by its command.

    The commands of every system are the same: test_ci_systems_run_the_same_commands.
    """
    require_tool("git")
    with advisories(tmp_path) as service:
        runner = Runner(fresh(ci="github"), tmp_path, service)
        commands = scripts(runner.clone, "github")[0].splitlines()
        for command in commands:
            check_output(runner.do(command))
        assert service.asked
        for part, break_it in MISTAKES:
            with kept(runner.clone):
                break_it(runner.clone)
                found = [command for command in commands if part in command and runner.do(command).returncode]
                assert len(found) == 1, f"{part} did not see it"


@posix_only
def test_cloud_build_stops_at_the_first_failure(fresh: Bake, home: Path) -> None:
    """The file is run as it is, by what its first line names."""
    project = fresh(ci="cloudbuild")
    script = home / "script"
    script.write_text(scripts(project, "cloudbuild")[0].replace("python -m pip", "false"))
    script.chmod(0o755)
    done = run(script, cwd=project, env=environment(home))
    assert done.returncode and "ruff" not in done.stdout


# What a CI system sets as it deploys main, and what gcloud must have been told then.
SET = {
    "github": {},
    "gitlab": {
        "ID_TOKEN": "a.b.c",
        "WORKLOAD_IDENTITY_PROVIDER": f"projects/{NUMBER}/locations/global/workloadIdentityPools/gitlab/providers/gitlab",
        "DEPLOYER": "deployer@my-project.iam.gserviceaccount.com",
    },
    "cloudbuild": {"BRANCH_NAME": "main"},
}


def deploys(project: Path, ci: str, home: Path, there: FakeCloud, **variables: str) -> Done:
    env = gcloud_environment(home, **there.environment(), **SET[ci], TMPDIR=str(home), **variables)
    return run("bash", "-e", "-c", scripts(project, ci)[1], cwd=project, env=env)


@posix_only
@pytest.mark.parametrize(
    ("ci", "stages"),
    [("github", []), ("github", ["staging"]), ("github", ["staging", "prod"]), ("gitlab", []), ("cloudbuild", [])],
    ids=str,
)
def test_commands_of_the_deploy_job(fresh: Bake, home: Path, ci: str, stages: list[str]) -> None:
    """Its commands as they stand, against a cloud on loopback: staging, if it has a file, then production."""
    require_tool("gcloud")
    project = fresh(trigger="pubsub", ci=ci, function_name="other-name")
    for stage in stages:
        append(f"deploy.{stage}.yaml", f"--max-instances: {len(stage)}\n--region: {REGION_OF[stage]}\n")(project)
    with fake_cloud() as there:
        check_output(deploys(project, ci, home, there))
    made = [name.split("/")[3] for name in there.functions]
    assert made == [REGION_OF[stage] for stage in stages] + [REGION_OF[""]] * ("prod" not in stages)
    assert {name.split("/")[-1] for name in there.functions} == {"other-name"}
    assert [there.functions[name]["serviceConfig"]["maxInstanceCount"] for name in there.functions] == [
        len(stage) for stage in stages
    ] + [10] * ("prod" not in stages)
    with zipfile.ZipFile(io.BytesIO(there.archive)) as archive:
        assert not [
            name for name in archive.namelist() if name in ("cloudbuild.yaml", ".gitlab-ci.yml", "tests/audit.py")
        ]
    if ci == "gitlab":
        [credentials] = [file for file in home.glob("tmp.*") if file.read_text()[0] == "{"]
        said = json.loads(credentials.read_text())
        assert said["audience"] == f"//iam.googleapis.com/{SET[ci]['WORKLOAD_IDENTITY_PROVIDER']}"
        assert SET[ci]["DEPLOYER"] in said["service_account_impersonation_url"]
        assert Path(said["credential_source"]["file"]).read_text() == "a.b.c\n"


@posix_only
def test_failed_staging_does_not_reach_production(fresh: Bake, home: Path) -> None:
    require_tool("gcloud")
    project = fresh(ci="github")
    append(
        "deploy.staging.yaml",
        "--build-service-account: projects/my-project/serviceAccounts/runner@my-project.iam.gserviceaccount.com\n",
    )(project)
    with fake_cloud() as there:
        assert deploys(project, "github", home, there).returncode
    assert not there.functions


@posix_only
@pytest.mark.parametrize(
    "where", [{"BRANCH_NAME": "other"}, {"BRANCH_NAME": ""}, {"BRANCH_NAME": "main", "_PR_NUMBER": "1"}], ids=str
)
def test_cloud_build_deploys_main_only(fresh: Bake, home: Path, where: dict[str, str]) -> None:
    deploy = scripts(fresh(ci="cloudbuild"), "cloudbuild")[1]
    done = run("bash", "-e", "-c", deploy.replace("gcloud", "exit 9;"), cwd=home, env=environment(home, **where))
    assert done.returncode == 0
    done = run(
        "bash", "-e", "-c", deploy.replace("gcloud", "exit 9;"), cwd=home, env=environment(home, **SET["cloudbuild"])
    )
    assert done.returncode == 9


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


def trusts(condition: str, claims: dict[str, str]) -> bool:
    """Whether an attribute condition, made of comparisons that must all hold, lets in a job's token."""
    parts = [re.fullmatch(r"assertion\.(\w+) == '([^']+)'", part) for part in condition.split(" && ")]
    assert all(parts), condition
    return all(claims.get(part[1]) == part[2] for part in parts if part)


def printed(project: Path, home: Path, there: FakeCloud, title: str) -> str:
    """Paste REFERENCE.md's lines for a CI system into a shell, after what they need of those before; return what is shown."""
    before = re.findall(
        r"(?m)^(?:[A-Z]+=|gcloud services|.* create deployer).*\n", section(project, "How do I prepare the project?")
    )
    lines = "".join(before) + section(project, title)
    return check_output(run("sh", "-euc", lines, cwd=project, env=gcloud_environment(home, **there.environment())))


GITHUB = {
    # As GitHub writes it for a repository made after 15 July 2026.
    "sub": "repo:my-org@1234567/my-repo@123456789:environment:production",
    "repository_owner_id": "1234567",
    "repository_id": "123456789",
    "ref": "refs/heads/main",
    "environment": "production",
}
# All are strings: https://docs.gitlab.com/ci/secrets/id_token_authentication/
GITLAB = {
    "sub": "project_path:my-group/my-project:ref_type:branch:ref:main",
    "namespace_id": "1234567",
    "project_id": "12345678",
    "ref": "main",
    "ref_type": "branch",
    "ref_protected": "true",
    "pipeline_source": "push",
}


@posix_only
@pytest.mark.parametrize(
    ("ci", "mine", "mapping", "who"),
    [
        (
            "GitHub",
            GITHUB,
            {"google.subject": "assertion.sub", "attribute.repository_id": "assertion.repository_id"},
            "principalSet://iam.googleapis.com/{}/attribute.repository_id/123456789",
        ),
        (
            "GitLab",
            GITLAB,
            {"google.subject": "assertion.project_id"},
            "principal://iam.googleapis.com/{}/subject/12345678",
        ),
    ],
    ids=["github", "gitlab"],
)
def test_only_tokens_of_the_repository_may_deploy(
    fresh: Bake, home: Path, ci: str, mine: dict[str, str], mapping: dict[str, str], who: str
) -> None:
    """REFERENCE.md's lines for it; the token of one repository, branch and environment is let in, and no other."""
    require_tool("gcloud")
    project = fresh(ci=ci.lower())
    with fake_cloud(ready=False) as there:
        shown = printed(project, home, there, f"How do I deploy from {ci}?")
    [(name, provider)] = there.providers.items()
    assert shown.splitlines()[-1] == name.replace("my-project", NUMBER)
    pool = name.replace("my-project", NUMBER).removesuffix(f"/providers/{ci.lower()}")
    account = "projects/my-project/serviceAccounts/deployer@my-project.iam.gserviceaccount.com"
    assert provider["attributeMapping"] == mapping
    binding = {"role": "roles/iam.workloadIdentityUser", "members": [who.format(pool)]}
    assert there.policies[account]["bindings"] == [binding]
    assert trusts(provider["attributeCondition"], mine)
    for claim in mine.keys() - {"sub"}:
        assert not trusts(provider["attributeCondition"], {**mine, claim: "another"})
        assert not trusts(provider["attributeCondition"], {k: v for k, v in mine.items() if k != claim})


@posix_only
def test_cloud_build_deploys_as_the_deployer(fresh: Bake, home: Path) -> None:
    """main as the deployer; a pull request as an account that may write logs and nothing else."""
    require_tool("gcloud")
    project = fresh(ci="cloudbuild")
    with fake_cloud(ready=False) as there:
        printed(project, home, there, "How do I deploy from Cloud Build?")
    accounts = {}
    for trigger in there.triggers.values():
        [(event, about)] = [item for item in trigger["repositoryEventConfig"].items() if item[0] != "repository"]
        assert about["branch"] == "^main$" and (project / trigger["filename"]).is_file()
        accounts[event] = trigger["serviceAccount"].rpartition("/")[2].partition("@")[0]
    assert accounts == {"push": "deployer", "pullRequest": "tester"}
    logs = "roles/logging.logWriter"
    roles = {
        account: there.roles(f"serviceAccount:{account}@my-project.iam.gserviceaccount.com", "projects/my-project")
        for account in accounts.values()
    }
    assert roles == {"deployer": {logs}, "tester": {logs}}
    assert "my-project/secretmanager.googleapis.com" in there.services
    assert there.policies.keys() == {"projects/my-project"}
