"""What only the owner of a project does in the cloud of the tests: APIs, accounts, jobs, queues, triggers, identity pools."""

from collections.abc import Mapping
from typing import Any

from tests.support.cloud_events import transport
from tests.support.cloud_functions import Functions
from tests.support.cloud_rights import DEFAULT, STORAGE_AGENT, Refused


class Owner(Functions):
    """Keeps what the owner makes."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.queues: set[str] = set()
        # The address that each job and task calls, and the account that it calls as.
        self.targets: list[tuple[str, str]] = []
        self.pools: set[str] = set()
        # What identity pools trust.
        self.providers: dict[str, dict[str, Any]] = {}
        self.triggers: dict[str, dict[str, Any]] = {}

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
            if f"{project}/compute.googleapis.com" in self.services:
                self.accounts.add(DEFAULT)
            return {**done, "name": "operations/one"}
        if parts[-1] == "serviceAccounts" and method == "POST":
            self.enabled(project, "iam")
            email = f"{body['accountId']}@{project}.iam.gserviceaccount.com"
            if email in self.accounts:
                raise Refused(409, f"Service account {email} already exists")
            self.accounts.add(email)
            return {"name": f"{resource}/{email}", "email": email}
        if parts[1] == "b" and parts[-1] == "iam":
            if method == "PUT":
                self.policies[resource] = {"bindings": body["bindings"]}
            return self.policies.get(resource, {})
        if parts[-1] == "serviceAccount":
            return {"email_address": STORAGE_AGENT}
        if {"secrets", "versions"} & set(parts[-2:]):
            self.enabled(project, "secretmanager")
            return self.secret(method, resource, verb, query, body)
        if parts[-2] == "topics" and verb == "publish":
            self.cause("topic", resource)
            return {"messageIds": ["1"]}
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
            [where] = body["resourceNames"]
            self.enabled(where.removeprefix("projects/"), "logging")
            return {"entries": []}
        if parts[-1] == "triggers" and method == "POST":
            account = body["serviceAccount"].rpartition("/")[2]
            if account not in self.accounts:
                raise Refused(404, f"Service account {account} does not exist")
            self.triggers[body["name"]] = body
            return {**body, "id": body["name"]}
        if parts[-1] in ("workloadIdentityPools", "providers") and method == "POST":
            [made] = [f"{resource}/{value}" for name, value in query.items() if name.startswith("workloadIdentityPool")]
            if made in {*self.pools, *self.providers}:
                raise Refused(409, f"{made} already exists")
            if parts[-1] == "providers":
                self.providers[made] = body
            else:
                self.pools.add(made)
            return done
        if parts[-2] == "providers" and method == "PATCH":
            # Fields of fields are listed too, such as oidc.issuerUri.
            fields = {field.partition(".")[0] for field in query["updateMask"].split(",")}
            self.providers[resource] |= {field: body[field] for field in fields}
            return done
        raise Refused(404, f"This cloud does not know {method} {resource}:{verb}")
