"""Tests of the function as the framework serves it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

NO_TIME = "the header X-CloudScheduler-ScheduleTime is not a valid time"
LOGIC = "{{ fn.logic }}"


def test_job_is_run(client: FlaskClient, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Any] = []
    monkeypatch.setattr(f"{LOGIC}.run", jobs.append)
    response = client.post("/", headers=headers)
    assert (response.status_code, response.data) == (204, b"")
    assert [(job.name, job.scheduled) for job in jobs] == [("nightly", datetime(2026, 11, 22, 2, tzinfo=UTC))]


def test_work_is_logged(
    client: FlaskClient, headers: dict[str, str], logged: Callable[[], list[dict[str, Any]]]
) -> None:
    client.post("/", headers=headers, json={"any": "body"})
    assert [entry["message"] for entry in logged()] == ["Ran nightly, scheduled for 2026-11-22T02:00:00+00:00"]


def test_exception_asks_for_another_try(
    client: FlaskClient, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(job: object) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(f"{LOGIC}.run", fail)
    assert client.post("/", headers=headers).status_code == 500


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_other_methods_are_refused(client: FlaskClient, headers: dict[str, str], method: str) -> None:
    response = client.open("/", method=method, headers=headers)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("X-CloudScheduler-JobName", None, "the header X-CloudScheduler-JobName is missing"),
        ("X-CloudScheduler-JobName", "", "the header X-CloudScheduler-JobName is missing"),
        ("X-CloudScheduler-ScheduleTime", None, NO_TIME),
        ("X-CloudScheduler-ScheduleTime", "2026-11-22T02:00:00", NO_TIME),
        ("X-CloudScheduler-ScheduleTime", "tomorrow", NO_TIME),
    ],
)
def test_request_of_another_client_is_refused(
    client: FlaskClient, headers: dict[str, str], header: str, value: str | None, reason: str
) -> None:
    del headers[header]
    response = client.post("/", headers=headers if value is None else {**headers, header: value})
    assert (response.status_code, response.json) == (400, {"error": reason})
