"""The pages' lines, run by the real gcloud against a cloud on loopback that remembers and refuses."""

import compileall
import io
import re
import zipfile
from pathlib import Path

import pytest

from tests.support.cloud_functions import named
from tests.support.cloud_rights import OWNER
from tests.support.deploying import (
    CALL,
    DEPLOYER,
    EMULATOR,
    GITHUB,
    KEEP,
    ONE_OF_EACH_CONTRACT,
    READ,
    SECRET,
    SET_UP,
    STAGE,
    UNCOMMENTED,
    SetUp,
    described,
    flags,
    shell,
)
from tests.support.fake_cloud import deploy, fake_cloud
from tests.support.folders import append, edit
from tests.support.pages import blocks, both_pages, page, section
from tests.support.processes import check_output, posix_only
from tests.support.questions import REGION, TRIGGERS, fact
from tests.support.serving import check, served
from tests.support.types import Bake, Installed

pytestmark = [pytest.mark.slow, posix_only]
FUNCTION = f"projects/my-project/locations/{REGION}/functions/hello-function"


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_commands_from_a_new_project_to_the_first_call(
    fresh: Bake, installed: Installed, set_up: SetUp, tmp_path: Path, home: Path, trigger: str
) -> None:
    """Whoever deploys has the printed roles and no others; what was uploaded is installed from its lock and served."""
    project = fresh(trigger=trigger, ci="github")
    UNCOMMENTED(project)
    with fake_cloud(ready=False) as there:
        set_up(project, there, secret=True)
        there.caller = DEPLOYER
        before = len(there.asked)
        check_output(deploy(project, home, there))
        assert not [one for one in there.asked[before:] if "setIamPolicy" in one]
        assert described(there.created) == flags(project)
        there.caller = OWNER
        caller = f"serviceAccount:{named(there.created).get('trigger', 'runner@my-project.iam.gserviceaccount.com')}"
        caller = "user:ada@example.com" if fact(trigger, "contract") == "http" else caller
        assert not there.may_call(caller, FUNCTION)
        calling = re.sub(r"(?m)^curl .*\n", "", section(project, CALL))
        check_output(shell(project, home, there, calling))
        assert there.may_call(caller, FUNCTION)
        # The page says how to cause an event, unless it may be of many kinds, or gcloud cannot cause it.
        assert there.reached == ([FUNCTION] if trigger in ("pubsub", "storage") else [])
        if trigger == "storage":
            check_output(shell(project, home, there, section(project, READ)))
            assert there.roles(caller, "b/my-bucket/iam") == {"roles/storage.objectViewer"}
        assert [account for _, account in there.targets] == (
            [caller.partition(":")[2]] if "--oidc-service-account-email" in calling else []
        )
    arrived = tmp_path / "arrived"
    zipfile.ZipFile(io.BytesIO(there.archive)).extractall(arrived)
    assert compileall.compile_dir(arrived, quiet=1)
    with served(installed(arrived), arrived, "hello_function", home) as function:
        check(trigger, function)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_tests_run_every_printed_gcloud_line(bake: Bake, trigger: str) -> None:
    """test_pubsub.py runs those of EMULATOR, test_dead_letters.py those of KEEP."""
    project = bake(trigger=trigger, ci="github")
    own = {"pubsub": [EMULATOR], "storage": [READ]}.get(trigger, [])
    keep = [KEEP] if fact(trigger, "contract") == "event" else []
    titles = ("Deploy it", *own, SET_UP, CALL, *keep, SECRET, STAGE, GITHUB)
    shown, pasted = "".join(blocks(both_pages(project))), "".join(section(project, title) for title in titles)
    assert re.findall(r"(?m)^gcloud .*", shown) == re.findall(r"(?m)^gcloud .*", pasted)


def test_second_stage_differs_by_contract_only(bake: Bake) -> None:
    texts = {(fact(trigger, "contract"), page(bake(trigger=trigger, ci="github"), STAGE)) for trigger in TRIGGERS}
    assert len(texts) == len(ONE_OF_EACH_CONTRACT)


def test_commands_deploy_a_second_stage_and_update_it(fresh: Bake, bake: Bake, set_up: SetUp, home: Path) -> None:
    """What differs is in the files of the stages; whoever deploys has the roles that storage's page prints, no others."""
    projects = {
        name: fresh(trigger=name, ci="github", function_name=f"{name}-function") for name in ("http", "storage")
    }
    files = {tuple(blocks(page(project, STAGE), "yaml")): project for project in projects.values()}
    shown = {tuple(blocks(page(bake(trigger=trigger, ci="github"), STAGE), "yaml")) for trigger in TRIGGERS}
    assert shown == files.keys()
    with fake_cloud(ready=False) as there:
        set_up(projects["storage"], there, secret=True)
        lines = section(projects["storage"], SET_UP) + section(projects["storage"], SECRET)
        lines = lines.replace("gcloud iam service-accounts create deployer", ": ")
        check_output(shell(projects["storage"], home, there, lines.replace("PROJECT=my-project", "PROJECT=my-staging")))
        there.caller = DEPLOYER
        for (production, staging), project in files.items():
            UNCOMMENTED(project)
            text = (project / "deploy.yaml").read_text("utf-8")
            [own] = re.findall(r"(?m)^.*cloud_logging.*\n  GOOGLE_CLOUD_PROJECT: .*\n", text)
            edit("deploy.yaml", own, "")(project)
            append("deploy.prod.yaml", production)(project)
            append("deploy.staging.yaml", staging)(project)
            check_output(deploy(project, home, there, "--flags-file=deploy.prod.yaml"))
            for method in ("POST", "PATCH"):
                before = len(there.asked)
                check_output(deploy(project, home, there, title=STAGE))
                asked = there.asked[before:]
                assert [one for one in asked if one.startswith(method) and "/functions" in one], asked
                assert not [one for one in asked if "setIamPolicy" in one]
            for stage, file in (("my-staging", "deploy.staging.yaml"), ("my-project", "deploy.prod.yaml")):
                made = there.functions[f"projects/{stage}/locations/{REGION}/functions/{project.name}"]
                assert described(made) == flags(project, "deploy.yaml", file)
