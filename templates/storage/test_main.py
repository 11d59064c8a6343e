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
    ("sample", "name", "size", "content_type"),
    [
        ("object.json", "photos/cat.jpg", 352941, "image/jpeg"),
        ("awkward-name.json", "Bilder 2026/größe & 日本 + 100%.jpg", 352941, "image/jpeg"),
        ("empty-object.json", "empty", 0, "application/octet-stream"),
    ],
)
def test_an_object(
    client: FlaskClient,
    headers: dict[str, str],
    handled: list[Any],
    logged: Logged,
    sample: str,
    name: str,
    size: int,
    content_type: str,
) -> None:
    assert client.post("/", headers=headers, data=body(sample)).status_code == 200
    [stored] = handled
    assert (stored.bucket, stored.name, stored.generation) == ("my-bucket", name, "1763805600123456")
    assert (stored.size, stored.content_type) == (size, content_type)
    assert (stored.source, stored.event_id) == (headers["ce-source"], headers["ce-id"])
    assert logged() == []


def test_the_work_is_logged_with_the_events_id(client: FlaskClient, headers: dict[str, str], logged: Logged) -> None:
    client.post("/", headers=headers, data=body("{{ fn.trigger.sample }}"))
    [entry] = logged()
    assert entry["severity"] == "INFO"
    assert entry["message"] == "gs://my-bucket/photos/cat.jpg: 352941 bytes of image/jpeg"
    assert entry["logging.googleapis.com/labels"] == {"event_id": headers["ce-id"]}


MALFORMED: list[tuple[bytes, dict[str, str], str]] = [
    (body("malformed.json"), {}, "size is not a number"),
    (b"", {}, "not a JSON object but NoneType"),
    (b"{", {}, "not a JSON object but bytes"),
    (b"\xff", {}, "not a JSON object but bytes"),
    (b"[]", {}, "not a JSON object but list"),
    (b"{}", {}, "bucket is missing"),
    (b'{"bucket": "b"}', {}, "name is missing"),
    (b'{"bucket": "", "name": "n"}', {}, "bucket is missing"),
    (b'{"bucket": "b", "name": 1}', {}, "name is not a string"),
    (b'{"bucket": "b", "name": "n", "generation": "1", "size": 1}', {}, "size is not a string"),
    (body("{{ fn.trigger.sample }}"), {"ce-type": "com.example.another"}, "its type is not"),
]


{% include "shared/test_delivery.py" %}
