"""Eventarc in the cloud of the tests: the triggers that send a service of Cloud Run its events."""

from collections.abc import Mapping
from typing import Any

from tests.support.cloud_events import transport
from tests.support.cloud_rights import OWNER, PUBLISHER, RECEIVER, STORAGE_AGENT, Refused
from tests.support.fake_cloud import FakeCloud
from tests.support.questions import REGION

# What Eventarc wants to be told of events of a type.
ATTRIBUTES = {
    "google.cloud.pubsub.topic.v1.messagePublished": set(),
    "google.cloud.storage.object.v1.finalized": {"bucket"},
    "google.cloud.firestore.document.v1.written": {"database", "document"},
    "google.cloud.audit.log.v1.written": {"serviceName", "methodName"},
}


class Triggers(FakeCloud):
    """A FakeCloud with triggers of services; `made` are the services."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, dict[str, Any]] = {}

    def act_as(self, account: str) -> None:
        if account not in self.accounts:
            raise Refused(404, f"Service account {account} does not exist")
        self.need("iam.serviceAccounts.actAs", f"projects/my-project/serviceAccounts/{account}")

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
        if body["destination"]["cloudRun"] != {"service": "hello-function", "region": REGION} or not self.made:
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
