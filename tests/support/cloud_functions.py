"""Functions in the cloud of the tests and their secrets: how they are made and changed, and why that may fail."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.support.cloud_events import Events, transport
from tests.support.cloud_rights import ALWAYS, BUILDER, DEFAULT, PUBLISHER, RECEIVER, SECRETS, STORAGE_AGENT, Refused


class Functions(Events):
    """Functions and the operations that make them; `asked` has each request so far."""

    def __init__(self) -> None:
        super().__init__()
        self.url = ""
        self.asked: list[str] = []
        self.functions: dict[str, dict[str, Any]] = {}
        # The values of each secret.
        self.secrets: dict[str, list[str]] = {}
        # For each operation its function, and why it failed.
        self.operations: dict[str, tuple[str, str]] = {}
        # The functions that got the events which somebody caused.
        self.reached: list[str] = []

    @property
    def created(self) -> dict[str, Any]:
        """The one function that there is."""
        [function] = self.functions.values()
        return function

    def function(self, method: str, resource: str, query: dict[str, str], body: dict[str, Any]) -> Mapping[str, Any]:
        """Return a function, or the operation that makes or changes it."""
        project = "/".join(resource.split("/")[:2])
        verb = {"GET": "get", "POST": "create", "PATCH": "update"}[method]
        self.need(f"cloudfunctions.functions.{verb}", project)
        name = f"{resource}/{query['functionId']}" if method == "POST" else resource
        if (method == "POST") == (name in self.functions):
            raise Refused(404 if method != "POST" else 409, name)
        if method == "GET":
            return self.functions[name]
        self.enabled(resource.split("/")[1], *ALWAYS, *(["eventarc", "pubsub"] if body.get("eventTrigger") else []))
        wanted = (
            changed(self.functions[name], body, query["updateMask"]) if method == "PATCH" else {**body, "name": name}
        )
        accounts = named(wanted)
        for account in accounts.values():
            place = f"{project}/serviceAccounts/{account}"
            if account not in self.accounts:
                raise Refused(404, f"Service account {account} does not exist")
            self.need("iam.serviceAccounts.actAs", place)
        operation = f"{'/'.join(resource.split('/')[:4])}/operations/{len(self.asked)}"
        failed = self.fails(project, wanted, accounts)
        self.operations[operation] = name, failed
        if not failed:
            service = {"service": name.replace("/functions/", "/services/"), **wanted["serviceConfig"]}
            more = {"state": "ACTIVE", "environment": "GEN_2", "url": f"{self.url}/call"}
            self.functions[name] = {**wanted, "serviceConfig": service, **more}
            if event := self.functions[name].get("eventTrigger"):
                event["trigger"] = f"{'/'.join(name.split('/')[:4])}/triggers/{name.rpartition('/')[2]}-012345"
                push = {
                    "pushEndpoint": f"{self.url}/call?__GCP_CloudEventsMode=ANY",
                    "oidcToken": {"serviceAccountEmail": accounts["trigger"], "audience": f"{self.url}/call"},
                }
                made = {"topic": event.get("pubsubTopic", "a topic of Eventarc"), "pushConfig": push}
                self.subscriptions.setdefault(transport(event["trigger"]), made)
        return {"name": operation, "done": False}

    def operation(self, name: str) -> Mapping[str, Any]:
        """Return how the creation of a function ended."""
        kind = "type.googleapis.com/google.cloud.functions.v2."
        metadata = {"@type": f"{kind}OperationMetadata", "stages": []}
        function, failed = self.operations[name]
        made = {"@type": f"{kind}Function", **self.functions.get(function, {})}
        end = {"error": {"code": 3, "message": failed}} if failed else {"response": made}
        return {"name": name, "done": True, "metadata": metadata, **end}

    def cause(self, kind: str, source: str) -> None:
        """Deliver an event of a topic or bucket to the functions whose triggers fit, and whose accounts may call them."""
        for name, function in self.functions.items():
            event = function.get("eventTrigger", {})
            filters = {one["attribute"]: one["value"] for one in event.get("eventFilters", [])}
            fits = source == (event.get("pubsubTopic") if kind == "topic" else filters.get("bucket"))
            if fits and self.may_call(f"serviceAccount:{named(function)['trigger']}", name):
                self.reached.append(name)

    def fails(self, project: str, wanted: dict[str, Any], accounts: dict[str, str]) -> str:
        """Say why the creation of a function fails; an empty string if it does not."""
        roles = {what: self.roles(f"serviceAccount:{account}", project) for what, account in accounts.items()}
        if BUILDER not in roles["build"]:
            return f"Build failed: {accounts['build']} lacks {BUILDER}"
        for secret in wanted["serviceConfig"].get("secretEnvironmentVariables", []):
            self.enabled(project.partition("/")[2], "secretmanager")
            place = f"{project}/secrets/{secret['secret']}"
            if not self.secrets.get(place):
                return f"Secret {place}/versions/{secret['version']} was not found"
            if SECRETS not in self.roles(f"serviceAccount:{accounts['run']}", place):
                return f"Permission denied on secret {place} for {accounts['run']}"
        kind = wanted.get("eventTrigger", {}).get("eventType", "google.cloud.pubsub")
        if not kind.startswith("google.cloud.pubsub") and RECEIVER not in roles["trigger"]:
            return f"Permission eventarc.events.receiveEvent denied for {accounts['trigger']}"
        publishes = PUBLISHER in self.roles(f"serviceAccount:{STORAGE_AGENT}", project)
        if kind.startswith("google.cloud.storage") and not publishes:
            return f"{STORAGE_AGENT} is unable to publish to Pub/Sub topics"
        return ""

    def secret(
        self, method: str, name: str, verb: str, query: dict[str, str], body: dict[str, Any]
    ) -> Mapping[str, Any]:
        """Return a secret or the newest of its versions; make them."""
        if method == "POST" and not verb:
            name = f"{name}/{query['secretId']}"
            self.secrets[name] = []
        secret = name.partition("/versions/")[0]
        if secret not in self.secrets:
            raise Refused(404, f"Secret {secret} not found")
        if verb == "addVersion":
            self.secrets[secret].append(body["payload"]["data"])
        version = {
            "name": f"{secret}/versions/{len(self.secrets[secret])}",
            "state": "ENABLED",
            # gcloud sends a checksum, and wants to hear that it was compared.
            "clientSpecifiedPayloadChecksum": "dataCrc32c" in body.get("payload", {}),
        }
        return version if verb or secret != name else {"name": secret, "replication": {}}


def named(wanted: dict[str, Any]) -> dict[str, str]:
    """Return the accounts that a function runs as, is built as and is delivered events as."""
    service, build, trigger = (wanted.get(part, {}) for part in ("serviceConfig", "buildConfig", "eventTrigger"))
    accounts = {
        "run": service.get("serviceAccountEmail", DEFAULT),
        "build": build.get("serviceAccount", DEFAULT).rpartition("/")[2],
    }
    return accounts | ({"trigger": trigger.get("serviceAccountEmail", DEFAULT)} if trigger else {})


def changed(function: dict[str, Any], body: dict[str, Any], mask: str) -> dict[str, Any]:
    """Return a function with the fields that a mask names as a request has them."""
    result: dict[str, Any] = json.loads(json.dumps(function))
    for path in mask.split(","):
        *above, last = (re.sub(r"_(\w)", lambda found: found[1].upper(), part) for part in path.split("."))
        into, out = result, body
        for part in above:
            into, out = into.setdefault(part, {}), out.get(part, {})
        into.pop(last, None)
        if last in out:
            into[last] = out[last]
    return result
