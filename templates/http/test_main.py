"""Tests of the function as the framework serves it."""

from typing import Any

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize(
    ("query", "greeted"),
    [("?name=Ada", "Ada"), ("?name=%F0%9F%98%80", "😀"), ("?name=", "World"), ("?name=+", "World"), ("", "World")],
)
def test_get(client: FlaskClient, query: str, greeted: str) -> None:
    response = client.get(f"/{query}")
    assert (response.status_code, response.json) == (200, {"message": f"Hello, {greeted}!"})


def test_head_answers_as_get_without_a_body(client: FlaskClient) -> None:
    response = client.head("/?name=Ada")
    assert (response.status_code, response.data) == (200, b"")


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
def test_post(client: FlaskClient, body: dict[str, Any], greeted: str) -> None:
    response = client.post("/", json=body)
    assert (response.status_code, response.json) == (200, {"message": f"Hello, {greeted}!"})


def test_post_without_a_body_greets_the_world(client: FlaskClient) -> None:
    response = client.post("/")
    assert (response.status_code, response.json) == (200, {"message": "Hello, World!"})


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
    client: FlaskClient, body: str | bytes, content_type: str, status: int, reason: str
) -> None:
    response = client.post("/", data=body, content_type=content_type)
    assert (response.status_code, response.json) == (status, {"error": reason})


def test_a_name_that_is_too_long_in_the_query(client: FlaskClient) -> None:
    response = client.get("/", query_string={"name": "x" * 101})
    assert (response.status_code, response.json) == (400, {"error": "name must be at most 100 characters"})


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method(client: FlaskClient, method: str) -> None:
    response = client.open("/", method=method)
    assert (response.status_code, response.json) == (405, {"error": "use GET or POST"})
    assert response.headers["Allow"] == "GET, HEAD, POST"
