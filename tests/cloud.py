"""Deploying in tests: by the real gcloud, to a Google Cloud that exists on loopback only.

That one has as much of the APIs as `gcloud functions deploy` asks for.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support import ROOT, TRIGGERS, environment, loopback, run

APIS = (
    "CLOUDFUNCTIONS",
    "CLOUDRESOURCEMANAGER",
    "SERVICEUSAGE",
    "CLOUDBUILD",
    "RUN",
    "EVENTARC",
    "PUBSUB",
    "STORAGE",
    "IAM",
)
NO_ACCOUNT = "You do not currently have an active account selected"
GIVEN = {
    "PROJECT": "demo", "SERVICE_ACCOUNT": "runner@demo.iam.gserviceaccount.com", "SECRETS": "API_KEY=api-key:latest,TOKEN=token:3",
    "ENV_VARS": "GREETING=it's a \"day\"", "INVOKER": "user:ada@example.com", "SCHEDULE": "0 6 * * *", "TOPIC": "my-topic",
    "BUCKET": "my-bucket", "PROJECT_NUMBER": "1", "DOCUMENT": "users/{id}",
    "EVENT_FILTERS": "type=google.cloud.audit.log.v1.written,serviceName=storage.googleapis.com,methodName=storage.buckets.create",
}  # fmt: skip
# Triggers whose requirements.txt is the same, byte for byte, install alike.
DISTINCT = list({(ROOT / "templates" / t / "requirements.txt").read_bytes(): t for t in reversed(TRIGGERS)}.values())
OPERATION = "projects/demo/locations/us-central1/operations/one"


class Cloud:
    """What was asked of it: the archive that was uploaded, and the requests that make a function."""

    def __init__(self) -> None:
        self.url = ""
        self.archive = b""
        self.created: dict[str, Any] = {}
        self.query = ""
        self.asked: list[str] = []

    def environment(self) -> dict[str, str]:
        """Return the variables that point gcloud here, and nowhere else."""
        overrides = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"{self.url}/" for api in APIS}
        return {**overrides, "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true"}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Mapping[str, Any]]:
        """Return status and JSON of the answer to one request."""
        self.asked.append(f"{method} {path}")
        if path.startswith("/upload"):
            self.archive = body
        elif ":generateUploadUrl" in path:
            return 200, {"uploadUrl": f"{self.url}/upload", "storageSource": {"bucket": "b", "object": "o"}}
        elif "/runtimes" in path:
            names = [f"python3{minor}" for minor in range(11, 15)]
            return 200, {"runtimes": [{"name": name, "environment": "GEN_2", "stage": "GA"} for name in names]}
        elif method == "POST" and "/functions?" in path:
            self.created, self.query = json.loads(body), path.partition("?")[2]
            return 200, {"name": OPERATION, "done": False}
        elif "/operations/" in path:
            kind = "type.googleapis.com/google.cloud.functions.v2."
            metadata = {"@type": f"{kind}OperationMetadata", "stages": []}
            return 200, {
                "name": OPERATION,
                "done": True,
                "metadata": metadata,
                "response": {"@type": f"{kind}Function"},
            }
        elif re.search(r"/functions/[^/:?]+\?", path):
            return (200, {**self.created, "state": "ACTIVE"}) if self.created else (404, {"error": {"code": 404}})
        elif "defaultServiceAccount" in path:
            return 200, {"serviceAccountEmail": "1-compute@developer.gserviceaccount.com"}
        elif "/services/" in path:
            return 200, {"state": "ENABLED"}
        elif re.match(r"/v1/projects/[^/]+\?", path):
            return 200, {"projectId": "demo", "projectNumber": "1", "lifecycleState": "ACTIVE"}
        return 200, {}


@contextmanager
def cloud() -> Iterator[Cloud]:
    """Serve a Cloud on a free port of 127.0.0.1 until the block ends."""

    here = Cloud()
    with loopback(here.answer) as here.url:
        yield here


def gcloud_environment(home: Path, **variables: str) -> dict[str, str]:
    mine = {"CLOUDSDK_CONFIG": str(home / "gcloud"), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    return environment(home, **{**mine, **variables})


def deploy(project: Path, home: Path, *arguments: str, **variables: str) -> Any:
    """Run a project's deploy.sh from another folder."""
    return run("sh", project / "deploy.sh", *arguments, cwd=home, env=gcloud_environment(home, **variables))
