{% set client = client | default("FlaskClient") %}
{% set content = content | default("data") %}
{% set json = json | default("json") %}
"""Tests of the function as the framework serves it."""

{% block imports %}
from typing import Any

import pytest
from flask.testing import FlaskClient

from {{ fn.logic }} import greeting
{% endblock %}


def test_greeting() -> None:
    assert (greeting("Ada"), greeting(None)) == ("Hello, Ada!", "Hello, World!")


@pytest.mark.parametrize("name", ["", " "])
def test_blank_name_counts_as_none(name: str) -> None:
    assert greeting(name) == greeting(None)


@pytest.mark.parametrize(
    ("query", "name"),
    [("?name=Ada", "Ada"), ("?name=%F0%9F%98%80", "😀"), ("?name=", ""), ("?name=+", " "), ("", None)],
)
def test_get(client: {{ client }}, query: str, name: str | None) -> None:
    response = client.get(f"/{query}")
    assert (response.status_code, response.{{ json }}) == (200, {"message": greeting(name)})


def test_head_is_get_without_a_body(client: {{ client }}) -> None:
    response = client.head("/?name=Ada")
    assert (response.status_code, response.{{ content }}) == (200, b"")


@pytest.mark.parametrize("name", ["Ada", "", " ", None, "x" * 100])
def test_post(client: {{ client }}, name: str | None) -> None:
    response = client.post("/", json={"name": name})
    assert (response.status_code, response.{{ json }}) == (200, {"message": greeting(name)})


@pytest.mark.parametrize("body", [None, {}])
def test_post_without_a_name(client: {{ client }}, body: dict[str, Any] | None) -> None:
    response = client.post("/", json=body)
    assert (response.status_code, response.{{ json }}) == (200, {"message": greeting(None)})


def test_half_of_a_surrogate_pair(client: {{ client }}) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    response = client.post("/", {{ content }}=rb'{"name": "\ud83d"}', headers=headers)
    assert (response.status_code, response.{{ json }}) == (200, {"message": greeting("\ud83d")})


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
def test_invalid_body_is_refused(
    client: {{ client }}, body: str | bytes, content_type: str, status: int, reason: str
) -> None:
    response = client.post("/", {{ content }}=body, headers={"Content-Type": content_type})
    assert (response.status_code, response.{{ json }}) == (status, {"error": reason})


def test_long_name_in_the_query_is_refused(client: {{ client }}) -> None:
    response = client.get("/?name=" + "x" * 101)
    assert (response.status_code, response.{{ json }}) == (400, {"error": "name must be at most 100 characters"})


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused(client: {{ client }}, method: str) -> None:
    response = getattr(client, method)("/")
    assert (response.status_code, response.{{ json }}) == (405, {"error": "use GET or POST"})
    assert response.headers["Allow"] == "GET, HEAD, POST"
{% block more %}{% endblock %}
