{% extends "shared/test_event.py" %}
{% block imports %}
import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.events.cloud.firestore import DocumentEventData
{% endblock %}
{% block samples %}
EVENT, MALFORMED = (
    bytes(DocumentEventData.serialize(DocumentEventData.from_json((EVENTS / name).read_text("utf-8"))))
    for name in ("event.json", "malformed.json")
)
TOO_LATE = DocumentEventData({"value": {"name": "users/ada", "fields": {"a": {"timestamp_value": {"seconds": 2**60}}}}})
{% endblock %}
{% block tests %}
NAME = "projects/my-project/databases/(default)/documents/users/ada"
ADA = {"name": NAME, "fields": {"name": {"string_value": "Ada"}}}
LOVELACE = {"name": NAME, "fields": {"name": {"string_value": "Ada Lovelace"}}}


def test_change_is_handled(client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged) -> None:
    assert client.post("/", headers=headers, data=EVENT).status_code == 200
    [change] = handled
    assert (change.document, change.kind, change.before) == (NAME, "created", None)
    assert change.after == {
        "name": "Ada",
        "born": datetime(1815, 12, 10, 12, 30, 0, 500_000, tzinfo=UTC),
        "age": 36,
        "height": 1.65,
        "active": True,
        "nickname": None,
        "picture": b"\x00\x01\xff",
        "home": (51.5, -0.14),
        "mentor": NAME.replace("ada", "mary"),
        "address": {"city": "London", "lines": ["12 St James's Square", 2, None]},
        "tags": [],
    }
    assert (change.source, change.event_id) == (headers["ce-source"], headers["ce-id"])
    assert logged() == []


@pytest.mark.parametrize(
    ("data", "kind", "before", "after"),
    [
        ({"value": ADA}, "created", None, {"name": "Ada"}),
        ({"old_value": ADA, "value": LOVELACE}, "updated", {"name": "Ada"}, {"name": "Ada Lovelace"}),
        ({"old_value": ADA}, "deleted", {"name": "Ada"}, None),
        ({"old_value": {}, "value": ADA}, "created", None, {"name": "Ada"}),
    ],
)
def test_kind_of_a_change(
    client: FlaskClient,
    headers: dict[str, str],
    handled: list[Any],
    data: dict[str, Any],
    kind: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    client.post("/", headers=headers, data=bytes(DocumentEventData.serialize(DocumentEventData(data))))
    [change] = handled
    assert (change.document, change.kind) == (NAME, kind)
    assert (change.before, change.after) == (before, after)


def test_json_is_read_as_protobuf_is(client: FlaskClient, headers: dict[str, str], handled: list[Any]) -> None:
    client.post("/", headers=headers, data=EVENT)
    text = (EVENTS / "event.json").read_bytes()
    client.post("/", headers={**headers, "Content-Type": "application/json"}, data=text)
    newer = {**json.loads(text), "fieldOfTheFuture": 1}
    client.post("/", headers=headers, json=newer)
    assert handled == handled[:1] * 3


@pytest.mark.parametrize("kind", ["written", "created", "updated", "deleted"])
def test_who_did_it(client: FlaskClient, headers: dict[str, str], handled: list[Any], kind: str) -> None:
    headers["ce-type"] = f"google.cloud.firestore.document.v1.{kind}"
    client.post("/", headers=headers, data=EVENT)
    headers |= {"ce-type": f"{headers['ce-type']}.withAuthContext", "ce-authtype": "unknown", "ce-authid": "ada"}
    client.post("/", headers=headers, data=EVENT)
    assert [(change.auth_type, change.auth_id) for change in handled] == [("", ""), ("unknown", "ada")]


def test_timestamps_are_cut_to_microseconds(client: FlaskClient, headers: dict[str, str], handled: list[Any]) -> None:
    times = {"first": "0001-01-01T00:00:00.000000999Z", "last": "9999-12-31T23:59:59.999999999Z"}
    fields = {name: {"timestampValue": time} for name, time in times.items()}
    client.post("/", headers=headers, json={"value": {"name": NAME, "fields": fields}})
    [change] = handled
    assert change.after == {"first": datetime.min.replace(tzinfo=UTC), "last": datetime.max.replace(tzinfo=UTC)}
{% endblock %}
{% block message %}
    assert entry["message"] == f"{NAME} was created"
{% endblock %}
{% block malformed %}
        (MALFORMED, "neither value nor old_value"),
        (b"", "not a JSON object but NoneType"),
        (b"\xff", "Error parsing message"),
        (b"[]", "not a JSON object but list"),
        (b"{}", "neither value nor old_value"),
        (b'{"value": {"name": 1}}', "Failed to parse value field"),
        (bytes(DocumentEventData.serialize(TOO_LATE)), "Timestamp is not valid"),
{% endblock %}
