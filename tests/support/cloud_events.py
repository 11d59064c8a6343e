"""Pub/Sub in the cloud of the tests: topics, and the subscriptions by which Eventarc delivers events."""

from collections.abc import Mapping
from typing import Any

from tests.support.cloud_rights import PUBLISHER, PUBSUB_AGENT, SUBSCRIBER, Refused, Rights


class Events(Rights):
    """Topics and subscriptions; `kept` is what is pulled from any of them."""

    def __init__(self) -> None:
        super().__init__()
        self.topics: set[str] = set()
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.kept: list[dict[str, Any]] = []

    def must_exist(self, resource: str) -> None:
        """Refuse if a topic or subscription has not been made."""
        if resource not in {*self.topics, *self.subscriptions}:
            raise Refused(404, f"{resource} does not exist")

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


def transport(trigger: str) -> str:
    """Return the subscription that Eventarc made for a trigger."""
    _, project, _, region, _, name = trigger.split("/")
    return f"projects/{project}/subscriptions/eventarc-{region}-{name}-sub-001"
