"""Who may do what in the cloud of the tests: accounts, the roles that they have, and enabled APIs."""

from typing import TypedDict

OWNER, ADA = "user:owner@example.com", "user:ada@example.com"
NUMBER = "123456789"
STORAGE_AGENT = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
PUBSUB_AGENT = f"service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
# Compute Engine makes it when its API is enabled.
DEFAULT = f"{NUMBER}-compute@developer.gserviceaccount.com"
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
# The APIs that each function needs.
ALWAYS = ("artifactregistry", "cloudbuild", "cloudfunctions", "run")


class Binding(TypedDict):
    """A role, and who has it."""

    role: str
    members: list[str]


class Policy(TypedDict, total=False):
    """Who has which role on something."""

    bindings: list[Binding]


class Refused(Exception):
    """An error that the cloud answers."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Rights:
    """Projects with their APIs, accounts and policies; `caller` is whom gcloud has signed in."""

    def __init__(self) -> None:
        self.caller = OWNER
        self.services: set[str] = set()
        self.accounts: set[str] = set()
        self.policies: dict[str, Policy] = {}

    def prepare(self, project: str = "my-project") -> None:
        """Make what a deployment by the owner needs, without the printed lines."""
        apis = (*ALWAYS, "eventarc", "logging", "pubsub", "storage")
        self.services |= {f"{project}/{api}.googleapis.com" for api in apis}
        self.accounts |= {DEFAULT, *(f"{name}@{project}.iam.gserviceaccount.com" for name in ("runner", "builder"))}
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

    def enabled(self, project: str, *names: str) -> None:
        """Refuse if an API has not been enabled."""
        if missing := [name for name in names if f"{project}/{name}.googleapis.com" not in self.services]:
            raise Refused(403, f"{missing[0]} API has not been used in project {project} before or it is disabled.")

    def may_call(self, member: str, name: str) -> bool:
        """Whether somebody may call a function."""
        return "roles/run.invoker" in self.roles(member, name.replace("/functions/", "/services/"))
