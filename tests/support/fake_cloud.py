"""Deploying in tests: by the real gcloud, to a Google Cloud that exists on loopback only.

It has as much of the APIs as the printed lines ask for. It remembers what was made, and refuses what it does not know,
what the caller's roles do not allow, and what an account that a deployment names could not do.
"""

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.cloud_owner import Owner
from tests.support.cloud_rights import ADA, DEFAULT, KINDS, NUMBER, OWNER, Refused
from tests.support.gcloud import gcloud_server
from tests.support.loopback import loopback
from tests.support.pages import section
from tests.support.processes import environment, require_tool, run
from tests.support.questions import QUESTIONS
from tests.support.types import Done

APIS = (
    "CLOUDBUILD", "CLOUDFUNCTIONS", "CLOUDRESOURCEMANAGER", "CLOUDSCHEDULER", "CLOUDTASKS", "EVENTARC", "IAM", "LOGGING",
    "PUBSUB", "RUN", "SECRETMANAGER", "SERVICEUSAGE", "STORAGE",
)  # fmt: skip
# The identity token of Ada: gcloud reads the middle part.
TOKEN = ".".join(["e30", b64encode(b'{"aud": "x", "exp": 9999999999}').decode().rstrip("="), "e30"])


class FakeCloud(Owner):
    """Answers requests of gcloud; what they change is in the classes that it extends."""

    def __init__(self) -> None:
        super().__init__()
        self.archive = b""

    def resume(self, other: "FakeCloud") -> None:
        """Go on from what another cloud holds."""
        vars(self).update(deepcopy({name: value for name, value in vars(other).items() if name != "url"}))

    def environment(self) -> dict[str, str]:
        """Return the variables that point gcloud here, and nowhere else."""
        overrides = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"{self.url}/" for api in APIS}
        return {**overrides, "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true"}

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        """Return status and JSON of the answer to one request."""
        self.asked.append(f"{method} {path}")
        if path == "/upload":
            self.archive = body
            return 200, {}
        if found := re.match(r"/upload/storage/v1/b/([^/]+)/o\?", path):
            self.cause("bucket", found[1])
            # The parts are the object's metadata and its content. gcloud deletes what has another checksum.
            content = body.split(b"\n\n", 2)[2].rpartition(b"\n--")[0]
            made = {"bucket": found[1], "name": "hello.txt", "generation": "1"}
            return 200, {**made, "md5Hash": b64encode(md5(content).digest()).decode()}
        if path == "/token":
            return 200, {"access_token": "access", "id_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        if path.startswith("/call"):
            allowed = headers.get("Authorization") == f"Bearer {TOKEN}" and self.may_call(ADA, self.created["name"])
            return (200, {"called": path}) if allowed else (403, {})
        asked = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        resource = unquote(re.sub(r"^/((compute|storage)/)?v\d(beta\d)?/", "", asked.path))
        try:
            return 200, self.reply(method, resource, query, json.loads(body or b"{}"))
        except Refused as refused:
            status = {400: "FAILED_PRECONDITION", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS"}
            return refused.code, {
                "error": {"code": refused.code, "status": status[refused.code], "message": str(refused)}
            }

    def reply(self, method: str, resource: str, query: dict[str, str], body: dict[str, Any]) -> Mapping[str, Any]:
        resource, _, verb = resource.partition(":")
        parts = resource.split("/")
        project = "/".join(parts[:2])
        kind = parts[-2] if len(parts) > 1 else ""
        if kind in ("topics", "subscriptions") and method != "PUT":
            self.must_exist(resource)
        if kind == "secrets" and resource not in self.secrets:
            raise Refused(404, f"Secret {resource} not found")
        if verb in ("getIamPolicy", "setIamPolicy"):
            self.need(f"{KINDS[kind]}.{verb}", resource)
            if verb == "setIamPolicy":
                self.policies[resource] = body["policy"]
            return self.policies.get(resource, {})
        if verb == "generateUploadUrl":
            self.need("cloudfunctions.functions.sourceCodeSet", project)
            return {"uploadUrl": f"{self.url}/upload", "storageSource": {"bucket": "b", "object": "o"}}
        if kind == "projects" and not verb:
            self.need("resourcemanager.projects.get", resource)
            if self.caller.startswith("serviceAccount:"):
                self.enabled(parts[1], "cloudresourcemanager")
            return {"projectId": parts[1], "projectNumber": NUMBER, "lifecycleState": "ACTIVE"}
        if kind == "functions" or parts[-1] == "functions":
            return self.function(method, resource, query, body)
        if kind == "operations":
            self.need("cloudfunctions.operations.get", project)
            return self.operation(resource)
        if parts[-1] == "runtimes":
            names = [f"python{version.replace('.', '')}" for version in QUESTIONS["python_version"]]
            return {"runtimes": [{"name": name, "environment": "GEN_2", "stage": "GA"} for name in names]}
        if kind == "services" and not verb:
            self.need("serviceusage.services.get", project)
            return {"state": "ENABLED" if f"{parts[1]}/{parts[-1]}" in self.services else "DISABLED"}
        if parts[-1] == "defaultServiceAccount":
            return {"serviceAccountEmail": f"{project}/serviceAccounts/{DEFAULT}"}
        if self.caller != OWNER:
            raise Refused(403, f"{self.caller} may not {method} {resource}")
        return self.set_up(method, resource, verb, query, body)


@contextmanager
def fake_cloud(ready: bool = True) -> Iterator[FakeCloud]:
    """Serve a FakeCloud to gcloud until the block ends; its project `my-project` is set up or new. Skip without gcloud."""
    require_tool("gcloud")
    here = FakeCloud()
    if ready:
        here.prepare()
    with loopback(here.answer) as here.url:
        yield here


def gcloud_environment(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment in which gcloud starts without delay. To end its process, see plain_gcloud."""
    # Python has read these before it forks.
    assert not [name for name in variables if name.startswith("PYTHON")], "use plain_gcloud"
    return plain_gcloud(home, **gcloud_server(), **variables)


def plain_gcloud(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment with a configuration of gcloud in a home folder."""
    return environment(home, CLOUDSDK_CONFIG=str(home / "gcloud"), **variables)


def deploy(project: Path, home: Path, there: FakeCloud, *more: str, title: str = "Deploy it") -> Done:
    """Run the command that a project's page shows for a deployment."""
    command = shlex.split(section(project, title))
    return run(*command, *more, cwd=project, env=gcloud_environment(home, **there.environment()))
