"""Cloud Run in the cloud of the tests: buckets, images, builds and services."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.support.cloud_rights import SECRETS, Refused
from tests.support.cloud_triggers import Triggers
from tests.support.loopback import loopback
from tests.support.processes import require_tool
from tests.support.questions import QUESTIONS, REGION

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


class FakeCloudRun(Triggers):
    """A FakeCloud that also builds and runs services, and sends them events."""

    def __init__(self) -> None:
        super().__init__()
        self.repositories: set[str] = set()
        self.buckets: set[str] = set()
        self.builds: list[dict[str, Any]] = []

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
            return {"name": f"projects/my-project/locations/{REGION}/operations/repository", "done": False}
        if name not in self.repositories:
            raise Refused(404, name)
        return {"name": name, "format": "DOCKER"}

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
        place = f"projects/my-project/locations/{REGION}"
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


def digest(build: int) -> str:
    """Return what names the image of a build, the first being 1."""
    return f"sha256:{build:064}"


@contextmanager
def fake_cloud_run(ready: bool = True) -> Iterator[FakeCloudRun]:
    """Serve a FakeCloudRun to gcloud until the block ends; its project is set up or new. Skip without gcloud."""
    require_tool("gcloud")
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
