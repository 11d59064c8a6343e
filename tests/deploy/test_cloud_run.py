"""The second way to deploy, docs/cloud-run.md: by the real gcloud, to a Cloud Run that exists on loopback only."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cloud_events import transport
from tests.support.cloud_rights import OWNER, PUBLISHER, RECEIVER, SECRETS, STORAGE_AGENT, Refused
from tests.support.deploying import CALL, DEPLOYER, KEEP, SET_UP, UNCOMMENTED, described, flags, paste, with_variables
from tests.support.fake_cloud import FakeCloud, gcloud_environment
from tests.support.folders import append, edit
from tests.support.pages import blocks, page, section
from tests.support.processes import check_output, posix_only, require_tool, run
from tests.support.questions import QUESTIONS, ROOT, TRIGGERS, fact
from tests.support.serving import loopback
from tests.support.types import Bake, Done, Gcloud

pytestmark = [pytest.mark.slow, posix_only]
PAGE = (ROOT / "docs" / "cloud-run.md").read_text("utf-8")
GRANT, CONVERT, DEPLOY, LET_IN, ADDRESS, MAKE, FIND = blocks(PAGE)
START, *EVENTS = blocks(PAGE, "yaml")
FILTERS = dict(zip(re.findall(r"(?m)^(?:Then add .*)?[Ff]or `(\w+)`", PAGE), EVENTS, strict=True))
BUILDS = edit("deploy.yaml", "# --update-build-env-vars:\n#   GOOGLE", "--update-build-env-vars:\n  GOOGLE")
NAME = "projects/my-project/locations/us-central1/services/hello-function"
URL = "https://hello-function.example.com"
# Of what a public copy of Google's roles lists for each, the permissions that a request here needs.
# https://github.com/iann0036/iam-dataset/tree/main/gcp/roles
ROLES = {
    "roles/run.sourceDeveloper": {
        "artifactregistry.repositories.create", "artifactregistry.repositories.get", "cloudbuild.builds.create",
        "cloudbuild.operations.get", "run.services.create", "run.services.get", "run.services.update",
        "storage.buckets.create", "storage.buckets.get", "storage.buckets.list", "storage.objects.create",
    },
    "roles/serviceusage.serviceUsageConsumer": {"serviceusage.services.use"},
    "roles/iam.serviceAccountUser": {"iam.serviceAccounts.get"},
}  # fmt: skip
# What Eventarc wants to be told of events of a type.
ATTRIBUTES = {
    "google.cloud.pubsub.topic.v1.messagePublished": set(),
    "google.cloud.storage.object.v1.finalized": {"bucket"},
    "google.cloud.firestore.document.v1.written": {"database", "document"},
    "google.cloud.audit.log.v1.written": {"serviceName", "methodName"},
}


class FakeCloudRun(FakeCloud):
    """A FakeCloud that also builds and runs services, and sends them events."""

    def __init__(self) -> None:
        super().__init__()
        self.repositories: set[str] = set()
        self.buckets: set[str] = set()
        self.builds: list[dict[str, Any]] = []
        self.made: dict[str, dict[str, Any]] = {}
        self.triggers: dict[str, dict[str, Any]] = {}

    def environment(self) -> dict[str, str]:
        # gcloud puts the region before the host: us-central1-127.0.0.1 is found by a proxy only.
        host, port = self.url.removeprefix("http://").split(":")
        proxy = {"TYPE": "http_no_tunnel", "ADDRESS": host, "PORT": port}
        return {
            **super().environment(),
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY": f"{self.url}/",
            **{f"CLOUDSDK_PROXY_{name}": value for name, value in proxy.items()},
        }

    def need(self, permission: str, resource: str) -> None:
        if not any(permission in ROLES.get(role, ()) for role in self.roles(self.caller, resource)):
            super().need(permission, resource)

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        path = re.sub("^http://[^/]+", "", path)
        if not path.startswith("/upload/storage/"):
            return super().answer(method, path, body, headers)
        # Two parts: a description, then the archive.
        self.archive = body[body.index(b"PK") :]
        size = re.findall(rb'"size": "(\d+)"', body)[0].decode()
        return 200, {"bucket": path.split("/")[5], "name": "source.zip", "generation": "1", "size": size}

    def reply(self, method: str, resource: str, query: dict[str, str], body: dict[str, Any]) -> Mapping[str, Any]:
        path, _, verb = resource.partition(":")
        parts = ["", *path.split("/")]
        project = "projects/my-project"
        if parts[-1] == "b" or parts[-2] == "b":
            return self.bucket(method, parts[-1], body)
        if "namespaces" in parts:
            return self.service(method, parts[-1] if method != "POST" else body["metadata"]["name"], body)
        if verb == "testIamPermissions":
            # The rights that gcloud would offer to change, were it not quiet.
            return {"permissions": body["permissions"]}
        if verb == "submit":
            return self.build(body)
        if parts[-2:] == ["operations", "build"]:
            self.need("cloudbuild.operations.get", project)
            done = {"id": "build", "status": "SUCCESS", "results": {"images": [{"digest": digest(len(self.builds))}]}}
            kind = "type.googleapis.com/google.devtools.cloudbuild.v1.Build"
            return {"name": path, "done": True, "response": {"@type": kind, "name": f"{path}/build", **done}}
        if parts[-2] == "serviceAccounts" and method == "GET":
            self.need("iam.serviceAccounts.get", f"{project}/serviceAccounts/{parts[-1]}")
            if parts[-1] not in self.accounts:
                raise Refused(404, f"Service account {parts[-1]} does not exist")
            return {"email": parts[-1]}
        if "repositories" in parts:
            return self.repository(method, query.get("repositoryId", parts[-1]))
        if "triggers" in parts:
            return self.trigger(method, query.get("triggerId", parts[-1]), body)
        if parts[-2:] == ["operations", "repository"]:
            return {"name": path, "done": True, "response": {"name": path}}
        if parts[-2:] == ["operations", "trigger"]:
            return {"name": path, "done": True, "response": self.triggers["hello-function"]}
        return super().reply(method, resource, query, body)

    def bucket(self, method: str, name: str, body: dict[str, Any]) -> Mapping[str, Any]:
        verb = "create" if method == "POST" else "list" if name == "b" else "get"
        self.need(f"storage.buckets.{verb}", "projects/my-project")
        if verb == "list":
            return {"items": [{"id": one, "name": one} for one in self.buckets]}
        if verb == "create":
            self.buckets.add(body["name"])
        elif name not in self.buckets:
            raise Refused(404, name)
        return {"name": name}

    def repository(self, method: str, name: str) -> Mapping[str, Any]:
        self.need(f"artifactregistry.repositories.{'get' if method == 'GET' else 'create'}", "projects/my-project")
        if method == "POST":
            self.repositories.add(name)
            return {"name": "projects/my-project/locations/us-central1/operations/repository", "done": False}
        if name not in self.repositories:
            raise Refused(404, name)
        return {"name": name, "format": "DOCKER"}

    def act_as(self, account: str) -> None:
        if account not in self.accounts:
            raise Refused(404, f"Service account {account} does not exist")
        self.need("iam.serviceAccounts.actAs", f"projects/my-project/serviceAccounts/{account}")

    def build(self, body: dict[str, Any]) -> Mapping[str, Any]:
        self.need("cloudbuild.builds.create", "projects/my-project")
        self.need("serviceusage.services.use", "projects/my-project")
        self.enabled("my-project", "artifactregistry", "cloudbuild", "run")
        account = body["serviceAccount"].rpartition("/")[2]
        self.act_as(account)
        if "roles/run.builder" not in self.roles(f"serviceAccount:{account}", "projects/my-project"):
            raise Refused(403, f"Build failed: {account} lacks roles/run.builder")
        image = body["buildpackBuild"]["baseImage"]
        if image not in [f"python{version.replace('.', '')}" for version in QUESTIONS["python_version"]]:
            raise Refused(400, f"There is no base image {image}")
        if not self.archive:
            raise Refused(404, "Nothing was uploaded")
        self.builds.append(body)
        place = "projects/my-project/locations/us-central1"
        build = {"id": "build", "projectId": "my-project", "name": f"{place}/builds/build", "logUrl": URL}
        kind = "type.googleapis.com/google.devtools.cloudbuild.v1.BuildOperationMetadata"
        operation = {"name": f"{place}/operations/build", "metadata": {"@type": kind, "build": build}}
        return {"buildOperation": operation, "baseImageUri": image}

    def service(self, method: str, name: str, body: dict[str, Any]) -> Mapping[str, Any]:
        """Return a service; make or change it, as Knative describes one."""
        verb = {"GET": "get", "POST": "create", "PUT": "update"}[method]
        self.need(f"run.services.{verb}", "projects/my-project")
        if (method == "POST") == (name in self.made):
            raise Refused(404 if method != "POST" else 409, name)
        if method != "GET":
            spec = body["spec"]["template"]["spec"]
            [container] = spec["containers"]
            self.act_as(spec["serviceAccountName"])
            if not container["image"].endswith(digest(len(self.builds))):
                raise Refused(404, f"There is no image {container['image']}")
            for secret in (one["valueFrom"]["secretKeyRef"]["name"] for one in container["env"] if "valueFrom" in one):
                place = f"projects/my-project/secrets/{secret}"
                if SECRETS not in self.roles(f"serviceAccount:{spec['serviceAccountName']}", place):
                    raise Refused(403, f"Permission denied on secret {place} for {spec['serviceAccountName']}")
            ready = [{"type": kind, "status": "True"} for kind in ("Ready", "ConfigurationsReady", "RoutesReady")]
            traffic = [{"percent": 100, "revisionName": "one", "latestRevision": True}]
            revision = {"latestCreatedRevisionName": "one", "latestReadyRevisionName": "one", "traffic": traffic}
            self.made[name] = {**body, "status": {"conditions": ready, "url": URL, "observedGeneration": 1, **revision}}
            self.made[name]["metadata"] |= {"generation": 1, "resourceVersion": "1"}
        return self.made[name]

    def trigger(self, method: str, name: str, body: dict[str, Any]) -> Mapping[str, Any]:
        """Return a trigger, or the operation that makes it."""
        if method == "GET":
            made = self.triggers[name]
            subscription = {"subscription": transport(made["name"])}
            return {**made, "transport": {"pubsub": {**made["transport"]["pubsub"], **subscription}}}
        if self.caller != OWNER:
            raise Refused(403, f"{self.caller} may not make triggers")
        self.enabled("my-project", "eventarc", "pubsub")
        self.act_as(body["serviceAccount"])
        if body["destination"]["cloudRun"] != {"service": "hello-function", "region": "us-central1"} or not self.made:
            raise Refused(404, f"There is no service {body['destination']}")
        filters = {one["attribute"]: one["value"] for one in body["eventFilters"]}
        kind = filters.pop("type")
        if filters.keys() != ATTRIBUTES[kind]:
            raise Refused(400, f"Events of type {kind} are filtered by {ATTRIBUTES[kind]}, not by {filters.keys()}")
        if ("firestore" in kind) != (body.get("eventDataContentType") == "application/protobuf"):
            raise Refused(400, f"Events of type {kind} do not come as {body.get('eventDataContentType')}")
        if "pubsub" not in kind and RECEIVER not in self.roles(
            f"serviceAccount:{body['serviceAccount']}", body["name"]
        ):
            raise Refused(403, f"Permission eventarc.events.receiveEvent denied for {body['serviceAccount']}")
        if "storage.object" in kind and PUBLISHER not in self.roles(f"serviceAccount:{STORAGE_AGENT}", body["name"]):
            raise Refused(403, f"{STORAGE_AGENT} is unable to publish to Pub/Sub topics")
        self.triggers[name] = body
        return {"name": f"{body['name'].partition('/triggers/')[0]}/operations/trigger", "done": False}


def digest(build: int) -> str:
    """Return what names the image of a build, the first being 1."""
    return f"sha256:{build:064}"


def as_function(there: FakeCloudRun) -> dict[str, Any]:
    """Return the one service, its last build and its trigger as the function that `gcloud functions deploy` would make."""
    [(name, service)] = there.made.items()
    template = service["spec"]["template"]
    [container] = template["spec"]["containers"]
    build = there.builds[-1]
    plain = {one["name"]: one["value"] for one in container["env"] if "value" in one}
    secret = [(one["name"], one["valueFrom"]["secretKeyRef"]) for one in container["env"] if "valueFrom" in one]
    function: dict[str, Any] = {
        "name": f"projects/my-project/locations/us-central1/functions/{name}",
        "serviceConfig": {
            "serviceAccountEmail": template["spec"]["serviceAccountName"],
            "availableCpu": container["resources"]["limits"]["cpu"],
            "availableMemory": container["resources"]["limits"]["memory"],
            "maxInstanceRequestConcurrency": template["spec"]["containerConcurrency"],
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


@contextmanager
def fake_cloud_run(ready: bool = True) -> Iterator[FakeCloudRun]:
    """Serve a FakeCloudRun on a free port of 127.0.0.1 until the block ends, with a project that is set up or new."""
    there = FakeCloudRun()
    if ready:
        there.prepare()
        there.grant(
            "projects/my-project", "roles/run.builder", "serviceAccount:builder@my-project.iam.gserviceaccount.com"
        )
        runner = "serviceAccount:runner@my-project.iam.gserviceaccount.com"
        there.grant("projects/my-project/secrets/api-key", SECRETS, runner)
    with loopback(there.answer) as there.url:
        yield there


def shell(project: Path, home: Path, there: FakeCloudRun, lines: str) -> Done:
    """Run lines of the page in a function's folder, after the variables of its REFERENCE.md."""
    env = gcloud_environment(home, **there.environment())
    return run("sh", "-euc", with_variables(project, lines), cwd=project, env=env)


