"""The second way to deploy, docs/cloud-run.md: by the real gcloud, to a Cloud Run that exists on loopback only."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cloud_events import transport
from tests.support.cloud_rights import OWNER
from tests.support.cloud_run import URL, FakeCloudRun, fake_cloud_run
from tests.support.deploying import CALL, DEPLOYER, KEEP, UNCOMMENTED, SetUp, described, flags, shell
from tests.support.folders import append, edit
from tests.support.pages import blocks, page, section
from tests.support.processes import check_output, posix_only
from tests.support.questions import REGION, ROOT, TRIGGERS, fact
from tests.support.types import Bake, Gcloud

pytestmark = [pytest.mark.slow, posix_only]
PAGE = (ROOT / "docs" / "cloud-run.md").read_text("utf-8").replace("us-central1", REGION)
GRANT, CONVERT, DEPLOY, LET_IN, ADDRESS, LOG, MAKE, FIND = blocks(PAGE)
START, *EVENTS = blocks(PAGE, "yaml")
FILTERS = dict(zip(re.findall(r"(?m)^(?:Then add .*)?[Ff]or `(\w+)`", PAGE), EVENTS, strict=True))
BUILDS = edit("deploy.yaml", "# --update-build-env-vars:\n#   GOOGLE", "--update-build-env-vars:\n  GOOGLE")
NAME = f"projects/my-project/locations/{REGION}/services/hello-function"


def as_function(there: FakeCloudRun) -> dict[str, Any]:
    """Return the one service, its last build and its trigger as the function that `gcloud functions deploy` would make."""
    [(name, service)] = there.made.items()
    template = service["spec"]["template"]
    [container] = template["spec"]["containers"]
    build = there.builds[-1]
    plain = {one["name"]: one["value"] for one in container["env"] if "value" in one}
    secret = [(one["name"], one["valueFrom"]["secretKeyRef"]) for one in container["env"] if "valueFrom" in one]
    function: dict[str, Any] = {
        "name": f"projects/my-project/locations/{REGION}/functions/{name}",
        "labels": service["metadata"].get("labels", {}),
        "serviceConfig": {
            "serviceAccountEmail": template["spec"]["serviceAccountName"],
            "availableCpu": container["resources"]["limits"]["cpu"],
            "availableMemory": container["resources"]["limits"]["memory"],
            "maxInstanceRequestConcurrency": template["spec"]["containerConcurrency"],
            "timeoutSeconds": template["spec"]["timeoutSeconds"],
            "maxInstanceCount": int(template["metadata"]["annotations"]["autoscaling.knative.dev/maxScale"]),
            "environmentVariables": plain,
            "secretEnvironmentVariables": [
                {"key": key, "secret": one["name"], "version": one["key"]} for key, one in secret
            ],
        },
        "buildConfig": {
            "runtime": build["buildpackBuild"]["baseImage"],
            "entryPoint": build["buildpackBuild"]["functionTarget"],
            "serviceAccount": build["serviceAccount"],
            "environmentVariables": build["buildpackBuild"].get("environmentVariables", {}),
        },
    }
    for trigger in there.triggers.values():
        kind, *filters = trigger["eventFilters"]
        function["eventTrigger"] = {
            "eventType": kind["value"],
            "eventFilters": filters,
            "serviceAccountEmail": trigger["serviceAccount"],
            "retryPolicy": "RETRY_POLICY_RETRY",
        }
        if topic := trigger["transport"]["pubsub"].get("topic"):
            function["eventTrigger"]["pubsubTopic"] = topic
        else:
            function["eventTrigger"]["triggerRegion"] = trigger["name"].split("/")[3]
    return function


def write_trigger(project: Path, trigger: str) -> str:
    """Write trigger.yaml as the page has it; return the page's lines that make the trigger, none without events."""
    if fact(trigger, "contract") != "event":
        return ""
    append("trigger.yaml", START + FILTERS[trigger])(project)
    return MAKE


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_cloud_run_gets_the_same_function(fresh: Bake, home: Path, trigger: str) -> None:
    """What is in deploy.yaml arrives, all of it; the archive is that of the other way."""
    project = fresh(trigger=trigger)
    UNCOMMENTED(project)
    BUILDS(project)
    with fake_cloud_run() as there:
        check_output(shell(project, home, there, CONVERT + DEPLOY + write_trigger(project, trigger)))
        assert described(as_function(there)) == flags(project)
        # Nobody may call it yet.
        assert not [one for one in there.asked if "setIamPolicy" in one]
    names = zipfile.ZipFile(io.BytesIO(there.archive)).namelist()
    assert {"main.py", "requirements.txt", "localpackage/script.py"} <= set(names)
    assert not [name for name in names if name.startswith(("tests", "run.yaml", "trigger.yaml"))]
    # Nothing is left of what only the other command knows.
    text = (project / "run.yaml").read_text("utf-8")
    assert "What starts it" not in text and "functions deploy" not in text
    assert yaml.safe_load(text).keys().isdisjoint({"--gen2", "--runtime", "--entry-point", "--run-service-account"})


