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
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.gcloud import gcloud_server
from tests.support.pages import section
from tests.support.processes import environment, run
from tests.support.questions import QUESTIONS
from tests.support.serving import loopback
from tests.support.types import Done

APIS = (
    "CLOUDBUILD", "CLOUDFUNCTIONS", "CLOUDRESOURCEMANAGER", "CLOUDSCHEDULER", "CLOUDTASKS", "EVENTARC", "IAM", "LOGGING",
    "PUBSUB", "RUN", "SECRETMANAGER", "SERVICEUSAGE", "STORAGE",
)  # fmt: skip
OWNER, ADA = "user:owner@example.com", "user:ada@example.com"
# The identity token of Ada: gcloud reads the middle part.
TOKEN = ".".join(["e30", b64encode(b'{"aud": "x", "exp": 9999999999}').decode().rstrip("="), "e30"])
NUMBER = "123456789"
STORAGE_AGENT = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
PUBSUB_AGENT = f"service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
BUILDER, RECEIVER = "roles/cloudbuild.builds.builder", "roles/eventarc.eventReceiver"
PUBLISHER, SUBSCRIBER = "roles/pubsub.publisher", "roles/pubsub.subscriber"
SECRETS = "roles/secretmanager.secretAccessor"
# Of what Google's page on roles lists for a role (November 2026), the permissions that a request here needs.
# https://docs.cloud.google.com/functions/docs/reference/iam/roles
ROLES = {
    "roles/cloudfunctions.developer": {
        "cloudfunctions.functions.create", "cloudfunctions.functions.get", "cloudfunctions.functions.sourceCodeSet",
        "cloudfunctions.functions.update", "cloudfunctions.operations.get", "resourcemanager.projects.get",
        "run.services.get", "run.services.getIamPolicy", "serviceusage.services.get",
    },
    "roles/iam.serviceAccountUser": {"iam.serviceAccounts.actAs"},
}  # fmt: skip
KINDS = {
    "serviceAccounts": "iam.serviceAccounts",
    "secrets": "secretmanager.secrets",
    "services": "run.services",
    "projects": "resourcemanager.projects",
    "topics": "pubsub.topics",
    "subscriptions": "pubsub.subscriptions",
}
ALWAYS = ("artifactregistry", "cloudbuild", "cloudfunctions", "run")


