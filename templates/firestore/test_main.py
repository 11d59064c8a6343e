"""Tests of the function as the framework serves it."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.events.cloud.firestore import DocumentEventData

EVENTS = Path(__file__).resolve().parent.parent / "events"


def body(sample: str) -> bytes:
    """Return a sample as it is sent."""
    data = DocumentEventData.from_json((EVENTS / sample).read_text("utf-8"))
    return bytes(DocumentEventData.serialize(data))


{% include "shared/test_event_start.py" %}


NAME = "projects/my-project/databases/(default)/documents/users/ada"
CREATED = {
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


@pytest.mark.parametrize(
    ("sample", "kind", "before", "after"),
    [
        ("created.json", "created", None, CREATED),
        ("updated.json", "updated", {"name": "Ada"}, {"name": "Ada Lovelace"}),
        ("deleted.json", "deleted", {"name": "Ada"}, None),
    ],
)
def test_a_change(
    client: FlaskClient,
    headers: dict[str, str],
    handled: list[Any],
    logged: Logged,
    sample: str,
    kind: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    assert client.post("/", headers=headers, data=body(sample)).status_code == 200
    [change] = handled
    assert (change.document, change.kind) == (NAME, kind)
    assert (change.before, change.after) == (before, after)
    assert (change.source, change.event_id) == (headers["ce-source"], headers["ce-id"])
    assert logged() == []


def test_the_work_is_logged_with_the_events_id(client: FlaskClient, headers: dict[str, str], logged: Logged) -> None:
    client.post("/", headers=headers, data=body("{{ fn.trigger.sample }}"))
    [entry] = logged()
    assert entry["severity"] == "INFO"
    assert entry["message"] == f"{NAME} was created"
    assert entry["logging.googleapis.com/labels"] == {"event_id": headers["ce-id"]}


TOO_LATE = DocumentEventData({"value": {"fields": {"a": {"timestamp_value": {"seconds": 2**60}}}}})
MALFORMED: list[tuple[bytes, dict[str, str], str]] = [
    (body("malformed.json"), {}, "neither old nor new"),
    (b"", {}, "not protobuf but NoneType"),
    (b"\xff", {}, "Error parsing message"),
    (b"{}", {}, "not protobuf but dict"),
    (bytes(DocumentEventData.serialize(TOO_LATE)), {}, "Timestamp is not valid"),
    (body("{{ fn.trigger.sample }}"), {"ce-type": "com.example.another"}, "its type is not"),
]


{% include "shared/test_delivery.py" %}