def test_windows_line_ends_convert_alike(fresh: Bake, home: Path) -> None:
    project = fresh(trigger="storage")
    texts = []
    with fake_cloud_run() as there:
        for end in (b"\n", b"\r\n"):
            file = project / "deploy.yaml"
            file.write_bytes(file.read_bytes().replace(b"\n", end))
            check_output(shell(project, home, there, CONVERT))
            texts.append((project / "run.yaml").read_bytes())
    assert texts[0] == texts[1] and b"--function: hello_function\n" in texts[0]


def test_next_deployment_changes_what_was_edited(fresh: Bake, home: Path) -> None:
    project = fresh(trigger="storage")
    with fake_cloud_run() as there:
        check_output(shell(project, home, there, CONVERT, DEPLOY, write_trigger(project, "storage")))
        edit("run.yaml", "--memory: 512Mi", "--memory: 1Gi")(project)
        check_output(shell(project, home, there, DEPLOY))
        assert described(as_function(there)) == {**flags(project), "--memory": "1Gi"}
        assert not [one for one in there.asked if "setIamPolicy" in one]


def test_each_role_of_the_page_is_needed(fresh: Bake, set_up: SetUp, home: Path) -> None:
    project = fresh(ci="github")
    with fake_cloud_run(ready=False) as there:
        set_up(project, there)
        policy = there.policies["projects/my-project"]
        before = len(policy["bindings"])
        check_output(shell(project, home, there, GRANT + CONVERT))
        policy = there.policies["projects/my-project"]
        granted = policy["bindings"][before:]
        assert len(granted) == 3
        there.caller = DEPLOYER
        for binding in granted:
            policy["bindings"].remove(binding)
            done = shell(project, home, there, DEPLOY)
            assert done.returncode and re.search("(?i)permission|denied|lacks", done.stdout), done.stdout
            assert not there.made
            policy["bindings"].append(binding)
        check_output(shell(project, home, there, DEPLOY))


@pytest.mark.parametrize("trigger", ["tasks", "storage"])
def test_page_from_a_new_project_to_the_first_call(fresh: Bake, set_up: SetUp, home: Path, trigger: str) -> None:
    """Whoever deploys has the roles that REFERENCE.md and the page print, and no others."""
    project = fresh(trigger=trigger, ci="github")
    make = write_trigger(project, trigger)
    with fake_cloud_run(ready=False) as there:
        set_up(project, there)
        check_output(shell(project, home, there, GRANT + CONVERT))
        there.caller = DEPLOYER
        check_output(shell(project, home, there, DEPLOY))
        there.caller = OWNER
        runner = "serviceAccount:runner@my-project.iam.gserviceaccount.com"
        assert not there.may_call(runner, NAME)
        check_output(shell(project, home, there, LET_IN))
        assert there.may_call("user:ada@example.com", NAME) and not there.may_call(runner, NAME)
        let_in = LET_IN.replace("user:ada@example.com", "serviceAccount:$RUNNER")
        job = "".join(re.findall(r"(?m)^gcloud (?:scheduler|tasks) .*\n", section(project, CALL)))
        check_output(shell(project, home, there, let_in + ADDRESS + job + make + LOG))
        assert there.may_call(runner, NAME)
        assert [url for url, _ in there.targets] == ([URL] if job else [])
        assert list(there.triggers) == (["hello-function"] if make else [])
        if make:
            # As REFERENCE.md finds the trigger of a function, so does this line.
            there.subscriptions[transport(there.triggers["hello-function"]["name"])] = {"topic": "one of Eventarc"}
            keep = blocks(page(project, KEEP))[0]
            first = keep.splitlines(keepends=True)[0]
            assert first.startswith("TRIGGER=")
            check_output(shell(project, home, there, keep.replace(first, FIND)))
            assert there.keeps_dead_letters(*[name for name in there.subscriptions if "eventarc" in name])


def test_gcloud_run_refuses_deploy_yaml(fresh: Bake, home: Path, gcloud: Gcloud) -> None:
    """Why there are two files."""
    project = fresh(trigger="storage")
    done = gcloud("run", "deploy", "hello-function", "--flags-file=deploy.yaml", cwd=project)
    assert done.returncode
    for flag in (
        "gen2",
        "runtime",
        "entry-point",
        "trigger-bucket",
        "trigger-location",
        "run-service-account",
        "retry",
    ):
        assert f"--{flag}" in done.stdout.partition("unrecognized arguments")[2]
