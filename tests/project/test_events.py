"""Functions for events, asked over a socket in the forms that Google sends: a table of what each answers."""

import base64
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.deploying import EMULATOR
from tests.support.pages import section
from tests.support.processes import environment, posix_only, require_tool, run
from tests.support.questions import TRIGGERS, fact
from tests.support.serving import sample, served
from tests.support.types import Bake, Installed

pytestmark = pytest.mark.slow
EVENT_TRIGGERS = [trigger for trigger in TRIGGERS if fact(trigger, "contract") == "event"]

Answer = tuple[int, list[str]]
HANDLED: Answer = (200, ["INFO"])
MALFORMED: Answer = (200, ["ERROR"])
DROPPED: Answer = (200, ["WARNING"])
REFUSED: Answer = (400, [])
RAISED: Answer = (500, ["ERROR"])
UNREADABLE: Answer = (500, [])
# What each request answers, and what it logs under the event's id; the last column is for any event, whose shape is free.
TABLE: dict[str, tuple[Answer, Answer]] = {
    #                         one kind    any event
    "valid": (HANDLED, HANDLED),
    "valid, again": (HANDLED, HANDLED),
    "500 KB": (HANDLED, HANDLED),
    "old": (DROPPED, DROPPED),
    "no data": (MALFORMED, HANDLED),
    "not JSON": (MALFORMED, MALFORMED),
    "not UTF-8": (MALFORMED, MALFORMED),
    "a list": (MALFORMED, HANDLED),
    "another shape": (MALFORMED, HANDLED),
    "another type": (RAISED, HANDLED),
    "no ce-id": (REFUSED, REFUSED),
    "no ce-source": (REFUSED, REFUSED),
    "no ce-type": (REFUSED, REFUSED),
    "no ce-specversion": (REFUSED, REFUSED),
    "no ce-id, a list": (UNREADABLE, UNREADABLE),
    "thousands of digits": (UNREADABLE, UNREADABLE),
    "thousands deep": (UNREADABLE, UNREADABLE),
    "a batch": (UNREADABLE, UNREADABLE),
    "an empty batch": (REFUSED, REFUSED),
}
# The framework's own: without one of these it takes the body for a push message of Pub/Sub (the sample is an old one), and
# reads it as text, which protobuf is not.
FRAMEWORKS_OWN: dict[tuple[str, str], Answer] = {
    (trigger, f"no ce-{header}"): answer
    for trigger, answer in (("pubsub", DROPPED), ("firestore", (500, [])))
    for header in ("id", "source", "type", "specversion")
} | {("firestore", "no ce-id, a list"): (415, [])}
STRUCTURED = {
    case: row
    for case, row in TABLE.items()
    if case not in ("not JSON", "not UTF-8", "an empty batch") and row[0] != UNREADABLE
} | {
    "broken JSON": (REFUSED, REFUSED),
}


