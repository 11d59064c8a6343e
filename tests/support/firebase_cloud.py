"""The cloud on loopback as Firebase's CLI meets it: through a proxy, under the names of Google's hosts."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.certificates import certificate
from tests.support.cloud_rights import BUILDER, DEFAULT, NUMBER, OWNER, Refused
from tests.support.fake_cloud import FakeCloud, gcloud_environment
from tests.support.firebase_cli import firebase_cli
from tests.support.loopback import loopback
from tests.support.processes import run
from tests.support.questions import REGION
from tests.support.types import Done

# What the CLI wants of each project, whatever it deploys.
APIS = ("cloudresourcemanager", "cloudscheduler", "cloudtasks", "firebase", "firestore", "secretmanager", "storage")


class FirebaseCloud(FakeCloud):
    """A FakeCloud that Firebase knows too; it keeps each archive by its object, and the names of deleted functions."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__()
        self.url = "https://storage.googleapis.com"
        self.variables = dict(variables)
        self.archives: dict[str, bytes] = {}
        self.deleted: list[str] = []
        # The projects of Firebase.
        self.firebase: set[str] = set()
        self.repository: dict[str, Any] = {"name": f"projects/my-project/locations/{REGION}/repositories/gcf-artifacts"}

    def environment(self) -> dict[str, str]:
        """Return the variables that lead the CLI and gcloud here, and nowhere else."""
        return self.variables

    def prepare(self, project: str = "my-project") -> None:
        """Make what a deployment by the owner needs. The CLI cannot name a build account, so the default one builds."""
        super().prepare(project)
        self.firebase.add(f"projects/{project}")
        self.services |= {f"{project}/{api}.googleapis.com" for api in APIS}
        self.grant(f"projects/{project}", BUILDER, f"serviceAccount:{DEFAULT}")

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        if path in ("/cli.json", "/v1/token"):  # The news of the day; whoever signs in.
            return 200, {"access_token": "access", "expires_in": 3600, "token_type": "Bearer"}
        if path.startswith("/upload?"):
            self.archives[path.rpartition("=")[2]] = body
            return 200, {}
        # The CLI knows a project by its number too.
        return super().answer(method, path.replace(f"/projects/{NUMBER}", "/projects/my-project"), body, headers)

    def reply(self, method: str, resource: str, query: dict[str, str], body: dict[str, Any]) -> Mapping[str, Any]:
        name, _, verb = resource.partition(":")
        parts = ["", *name.split("/")]
        project = "/".join(parts[1:3])
        if verb == "addFirebase" and self.caller == OWNER:
            self.firebase.add(project)
            return {"name": f"operations/{parts[2]}"}
        if parts[1] == "operations":
            return {"done": True, "response": {"projectId": parts[2]}}
        if verb == "testIamPermissions":
            if parts[-2] == "serviceAccounts" and parts[-1] not in self.accounts:
                raise Refused(404, f"{name} does not exist")
            return {"permissions": [one for one in body["permissions"] if self.may(one, name)]}
        if verb == "generateUploadUrl":
            storage = {"bucket": "b", "object": f"{len(self.asked)}.zip"}
            answer = {**super().reply(method, resource, query, body), "storageSource": storage}
            return {**answer, "uploadUrl": f"{self.url}/upload?object={storage['object']}"}
        if parts[-1] == "adminSdkConfig":
            self.need("firebase.projects.get", project)
            self.enabled(parts[2], "firebase")
            if project not in self.firebase:
                raise Refused(404, f"{project} is no project of Firebase")
            return {"projectId": parts[2]}
        if verb == "generateServiceIdentity":
            self.need("serviceusage.services.enable", project)
            return {"name": f"{name}/operations/one", "done": True, "response": {}}
        if parts[-1] == "functions" and method == "GET":
            self.need("cloudfunctions.functions.list", project)
            # The first generation is asked for without a filter, and has none.
            return {"functions": list(self.functions.values()) if "filter" in query else []}
        if parts[-2] == "functions" and method == "DELETE":
            self.need("cloudfunctions.functions.delete", project)
            self.deleted.append(name)
            return {"name": "operations/one", "done": True, "response": self.functions.pop(name)}
        if name == self.repository["name"]:
            self.need(f"artifactregistry.repositories.{'get' if method == 'GET' else 'update'}", project)
            self.repository |= body
            return self.repository
        if parts[-2] == "jobs" and not verb:
            self.need(f"cloudscheduler.jobs.{'get' if method == 'GET' else 'update'}", project)
            if name not in self.jobs:
                raise Refused(404, f"{name} does not exist")
            self.jobs[name] |= body
            return self.jobs[name]
        if parts[-2] == "databases":
            return {"name": name, "locationId": REGION}
        if parts[-2] == "b":
            return {"name": parts[-1], "location": REGION.upper()}
        if name == project and method == "GET":
            return {**super().reply(method, resource, query, body), "defaultServiceAccount": DEFAULT}
        return super().reply(method, resource, query, body)


@contextmanager
def firebase_cloud(folder: Path, ready: bool = True) -> Iterator[FirebaseCloud]:
    """Serve a FirebaseCloud to gcloud and Firebase's CLI; its project `my-project` is set up or new.

    `folder` is for the files that a client needs.
    """
    tls, trusted = certificate(folder, "*.googleapis.com", "*.firebaseio.com")
    # As a CI signs in. The CLI's own way with the key of a service account goes past every proxy.
    (folder / "subject").write_text("one", "utf-8")
    signed_in = {
        "type": "external_account",
        "audience": "any",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": str(folder / "subject")},
    }
    (folder / "credentials.json").write_text(json.dumps(signed_in), "utf-8")
    here = FirebaseCloud(
        {
            "PATH": os.pathsep.join([str(firebase_cli().parent), os.environ["PATH"]]),
            "GOOGLE_APPLICATION_CREDENTIALS": str(folder / "credentials.json"),
            "NODE_EXTRA_CA_CERTS": str(trusted),
            "REQUESTS_CA_BUNDLE": str(trusted),
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        }
    )
    if ready:
        here.prepare()
    with loopback(here.answer, tls) as proxy:
        here.variables["HTTPS_PROXY"] = proxy
        yield here


def sh(lines: str, project: Path, home: Path, there: FirebaseCloud) -> Done:
    """Run lines of a page in a project; what they ask for is typed."""
    return run("sh", "-euc", lines, cwd=project, env=gcloud_environment(home, **there.environment()), stdin="a value")
