"""Tests of the function as the framework serves it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

EVENTS = Path(__file__).resolve().parent.parent / "events"


def body(sample: str) -> bytes:
    """Return a sample as it is sent."""
    return (EVENTS / sample).read_bytes()


{% include "shared/test_event_start.py" %}


@pytest.mark.parametrize(
    ("sample", "content", "attributes"),
    [
        ("text.json", "Grüße", {"language": "de"}),
        ("json.json", {"name": "Ada"}, {}),
        ("attributes-only.json", "", {"kind": "ping"}),
        ("empty.json", "", {}),
        ("not-utf8.json", b"\xff\xfe\x00", {}),
    ],
)
def test_a_message(
    client: FlaskClient,
    headers: dict[str, str],
    handled: list[Any],
    logged: Logged,
    sample: str,
    content: object,
    attributes: dict[str, str],
) -> None:
    assert client.post("/", headers=headers, data=body(sample)).status_code == 200
    [message] = handled
    assert (message.content(), message.attributes) == (content, attributes)
    assert (message.source, message.event_id) == (headers["ce-source"], headers["ce-id"])
    assert message.message_id == "9876543210"
    assert logged() == []


@pytest.mark.parametrize("spelling", ["messageId", "message_id"])
def test_either_spelling_of_the_id(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], spelling: str
) -> None:
    client.post("/", headers=headers, json={"message": {spelling: "1"}})
    assert [message.message_id for message in handled] == ["1"]


def test_the_work_is_logged_with_the_events_id(client: FlaskClient, headers: dict[str, str], logged: Logged) -> None:
    client.post("/", headers=headers, data=body("text.json"))
    [entry] = logged()
    assert entry["severity"] == "INFO"
    assert entry["message"] == "Message 9876543210: 7 bytes of str"
    assert entry["logging.googleapis.com/labels"] == {"event_id": headers["ce-id"]}


MALFORMED: list[tuple[bytes, dict[str, str], str]] = [
    (body("malformed.json"), {}, "base64"),
    (b"", {}, "no JSON object but NoneType"),
    (b"{", {}, "no JSON object but bytes"),
    (b"\xff", {}, "no JSON object but bytes"),
    (b"[]", {}, "no JSON object but list"),
    (b"{}", {}, "it carries no message"),
    (b'{"message": "text"}', {}, "it carries no message"),
    (b'{"message": {"data": 1}}', {}, "data is no text"),
    (b'{"message": {"messageId": 1}}', {}, "messageId is no text"),
    (b'{"message": {"attributes": ["a"]}}', {}, "attributes are no texts by name"),
    (b'{"message": {"attributes": {"a": 1}}}', {}, "attributes are no texts by name"),
    (body("{{ fn.trigger.sample }}"), {"ce-type": "com.example.another"}, "its type is not"),
]


{% include "shared/test_delivery.py" %}
