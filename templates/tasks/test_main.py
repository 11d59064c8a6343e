"""Tests of the function as the framework serves it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

MAX_BODY_BYTES = 1024 * 1024
NO_NUMBER = "the header X-CloudTasks-TaskRetryCount is not a number"
LOGIC = "{{ fn.logic }}"


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The tasks that reach the logic."""
    tasks: list[Any] = []
    monkeypatch.setattr(f"{LOGIC}.handle", tasks.append)
    return tasks


def test_task_is_handled(client: FlaskClient, headers: dict[str, str], handled: list[Any]) -> None:
    response = client.post("/", headers=headers, json={"name": "Ada"})
    assert (response.status_code, response.data) == (204, b"")
    [task] = handled
    assert (task.queue, task.name) == ("hello-queue", "1234567890")
    assert (task.retries, task.payload) == (0, {"name": "Ada"})


@pytest.mark.parametrize("content_type", ["application/octet-stream", None])
def test_content_type_does_not_matter(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], content_type: str | None
) -> None:
    del headers["Content-Type"]
    client.post("/", headers=headers, data=b'{"name": "Ada"}', content_type=content_type)
    assert [task.payload for task in handled] == [{"name": "Ada"}]


def test_task_without_a_body_has_an_empty_payload(
    client: FlaskClient, headers: dict[str, str], handled: list[Any]
) -> None:
    assert client.post("/", headers=headers).status_code == 204
    assert [task.payload for task in handled] == [{}]


def test_retries_are_counted(client: FlaskClient, headers: dict[str, str], handled: list[Any]) -> None:
    client.post("/", headers={**headers, "X-CloudTasks-TaskRetryCount": "3"}, json={})
    assert [task.retries for task in handled] == [3]


def test_work_is_logged(
    client: FlaskClient, headers: dict[str, str], logged: Callable[[], list[dict[str, Any]]]
) -> None:
    client.post("/", headers=headers, json={})
    assert [entry["message"] for entry in logged()] == ["Handled task 1234567890 of queue hello-queue, retry 0"]


def test_exception_asks_for_another_try(
    client: FlaskClient, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(task: object) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(f"{LOGIC}.handle", fail)
    assert client.post("/", headers=headers, json={}).status_code == 500


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "the body is not valid JSON"),
        (b"\xff", "the body is not valid JSON"),
        (b"[" * 100_000, "the body is not valid JSON"),
        (b"name=Ada", "the body is not valid JSON"),
        (b"[]", "the body is not a JSON object but list"),
        (b"null", "the body is not a JSON object but NoneType"),
    ],
)
def test_malformed_task_is_logged_and_acknowledged(
    client: FlaskClient,
    headers: dict[str, str],
    handled: list[Any],
    logged: Callable[[], list[dict[str, Any]]],
    body: bytes,
    reason: str,
) -> None:
    response = client.post("/", headers=headers, data=body)
    assert (response.status_code, response.data, handled) == (204, b"", [])
    [entry] = logged()
    assert entry["severity"] == "ERROR"
    assert entry["message"] == f"Malformed task 1234567890 of queue hello-queue: {reason}"


@pytest.mark.parametrize("in_chunks", [{}, {"Transfer-Encoding": "chunked"}])
def test_body_longer_than_any_task_is_refused(
    client: FlaskClient, headers: dict[str, str], handled: list[Any], in_chunks: dict[str, str]
) -> None:
    def post(body: bytes) -> tuple[int, Any]:
        served = {"wsgi.input_terminated": True}
        response = client.post("/", headers={**headers, **in_chunks}, data=body, environ_overrides=served)
        return response.status_code, response.json if response.data else None

    body = b"{}".ljust(MAX_BODY_BYTES)
    assert post(body) == (204, None)
    assert post(body + b" ") == (413, {"error": f"the body must be at most {MAX_BODY_BYTES} bytes"})
    assert len(handled) == 1


def test_body_shorter_than_its_length_is_refused(
    client: FlaskClient, headers: dict[str, str], handled: list[Any]
) -> None:
    served = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "3"}
    response = client.post("/", headers=headers, data=b"{}", environ_overrides=served)
    assert (response.status_code, response.json, handled) == (400, {"error": "the body ended early"}, [])


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_other_methods_are_refused(client: FlaskClient, headers: dict[str, str], method: str) -> None:
    response = client.open("/", method=method, headers=headers)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("X-CloudTasks-QueueName", None, "the header X-CloudTasks-QueueName is missing"),
        ("X-CloudTasks-TaskName", None, "the header X-CloudTasks-TaskName is missing"),
        ("X-CloudTasks-TaskName", "", "the header X-CloudTasks-TaskName is missing"),
        ("X-CloudTasks-TaskRetryCount", None, "the header X-CloudTasks-TaskRetryCount is missing"),
        ("X-CloudTasks-TaskRetryCount", "many", NO_NUMBER),
        ("X-CloudTasks-TaskRetryCount", "9" * 5000, NO_NUMBER),
    ],
)
def test_request_of_another_client_is_refused(
    client: FlaskClient, headers: dict[str, str], header: str, value: str | None, reason: str
) -> None:
    del headers[header]
    response = client.post("/", headers=headers if value is None else {**headers, header: value})
    assert (response.status_code, response.json) == (400, {"error": reason})
