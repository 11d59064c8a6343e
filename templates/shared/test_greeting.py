{% set client = "TestClient" if fn.asynchronous else "FlaskClient" %}
{% set json = "json()" if fn.asynchronous else "json" %}
"""Tests of the function as the framework serves it."""

{% if fn.asynchronous %}
import asyncio
from concurrent.futures import ThreadPoolExecutor
{% endif %}
from typing import Any

{% if fn.asynchronous %}
import anyio
{% endif %}
import pytest
{% if fn.asynchronous %}
from starlette.testclient import TestClient
{% else %}
from flask.testing import FlaskClient
{% endif %}


@pytest.mark.parametrize(
    ("query", "greeted"),
    [("?name=Ada", "Ada"), ("?name=%F0%9F%98%80", "😀"), ("?name=", "World"), ("?name=+", "World"), ("", "World")],
)
def test_get(client: {{ client }}, query: str, greeted: str) -> None:
    response = client.get(f"/{query}")
    assert (response.status_code, response.{{ json }}) == (200, {"message": f"Hello, {greeted}!"})


def test_head_answers_as_get_without_a_body(client: {{ client }}) -> None:
    response = client.head("/?name=Ada")
    assert (response.status_code, response.{{ "content" if fn.asynchronous else "data" }}) == (200, b"")


@pytest.mark.parametrize(
    ("body", "greeted"),
    [
        ({"name": "Ada"}, "Ada"),
        ({"name": ""}, "World"),
        ({"name": " "}, "World"),
        ({"name": None}, "World"),
        ({"name": "x" * 100}, "x" * 100),
        ({}, "World"),
    ],
)
def test_post(client: {{ client }}, body: dict[str, Any], greeted: str) -> None:
    response = client.post("/", json=body)
    assert (response.status_code, response.{{ json }}) == (200, {"message": f"Hello, {greeted}!"})


def test_half_of_a_surrogate_pair(client: {{ client }}) -> None:
{% if fn.asynchronous %}
    content_type = {"Content-Type": "Application/JSON; charset=utf-8"}
    response = client.post("/", content=rb'{"name": "\ud83d"}', headers=content_type)
{% else %}
    response = client.post("/", data=rb'{"name": "\ud83d"}', content_type="Application/JSON; charset=utf-8")
{% endif %}
    assert (response.status_code, response.{{ json }}) == (200, {"message": "Hello, \ud83d!"})


def test_post_without_a_body_greets_the_world(client: {{ client }}) -> None:
    response = client.post("/")
    assert (response.status_code, response.{{ json }}) == (200, {"message": "Hello, World!"})


@pytest.mark.parametrize(
    ("body", "content_type", "status", "reason"),
    [
        ("{", "application/json", 400, "the body is not valid JSON"),
        (b'"\xff"', "application/json", 400, "the body is not valid JSON"),
        ("[" * 100_000, "application/json", 400, "the body is not valid JSON"),
        ('["Ada"]', "application/json", 400, "the body must be a JSON object"),
        ("null", "application/json", 400, "the body must be a JSON object"),
        ('{"name": 1}', "application/json", 400, "name must be a string"),
        ('{"name": false}', "application/json", 400, "name must be a string"),
        ('{"name": "%s"}' % ("x" * 101), "application/json", 400, "name must be at most 100 characters"),
        ("name=Ada", "application/x-www-form-urlencoded", 415, "send the body as application/json"),
        ("{}", "", 415, "send the body as application/json"),
    ],
)
def test_a_mistake_in_the_body(
    client: {{ client }}, body: str | bytes, content_type: str, status: int, reason: str
) -> None:
{% if fn.asynchronous %}
    response = client.post("/", content=body, headers={"Content-Type": content_type})
{% else %}
    response = client.post("/", data=body, content_type=content_type)
{% endif %}
    assert (response.status_code, response.{{ json }}) == (status, {"error": reason})


def test_a_name_that_is_too_long_in_the_query(client: {{ client }}) -> None:
    response = client.get("/?name=" + "x" * 101)
    assert (response.status_code, response.{{ json }}) == (400, {"error": "name must be at most 100 characters"})


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method(client: {{ client }}, method: str) -> None:
    response = client.{{ 'request(method, "/")' if fn.asynchronous else 'open("/", method=method)' }}
    assert (response.status_code, response.{{ json }}) == (405, {"error": "use GET or POST"})
    assert response.headers["Allow"] == "GET, HEAD, POST"
{% if fn.asynchronous %}


def test_others_are_answered_while_one_waits(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    both = asyncio.Barrier(2)

    async def greeting(name: str | None) -> str:
        async with asyncio.timeout(10):
            await both.wait()
        return f"Met {name}"

    monkeypatch.setattr("{{ fn.local ~ ".script" if fn.local else "main" }}.greeting", greeting)
    with client, ThreadPoolExecutor() as threads:
        answers = list(threads.map(client.get, ["/?name=Ada", "/?name=Bob"]))
    assert [answer.json() for answer in answers] == [{"message": "Met Ada"}, {"message": "Met Bob"}]


def test_a_caller_that_hangs_up(client: TestClient) -> None:
    sent = []

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    request = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    anyio.run(client.app, request, receive, send)
    assert sent[0]["status"] == 400
{% endif %}
