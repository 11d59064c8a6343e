"""Deployments, as a project's pages describe them."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any, Protocol

import yaml

from tests.support.fake_cloud import FakeCloud, gcloud_environment
from tests.support.folders import edit
from tests.support.pages import section
from tests.support.processes import check_output, run
from tests.support.questions import TRIGGERS, fact
from tests.support.types import Done

# A trigger for each way of calling a function.
ONE_OF_EACH_CONTRACT = list({fact(trigger, "contract"): trigger for trigger in reversed(TRIGGERS)}.values())[::-1]
DEPLOYER = "serviceAccount:deployer@my-project.iam.gserviceaccount.com"


SET_UP, CALL = "How do I prepare the project?", "Who may call the function?"
SECRET, STAGE = "How do I use a secret?", "How do I deploy to a second stage?"
EMULATOR, READ = "How do I try it with an emulator?", "How do I read the object?"
GITHUB, KEEP = "How do I deploy from GitHub?", "How do I keep events that keep failing?"


UNCOMMENTED = edit("deploy.yaml", "# --update-secrets:\n#   API_KEY", "--update-secrets:\n  API_KEY")


def flags(project: Path, *names: str) -> dict[str, Any]:
    """Return the flags in a project's files as gcloud puts them together: the last one counts, maps are merged."""
    result: dict[str, Any] = {}
    for name in names or ("deploy.yaml",):
        for flag, value in yaml.safe_load((project / name).read_text("utf-8")).items():
            result[flag] = {**result.get(flag, {}), **value} if isinstance(value, dict) else value
    return result


def described(function: dict[str, Any]) -> dict[str, Any]:
    """Return the flags that would create this function, exactly."""
    _, project, _, region, _, _ = function["name"].split("/")
    service, build, event = function["serviceConfig"], function["buildConfig"], function.get("eventTrigger")
    found: dict[str, Any] = {
        "--project": project,
        "--region": region,
        "--gen2": None,
        "--runtime": build["runtime"],
        "--source": ".",
        "--entry-point": build["entryPoint"],
        "--run-service-account": service["serviceAccountEmail"],
        "--build-service-account": build.get("serviceAccount"),
        "--cpu": int(service["availableCpu"]),
        "--memory": service["availableMemory"],
        "--concurrency": service["maxInstanceRequestConcurrency"],
        "--timeout": f"{service['timeoutSeconds']}s",
        "--max-instances": service["maxInstanceCount"],
        "--update-env-vars": service["environmentVariables"],
        "--quiet": None,
    }
    # gcloud and Firebase's CLI add labels of their own.
    own = [name for name in function.get("labels", {}) if not name.startswith(("deployment-", "firebase-"))]
    if own:
        found["--update-labels"] = {name: function["labels"][name] for name in own}
    if secrets := service.get("secretEnvironmentVariables"):
        found["--update-secrets"] = {one["key"]: f"{one['secret']}:{one['version']}" for one in secrets}
    if variables := build.get("environmentVariables"):
        found["--update-build-env-vars"] = variables
    if event is None:
        return found | {"--trigger-http": None}
    found |= {"--trigger-service-account": event["serviceAccountEmail"]}
    found |= {"--retry" if event["retryPolicy"] == "RETRY_POLICY_RETRY" else "--no-retry": None}
    found |= {"--trigger-location": event["triggerRegion"]} if "triggerRegion" in event else {}
    filters = event.get("eventFilters", [])
    if event["eventType"] == "google.cloud.pubsub.topic.v1.messagePublished":
        return found | {"--trigger-topic": event["pubsubTopic"].removeprefix(f"projects/{project}/topics/")}
    if event["eventType"] == "google.cloud.storage.object.v1.finalized":
        [bucket] = filters
        return found | {"--trigger-bucket": bucket["value"]}
    exact = {one["attribute"]: one["value"] for one in filters if "operator" not in one}
    patterns = {one["attribute"]: one["value"] for one in filters if "operator" in one}
    found["--trigger-event-filters"] = {"type": event["eventType"], **exact}
    return found | ({"--trigger-event-filters-path-pattern": patterns} if patterns else {})


def with_variables(project: Path, lines: str) -> str:
    """Put a page's variables before lines that use them."""
    return "".join(re.findall(r"(?m)^[A-Z]+=.*\n", section(project, SET_UP))) + lines


def shell(project: Path, home: Path, there: FakeCloud, *lines: str) -> Done:
    """Paste lines into one shell, after the variables of the page. What is typed is the value of a secret."""
    env = gcloud_environment(home, **there.environment())
    return run("sh", "-euc", with_variables(project, "".join(lines)), cwd=project, env=env, stdin="a value")


def paste(project: Path, home: Path, there: FakeCloud, *titles: str) -> str:
    """Paste sections of a project's pages into one shell; return the output."""
    return check_output(shell(project, home, there, *(section(project, title) for title in titles)))


class SetUp(Protocol):
    """Prepares a cloud as a project's page says, with a secret or without."""

    def __call__(self, project: Path, there: FakeCloud, secret: bool = False) -> None: ...


def own_lines(page: str, common: str) -> str:
    """Return what a page's lines have beyond common ones: APIs, and lines at the end. Nothing else may differ."""
    lines, shared = page.splitlines(keepends=True), common.splitlines(keepends=True)
    assert len(lines) >= len(shared)
    own = [(line, other) for line, other in zip(lines, shared, strict=False) if line != other]
    for line, other in own:
        assert line.startswith("gcloud services enable ") and set(other.split()) < set(line.split()), line
    return "".join([*(line for line, _ in own), *lines[len(shared) :]])


def archived(archive: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(archive)).namelist()