class Refused(Exception):
    """An error that the cloud answers."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class FakeCloud:
    """Projects with their APIs, accounts, policies and functions; `caller` is whom gcloud has signed in."""

    def __init__(self) -> None:
        self.url = ""
        self.caller = OWNER
        self.archive = b""
        self.asked: list[str] = []
        self.services: set[str] = set()
        self.accounts: set[str] = set()
        self.policies: dict[str, dict[str, Any]] = {}
        self.functions: dict[str, dict[str, Any]] = {}
        # For each operation its function, and why it failed.
        self.operations: dict[str, tuple[str, str]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        # The values of each secret.
        self.secrets: dict[str, list[str]] = {}
        self.queues: set[str] = set()
        # The address that each job and task calls, and the account that it calls as.
        self.targets: list[tuple[str, str]] = []
        self.providers: dict[str, dict[str, Any]] = {}
        self.triggers: dict[str, dict[str, Any]] = {}
        self.topics: set[str] = set()
        # What is pulled from any subscription.
        self.kept: list[dict[str, Any]] = []
        self.subscriptions: dict[str, dict[str, Any]] = {}

    @property
    def created(self) -> dict[str, Any]:
        """The one function that there is."""
        [function] = self.functions.values()
        return function

    def environment(self) -> dict[str, str]:
        """Return the variables that point gcloud here, and nowhere else."""
        overrides = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"{self.url}/" for api in APIS}
        return {**overrides, "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true"}

    def prepare(self, project: str = "my-project") -> None:
        """Make what a deployment by the owner needs, without the printed lines."""
        self.services |= {f"{project}/{api}.googleapis.com" for api in (*ALWAYS, "eventarc", "pubsub", "storage")}
        self.accounts |= {f"{name}@{project}.iam.gserviceaccount.com" for name in ("runner", "builder")}
        for role, account in (
            (BUILDER, f"builder@{project}.iam.gserviceaccount.com"),
            (RECEIVER, f"runner@{project}.iam.gserviceaccount.com"),
            (PUBLISHER, STORAGE_AGENT),
        ):
            self.grant(f"projects/{project}", role, f"serviceAccount:{account}")

    def grant(self, resource: str, role: str, member: str) -> None:
        self.policies.setdefault(resource, {}).setdefault("bindings", []).append({"role": role, "members": [member]})

    def roles(self, member: str, resource: str) -> set[str]:
        """Return the roles that somebody has on a resource or its project."""
        policies = [self.policies.get(of, {}) for of in {resource, "/".join(resource.split("/")[:2])}]
        bindings = [binding for policy in policies for binding in policy.get("bindings", [])]
        return {binding["role"] for binding in bindings if {member, "allUsers"} & set(binding["members"])}

    def may(self, permission: str, resource: str) -> bool:
        """Whether the caller has a role with a permission; the owner has them all."""
        granted = set().union(*(ROLES.get(role, set()) for role in self.roles(self.caller, resource)))
        return self.caller == OWNER or permission in granted

    def need(self, permission: str, resource: str) -> None:
        """Refuse the caller who has no role with a permission."""
        if not self.may(permission, resource):
            raise Refused(403, f"Permission '{permission}' denied on '{resource}' for {self.caller}")

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
        if (
            kind in ("topics", "subscriptions")
            and method != "PUT"
            and resource not in {*self.topics, *self.subscriptions}
        ):
            raise Refused(404, f"{resource} does not exist")
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

    def subscription(self, method: str, name: str, verb: str, body: dict[str, Any]) -> Mapping[str, Any]:
        """Return a subscription, or its messages; make or change it."""
        if verb == "pull":
            return {"receivedMessages": self.kept}
        wanted = {**self.subscriptions.get(name, {}), "name": name}
        if method == "PATCH":
            mask = body["updateMask"].split(",")
            wanted |= {field: value for field, value in body["subscription"].items() if field in mask}
        elif method == "PUT":
            wanted |= body
        topics = {wanted["topic"]} if method == "PUT" else set()
        topics |= {wanted["deadLetterPolicy"]["deadLetterTopic"]} if "deadLetterPolicy" in wanted else set()
        if missing := topics - self.topics:
            raise Refused(404, f"Topics {missing} do not exist")
        self.subscriptions[name] = wanted
        return wanted

    def keeps_dead_letters(self, name: str) -> bool:
        """Whether Pub/Sub moves what a subscription cannot deliver to a topic, and a subscription of that keeps it."""
        topic = self.subscriptions[name].get("deadLetterPolicy", {}).get("deadLetterTopic")
        agent = f"serviceAccount:{PUBSUB_AGENT}"
        kept = topic in [one["topic"] for one in self.subscriptions.values()]
        return kept and PUBLISHER in self.roles(agent, topic) and SUBSCRIBER in self.roles(agent, name)

    def enabled(self, project: str, *names: str) -> None:
        """Refuse if an API has not been enabled."""
        if missing := [name for name in names if f"{project}/{name}.googleapis.com" not in self.services]:
            raise Refused(403, f"{missing[0]} API has not been used in project {project} before or it is disabled.")

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
            if account not in self.accounts and not account.startswith(NUMBER):
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

    def may_call(self, member: str, name: str) -> bool:
        """Whether somebody may call a function."""
        return "roles/run.invoker" in self.roles(member, name.replace("/functions/", "/services/"))


def named(wanted: dict[str, Any]) -> dict[str, str]:
    """Return the accounts that a function runs as, is built as and is delivered events as."""
    default = f"{NUMBER}-compute@developer.gserviceaccount.com"
    service, build, trigger = (wanted.get(part, {}) for part in ("serviceConfig", "buildConfig", "eventTrigger"))
    accounts = {
        "run": service.get("serviceAccountEmail", default),
        "build": build.get("serviceAccount", default).rpartition("/")[2],
    }
    return accounts | ({"trigger": trigger.get("serviceAccountEmail", default)} if trigger else {})


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


def transport(trigger: str) -> str:
    """Return the subscription that Eventarc made for a trigger."""
    _, project, _, region, _, name = trigger.split("/")
    return f"projects/{project}/subscriptions/eventarc-{region}-{name}-sub-001"


@contextmanager
def fake_cloud(ready: bool = True) -> Iterator[FakeCloud]:
    """Serve a FakeCloud on a free port of 127.0.0.1 until the block ends; its project `my-project` is set up or new."""
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
