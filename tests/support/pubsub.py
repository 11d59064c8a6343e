"""Google's Pub/Sub emulator, and the dead letters that it pushes."""

import base64
import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.support.loopback import loopback
from tests.support.serving import Served
from tests.support.waiting import PATIENCE

ATTEMPTS = 5


def call(url: str, method: str, content: Any) -> Any:
    """Call the emulator's REST interface."""
    headers = {"Content-Type": "application/json"}
    sent = urllib.request.Request(url, json.dumps(content).encode(), headers, method=method)
    with urllib.request.urlopen(sent, timeout=PATIENCE) as answer:
        return json.loads(answer.read())


class Letters:
    """The dead letters that the emulator pushed to us: the text of each and its attributes."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.attributes: list[dict[str, str]] = []

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        message = json.loads(body)["message"]
        self.attributes.append(message["attributes"])
        self.texts.append(base64.b64decode(message["data"]).decode())
        return 200, {}


@contextmanager
def subscribed(there: str, topic: str, function: Served) -> Iterator[Letters]:
    """Let the emulator push the messages of a new topic to a function; yield the dead letters.

    There is no retry policy: with one, the emulator (0.8.20) now and then stops delivering a topic that has dead letters.
    """
    name = there.partition("/v1/")[2]
    letters = Letters()
    with loopback(letters.answer) as here:
        policy = {"deadLetterTopic": f"{name}/topics/{topic}-dead", "maxDeliveryAttempts": ATTEMPTS}
        subscriptions: dict[str, dict[str, Any]] = {
            f"{topic}-dead": {"pushConfig": {"pushEndpoint": here}},
            topic: {
                "pushConfig": {"pushEndpoint": f"{function.url}/{name}/topics/{topic}"},
                "deadLetterPolicy": policy,
            },
        }
        for one, more in subscriptions.items():
            call(f"{there}/topics/{one}", "PUT", {})
            # No answer is so late that a message comes again for that.
            more = {"topic": f"{name}/topics/{one}", "ackDeadlineSeconds": 600, **more}
            call(f"{there}/subscriptions/{one}", "PUT", more)
        yield letters


def publish(there: str, topic: str, messages: dict[str, dict[str, str]]) -> None:
    """Publish messages of some text and attributes."""
    given = [
        {"data": base64.b64encode(text.encode()).decode(), "attributes": {"a": "b", **attributes}}
        for text, attributes in messages.items()
    ]
    # Pub/Sub takes a thousand at once.
    for start in range(0, len(given), 1000):
        call(f"{there}/topics/{topic}:publish", "POST", {"messages": given[start : start + 1000]})
