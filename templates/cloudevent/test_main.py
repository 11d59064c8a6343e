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


def test_an_entry_of_the_audit_log(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged
) -> None:
    assert client.post("/", headers=headers, data=body("audit-log.json")).status_code == 200
    [received] = handled
    assert (received.type, received.subject) == (headers["ce-type"], headers["ce-subject"])
    assert (received.source, received.event_id) == (headers["ce-source"], headers["ce-id"])
    assert received.data["protoPayload"]["methodName"] == "storage.buckets.create"
    assert logged() == []


def test_an_event_without_subject_and_data(client: FlaskClient, headers: dict[str, str], handled: list[Any]) -> None:
    del headers["ce-subject"]
    assert client.post("/", headers=headers).status_code == 200
    assert [(received.subject, received.data) for received in handled] == [("", {})]


KEYS = "protoPayload, insertId, resource, timestamp, severity, logName, receiveTimestamp"


def test_the_work_is_logged_with_the_events_id(client: FlaskClient, headers: dict[str, str], logged: Logged) -> None:
    client.post("/", headers=headers, data=body("{{ fn.trigger.sample }}"))
    [entry] = logged()
    assert entry["severity"] == "INFO"
    assert entry["message"] == f"{headers['ce-type']} about {headers['ce-subject']} with {KEYS}"
    assert entry["logging.googleapis.com/labels"] == {"event_id": headers["ce-id"]}


MALFORMED: list[tuple[bytes, dict[str, str], str]] = [
    (body("malformed.json"), {}, "not a JSON object but bytes"),
    (b"\xff", {}, "not a JSON object but bytes"),
    (b"[]", {}, "not a JSON object but list"),
    (b"1", {}, "not a JSON object but int"),
]


{% include "shared/test_delivery.py" %}
