"""What CI runs to deploy a project: its commands as they are, against a cloud on loopback."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.support.cloud_rights import NUMBER
from tests.support.fake_cloud import FakeCloud, fake_cloud, gcloud_environment
from tests.support.folders import append
from tests.support.processes import check_output, environment, posix_only, run
from tests.support.questions import REGION
from tests.support.types import Bake, Done
from tests.support.workflows import scripts

pytestmark = [pytest.mark.slow, posix_only]
REGION_OF = {"": REGION, "staging": "europe-west4", "prod": "europe-west1"}
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


@pytest.mark.parametrize(
    ("ci", "stages"),
    [("github", []), ("github", ["staging"]), ("github", ["staging", "prod"]), ("gitlab", []), ("cloudbuild", [])],
    ids=str,
)
def test_commands_of_the_deploy_job(fresh: Bake, home: Path, ci: str, stages: list[str]) -> None:
    """Its commands as they stand, against a cloud on loopback: staging, if it has a file, then production."""
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


def test_failed_staging_does_not_reach_production(fresh: Bake, home: Path) -> None:
    project = fresh(ci="github")
    append(
        "deploy.staging.yaml",
        "--build-service-account: projects/my-project/serviceAccounts/runner@my-project.iam.gserviceaccount.com\n",
    )(project)
    with fake_cloud() as there:
        assert deploys(project, "github", home, there).returncode
    assert not there.functions


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
