"""Tests of the function as the framework serves it."""

import base64
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


def test_data_that_is_nested_too_deep_is_text(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged
) -> None:
    data = base64.b64encode(b"[" * 100_000).decode()
    assert client.post("/", headers=headers, json={"message": {"data": data}}).status_code == 200
    assert [message.content() for message in handled] == ["[" * 100_000]


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
    (b"", {}, "not a JSON object but NoneType"),
    (b"{", {}, "not a JSON object but bytes"),
    (b"\xff", {}, "not a JSON object but bytes"),
    (b"[]", {}, "not a JSON object but list"),
    (b"{}", {}, "it carries no message"),
    (b'{"message": "text"}', {}, "it carries no message"),
    (b'{"message": {"data": 1}}', {}, "data is not a string"),
    (b'{"message": {"data": false}}', {}, "data is not a string"),
    (b'{"message": {"messageId": 1}}', {}, "messageId is not a string"),
    (b'{"message": {"attributes": false}}', {}, "attributes is not a map of strings"),
    (b'{"message": {"attributes": ["a"]}}', {}, "attributes is not a map of strings"),
    (b'{"message": {"attributes": {"a": 1}}}', {}, "attributes is not a map of strings"),
    (body("{{ fn.trigger.sample }}"), {"ce-type": "com.example.another"}, "its type is not"),
]


{% include "shared/test_delivery.py" %}