def write_trigger(project: Path, trigger: str) -> str:
    """Write trigger.yaml as the page has it; return the page's lines that make the trigger, none without events."""
    if fact(trigger, "contract") != "event":
        return ""
    append("trigger.yaml", START + FILTERS[trigger])(project)
    return MAKE


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_cloud_run_gets_the_same_function(fresh: Bake, home: Path, trigger: str) -> None:
    """What is in deploy.yaml arrives, all of it, twice, and changes no rights; the archive is that of the other way."""
    require_tool("gcloud")
    project = fresh(trigger=trigger)
    UNCOMMENTED(project)
    BUILDS(project)
    with fake_cloud_run() as there:
        check_output(shell(project, home, there, CONVERT + DEPLOY + write_trigger(project, trigger)))
        assert described(as_function(there)) == flags(project)
        edit("run.yaml", "--memory: 512Mi", "--memory: 1Gi")(project)
        check_output(shell(project, home, there, DEPLOY))
        assert described(as_function(there)) == {**flags(project), "--memory": "1Gi"}
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


@pytest.mark.parametrize("trigger", ["tasks", "storage"])
def test_page_from_a_new_project_to_the_first_call(fresh: Bake, home: Path, trigger: str) -> None:
    """Whoever deploys has the roles that REFERENCE.md and the page print, and no others; none is printed in vain."""
    require_tool("gcloud")
    project = fresh(trigger=trigger, ci="github")
    make = write_trigger(project, trigger)
    with fake_cloud_run(ready=False) as there:
        paste(project, home, there, SET_UP)
        before = len(there.policies["projects/my-project"]["bindings"])
        check_output(shell(project, home, there, GRANT + CONVERT))
        there.caller = DEPLOYER
        policy = there.policies["projects/my-project"]
        granted = policy["bindings"][before:]
        assert len(granted) == 3
        for binding in granted:
            policy["bindings"].remove(binding)
            done = shell(project, home, there, DEPLOY)
            assert done.returncode and re.search("(?i)permission|denied|lacks", done.stdout), done.stdout
            assert not there.made
            policy["bindings"].append(binding)
        check_output(shell(project, home, there, DEPLOY))
        there.caller = OWNER
        runner = "serviceAccount:runner@my-project.iam.gserviceaccount.com"
        assert not there.may_call(runner, NAME)
        check_output(shell(project, home, there, LET_IN))
        assert there.may_call("user:ada@example.com", NAME) and not there.may_call(runner, NAME)
        let_in = LET_IN.replace("user:ada@example.com", "serviceAccount:$RUNNER")
        job = "".join(re.findall(r"(?m)^gcloud (?:scheduler|tasks) .*\n", section(project, CALL)))
        check_output(shell(project, home, there, let_in + ADDRESS + job + make))
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