def request(case: str, trigger: str, headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """Turn a valid request into that of a case."""
    headers = {**headers, "ce-id": f"id of {case}".replace(", again", ""), "ce-time": datetime.now(UTC).isoformat()}
    if case.startswith("no ce-"):
        del headers[case.removeprefix("no ").partition(",")[0]]
    if case == "old":
        headers["ce-time"] = "2026-01-01T00:00:00Z"
    if case == "another type":
        headers["ce-type"] = "com.example.another"
    if case == "500 KB":
        # An unknown field: JSON passes over it, and so does protobuf (field 99, of bytes).
        if trigger == "firestore":
            filling = b"x" * 500_000
            body += (
                b"\x9a\x06"
                + bytes([len(filling) & 127 | 128, len(filling) >> 7 & 127 | 128, len(filling) >> 14])
                + filling
            )
        else:
            body = json.dumps({**json.loads(body), "filling": "x" * 500_000}).encode()
    if "batch" in case:
        event = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
        batch = [event] if case == "a batch" else []
        return {"Content-Type": "application/cloudevents-batch+json"}, json.dumps(batch).encode()
    other = {
        "no data": b"",
        "not JSON": b"{",
        "not UTF-8": b"\xff\xfe",
        "a list": b"[1]",
        "no ce-id, a list": b"[1]",
        "thousands of digits": b'{"n": %s}' % (b"1" * 5000),
        "thousands deep": b"[" * 5000 + b"]" * 5000,
        "another shape": b'{"another": 1}',
    }
    return headers, other.get(case, body)


def structured(headers: dict[str, str], body: bytes, trigger: str) -> tuple[dict[str, str], bytes]:
    """Turn a binary request into a structured one (CloudEvents 1.0, HTTP binding and JSON format)."""
    event: dict[str, Any] = {n.lower().removeprefix("ce-"): v for n, v in headers.items() if n.startswith("ce-")}
    event["datacontenttype"] = headers["Content-Type"]
    if body and trigger == "firestore" and body[:1] not in b"{[":
        event["data_base64"] = base64.b64encode(body).decode()
    elif body:
        event["data"] = json.loads(body)
    return {"Content-Type": "application/cloudevents+json"}, json.dumps(event).encode()


@pytest.mark.parametrize("local_package", ["localpackage", "none"])
@pytest.mark.parametrize("trigger", EVENT_TRIGGERS)
def test_status_and_log_of_each_event(
    bake: Bake, installed: Installed, home: Path, trigger: str, local_package: str
) -> None:
    project = bake(trigger=trigger, local_package=local_package)
    scripts = installed(project)
    valid = sample(project, scripts, trigger)
    cases = [("binary", *item) for item in TABLE.items()] + [("structured", *item) for item in STRUCTURED.items()]
    wrong = {}
    with served(scripts, project, "hello_function", home, MAX_EVENT_AGE_SECONDS="3600") as function:
        for form, case, row in cases:
            headers, body = request(case, trigger, *valid)
            if form == "structured":
                headers, body = structured(headers, body, trigger)
            if case == "broken JSON":
                body = body[:-1]
            before = len(function.entries())
            status = function.ask(body=body, headers=headers)[0]
            entries = function.entries()[before:]
            mine = [e["severity"] for e in entries if e.get("logging.googleapis.com/labels", {}).get("event_id")]
            expected = row[trigger == "cloudevent"]
            if form == "binary":
                expected = FRAMEWORKS_OWN.get((trigger, case), expected)
            if (status, mine) != expected:
                wrong[form, case] = (status, mine, entries)
    assert not wrong


@pytest.mark.parametrize("trigger", EVENT_TRIGGERS)
def test_passing_error_answers_500(fresh: Bake, installed: Installed, home: Path, trigger: str) -> None:
    project = fresh(trigger=trigger)
    scripts = installed(project)
    with (project / "localpackage" / "script.py").open("a") as script:
        script.write("\n\ndef handle(_: object) -> None:\n    raise ConnectionError('away')\n")
    headers, body = sample(project, scripts, trigger)
    with served(scripts, project, "hello_function", home) as function:
        status, answer, _ = function.ask(body=body, headers=headers)
        [entry] = function.entries()
    assert status == 500 and b"Traceback" not in answer
    assert entry["severity"] == "ERROR" and "ConnectionError: away" in entry["message"]
    subject = {"subject": headers["ce-subject"]} if "ce-subject" in headers else {}
    assert entry["logging.googleapis.com/labels"] == {"event_id": headers["ce-id"], **subject}


@posix_only
@pytest.mark.parametrize("trigger", EVENT_TRIGGERS)
def test_readme_command_sends_a_sample(fresh: Bake, installed: Installed, home: Path, trigger: str) -> None:
    project = fresh(trigger=trigger)
    scripts = installed(project)
    lines = (project / "README.md").read_text("utf-8").splitlines()
    command = next(line for line in lines if line.startswith(("curl", "python events/send.py")))
    # Nothing else sends these two on a developer's machine, so REFERENCE.md says how to send one's own.
    if trigger in ("firestore", "storage"):
        mine = command.replace("event.json", "mine.json")
        assert section(project, EMULATOR) == f"cp events/event.json events/mine.json\n{mine}\n"
        command = section(project, EMULATOR).strip()
    with served(scripts, project, "hello_function", home) as function:
        if "curl" in command:
            require_tool("curl")
            command = command.replace("http://127.0.0.1:8080", function.url)
        else:
            command = f"{command} {function.url}/"
        path = {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
        done = run("sh", "-c", command, cwd=project, env=environment(home, **path))
        assert "200" in done.stdout, done.stdout
        assert [entry["severity"] for entry in function.entries()] == ["INFO"]
