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
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.cloud_events import transport
from tests.support.cloud_functions import Functions
from tests.support.cloud_rights import ADA, KINDS, NUMBER, OWNER, STORAGE_AGENT, Refused
from tests.support.gcloud import gcloud_server
from tests.support.pages import section
from tests.support.processes import environment, require_tool, run
from tests.support.questions import QUESTIONS
from tests.support.serving import loopback
from tests.support.types import Done

APIS = (
    "CLOUDBUILD", "CLOUDFUNCTIONS", "CLOUDRESOURCEMANAGER", "CLOUDSCHEDULER", "CLOUDTASKS", "EVENTARC", "IAM", "LOGGING",
    "PUBSUB", "RUN", "SECRETMANAGER", "SERVICEUSAGE", "STORAGE",
)  # fmt: skip
# The identity token of Ada: gcloud reads the middle part.
TOKEN = ".".join(["e30", b64encode(b'{"aud": "x", "exp": 9999999999}').decode().rstrip("="), "e30"])


class FakeCloud(Functions):
    """Answers requests of gcloud; what they do not change here is in the classes that it extends."""

    def __init__(self) -> None:
        super().__init__()
        self.archive = b""
        self.jobs: dict[str, dict[str, Any]] = {}
        self.queues: set[str] = set()
        # The address that each job and task calls, and the account that it calls as.
        self.targets: list[tuple[str, str]] = []
        self.providers: dict[str, dict[str, Any]] = {}
        self.triggers: dict[str, dict[str, Any]] = {}

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
            name = f"{NUMBER}-compute@developer.gserviceaccount.com"
            return {"serviceAccountEmail": f"{project}/serviceAccounts/{name}"}
        if self.caller != OWNER:
            raise Refused(403, f"{self.caller} may not {method} {resource}")
        return self.set_up(method, resource, verb, query, body)

    def set_up(
        self, method: str, resource: str, verb: str, query: dict[str, str], body: dict[str, Any]
    ) -> Mapping[str, Any]:
        """Do what only the owner of a project does."""
        parts = ["", *resource.split("/")]
        project = (resource.split("/") + [""])[1]
        done = {"name": f"{resource}/operations/one", "done": True, "response": {}}
        if verb in ("enable", "batchEnable"):
            # gcloud asks for one API by its path, for several in the body.
            self.services |= {f"{project}/{service}" for service in body.get("serviceIds", parts[-1:])}
            return {**done, "name": "operations/one"}
        if parts[-1] == "serviceAccounts" and method == "POST":
            self.enabled(project, "iam")
            email = f"{body['accountId']}@{project}.iam.gserviceaccount.com"
            if email in self.accounts:
                raise Refused(409, f"Service account {email} already exists")
            self.accounts.add(email)
            return {"name": f"{resource}/{email}", "email": email}
        if parts[-1] == "serviceAccount":
            return {"email_address": STORAGE_AGENT}
        if {"secrets", "versions"} & set(parts[-2:]):
            self.enabled(project, "secretmanager")
            return self.secret(method, resource, verb, query, body)
        if parts[-2] == "topics" and method == "PUT":
            self.enabled(project, "pubsub")
            self.topics.add(resource)
            return {"name": resource}
        if parts[-2] == "subscriptions":
            return self.subscription(method, resource, verb, body)
        if parts[-2] == "triggers" and method == "GET":
            # The one that a function got when it was made.
            return {"name": resource, "transport": {"pubsub": {"subscription": transport(resource)}}}
        if parts[-1] == "jobs" and method == "POST":
            self.jobs[body["name"]] = body
            target = body["httpTarget"]
            self.targets.append((target["uri"], target["oidcToken"]["serviceAccountEmail"]))
            return body
        if parts[-2] == "jobs" and verb == "run":
            return self.jobs[resource]
        if parts[-1] == "queues" and method == "POST":
            self.enabled(project, "cloudtasks")
            self.queues.add(body["name"])
            return body
        if parts[-1] == "tasks" and method == "POST":
            queue, request = resource.removesuffix("/tasks"), body["task"]["httpRequest"]
            if queue not in self.queues:
                raise Refused(404, f"Queue {queue} does not exist")
            self.targets.append((request["url"], request["oidcToken"]["serviceAccountEmail"]))
            return {**body["task"], "name": f"{resource}/1"}
        if resource == "entries" and verb == "list":
            return {"entries": []}
        if parts[-1] == "triggers" and method == "POST":
            account = body["serviceAccount"].rpartition("/")[2]
            if account not in self.accounts:
                raise Refused(404, f"Service account {account} does not exist")
            self.triggers[body["name"]] = body
            return {**body, "id": body["name"]}
        if parts[-1] == "workloadIdentityPools" and method == "POST":
            return done
        if parts[-1] == "providers" and method == "POST":
            self.providers[f"{resource}/{query['workloadIdentityPoolProviderId']}"] = body
            return done
        raise Refused(404, f"This cloud does not know {method} {resource}:{verb}")


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
    """Return an environment in which gcloud starts without delay. For a terminal, or a process to end, see plain_gcloud."""
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
