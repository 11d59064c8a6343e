"""Tests of the function as the framework serves it."""

{% block imports %}
import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
{% endblock %}

LOGIC = "{{ fn.logic }}"
EVENTS = Path(__file__).resolve().parent.parent / "events"
{% block samples %}
EVENT = (EVENTS / "event.json").read_bytes()
MALFORMED = (EVENTS / "malformed.json").read_bytes()
{% endblock %}
Logged = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def handled(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the logic is given. It does not run."""
    handled: list[Any] = []
    monkeypatch.setattr(f"{LOGIC}.handle", handled.append)
    return handled


{% block tests %}
{% endblock %}


def test_work_is_logged_with_the_event_id(client: FlaskClient, headers: dict[str, str], logged: Logged) -> None:
    assert client.post("/", headers=headers, data=EVENT).status_code == 200
    entries = logged()
    assert [entry["severity"] for entry in entries] == ["INFO"], entries
    [entry] = entries
{% block message %}
{% endblock %}
    assert entry["logging.googleapis.com/labels"] == {"event_id": headers["ce-id"]{{ ', "subject": headers["ce-subject"]' if cookiecutter.trigger != 'pubsub' }}}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
{% block malformed %}
{% endblock %}
    ],
)
def test_malformed_event_is_logged_and_acknowledged(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged, data: bytes, reason: str
) -> None:
    assert client.post("/", headers=headers, data=data).status_code == 200
    [entry] = logged()
    assert entry["severity"] == "ERROR" and reason in entry["message"]
    assert headers["ce-id"] in entry["message"] and headers["ce-type"] in entry["message"]
    assert entry["logging.googleapis.com/labels"]["event_id"] == headers["ce-id"]
    assert handled == []


{% block other_type %}
def test_event_of_another_type_is_delivered_again(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged
) -> None:
    headers["ce-type"] = "com.example.another"
    assert client.post("/", headers=headers, data=EVENT).status_code == 500
    [entry] = logged()
    assert entry["severity"] == "ERROR" and "but com.example.another: change the trigger" in entry["message"]
    assert handled == []


{% endblock %}
@pytest.mark.parametrize("attribute", ["id", "source"])
def test_event_is_malformed_if_id_or_source_is_not_a_string(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], logged: Logged, attribute: str
) -> None:
    event = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
    structured = {**event, attribute: 1, "data_base64": base64.b64encode(EVENT).decode()}
    response = client.post("/", json=structured, headers={"Content-Type": "application/cloudevents+json"})
    assert response.status_code == 200
    assert [entry["severity"] for entry in logged()] == ["ERROR"]
    assert handled == []


def test_exception_asks_for_another_delivery(
    client: FlaskClient, headers: dict[str, str], logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ValueError("the database is away")

    monkeypatch.setattr(f"{LOGIC}.handle", fail)
    assert client.post("/", headers=headers, data=EVENT).status_code == 500
    [entry] = logged()
    assert entry["severity"] == "ERROR" and "the database is away" in entry["message"]
    assert entry["logging.googleapis.com/labels"]["event_id"] == headers["ce-id"]


# 500 leaves the event to the dead-letter topic; 200 acknowledges it.
@pytest.mark.parametrize(("dead_letter", "status"), [("", 200), ("false", 200), ("true", 500)])
def test_dead_letter_topic_gets_what_can_never_be_handled(
    request: pytest.FixtureRequest,
    headers: dict[str, str],
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
    dead_letter: str,
    status: int,
) -> None:
    monkeypatch.setenv("DEAD_LETTER", dead_letter)
    # Only now: the function reads the variable when it starts.
    client = request.getfixturevalue("client")

    def refuse(_: object) -> None:
        import delivery

        raise delivery.Unprocessable("the order is unknown")

    monkeypatch.setattr(f"{LOGIC}.handle", refuse)
    assert client.post("/", headers=headers, data=EVENT).status_code == status
    [entry] = logged()
    assert entry["severity"] == "ERROR" and "the order is unknown" in entry["message"]
    assert entry["logging.googleapis.com/labels"]["event_id"] == headers["ce-id"]


@pytest.mark.parametrize(
    ("limit", "dead_letter", "status", "severities"),
    [
        ("60", "", 200, ["WARNING"]),
        ("60", "true", 500, ["ERROR"]),
        ("1e12", "true", 200, []),
        ("", "", 200, []),
    ],
)
def test_old_event_is_dropped_if_there_is_a_limit(
    request: pytest.FixtureRequest,
    headers: dict[str, str],
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    dead_letter: str,
    status: int,
    severities: list[str],
) -> None:
    monkeypatch.setenv("MAX_EVENT_AGE_SECONDS", limit)
    monkeypatch.setenv("DEAD_LETTER", dead_letter)
    # Only now: the function reads the variables when it starts.
    client, handled = request.getfixturevalue("client"), request.getfixturevalue("handled")
    assert client.post("/", headers=headers, data=EVENT).status_code == status
    assert [entry["severity"] for entry in logged()] == severities
    assert bool(handled) == (not severities)


@pytest.mark.parametrize("time", ["", "yesterday", "2026-11-22T10:00:00"])
def test_event_without_a_valid_time_is_handled(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], monkeypatch: pytest.MonkeyPatch, time: str
) -> None:
    monkeypatch.setattr("delivery.MAX_AGE_SECONDS", 60)
    client.post("/", headers={**headers, "ce-time": time}, data=EVENT)
    assert len(handled) == 1
