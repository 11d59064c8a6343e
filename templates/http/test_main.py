{% set client = client | default("FlaskClient") %}
{% set content = content | default("data") %}
{% set json = json | default("json") %}
"""Tests of the function as the framework serves it."""

{% block imports %}
import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from {{ fn.logic }} import greeting

MAX_BODY_BYTES = 1024 * 1024
TOO_LONG = f"the body must be at most {MAX_BODY_BYTES} bytes"
{% endblock %}


def test_greeting() -> None:
    assert (greeting("Ada"), greeting(None)) == ("Hello, Ada!", "Hello, World!")


@pytest.mark.parametrize("name", ["", " "])
def test_blank_name_counts_as_none(name: str) -> None:
    assert greeting(name) == greeting(None)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("?name=Ada", "Ada"),
        ("?name=%F0%9F%98%80", "😀"),
        ("?name=Ada&name=Bob", "Bob"),
        ("?name=", ""),
        ("?name=+", " "),
        ("", None),
    ],
)
def test_get(client: {{ client }}, query: str, name: str | None) -> None:
    response = client.get(f"/{query}")
    assert (response.status_code, response.{{ json }}) == (200, {"message": greeting(name)})


def test_head_is_get_without_a_body(client: {{ client }}) -> None:
    response = client.head("/?name=Ada")
    assert (response.status_code, response.{{ content }}) == (200, b"")


def test_query_that_is_not_utf_8_is_refused(client: {{ client }}) -> None:
    response = client.get("/?name=%E4")
    assert (response.status_code, response.{{ json }}) == (400, {"error": "the query is not valid UTF-8"})


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


{% block framing %}
class BrokenOff(io.RawIOBase):
    """The body of a caller that is gone."""

    def readinto(self, buffer: Any) -> int:
        raise ConnectionResetError


def break_off(client: FlaskClient, content_type: str, length: int) -> tuple[int, Any]:
    """Send the headers of a POST and none of its body; return the status and JSON of the answer."""
    served = {"wsgi.input": BrokenOff(), "wsgi.input_terminated": True, "CONTENT_LENGTH": str(length)}
    response = client.post("/", content_type=content_type, environ_overrides=served)
    return response.status_code, response.json


def test_body_shorter_than_its_length_is_refused(client: FlaskClient) -> None:
    served = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "3"}
    response = client.post("/", data=b"{}", content_type="application/json", environ_overrides=served)
    assert (response.status_code, response.json) == (400, {"error": "the body ended early"})


def post_in_chunks(client: FlaskClient, body: bytes) -> tuple[int, Any]:
    """Send JSON without its length; return the status and JSON of the answer."""
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    response = client.post("/", data=body, headers=headers, environ_overrides={"wsgi.input_terminated": True})
    return response.status_code, response.json
{% endblock %}


@pytest.mark.parametrize(
    ("content_type", "length", "status", "reason"),
    [
        ("text/plain", MAX_BODY_BYTES + 1, 415, "send the body as application/json"),
        ("application/json", MAX_BODY_BYTES + 1, 413, TOO_LONG),
        ("application/json", MAX_BODY_BYTES, 400, "the body ended early"),
    ],
)
def test_only_a_body_of_the_right_type_and_length_is_read(
    client: {{ client }}, content_type: str, length: int, status: int, reason: str
) -> None:
    assert break_off(client, content_type, length) == (status, {"error": reason})


def test_body_in_chunks(client: {{ client }}) -> None:
    body = b'{"name": "Ada"}'.ljust(MAX_BODY_BYTES)
    assert post_in_chunks(client, body) == (200, {"message": greeting("Ada")})
    assert post_in_chunks(client, body + b" ") == (413, {"error": TOO_LONG})
    assert post_in_chunks(client, b"") == (200, {"message": greeting(None)})


def test_long_name_in_the_query_is_refused(client: {{ client }}) -> None:
    response = client.get("/?name=" + "x" * 101)
    assert (response.status_code, response.{{ json }}) == (400, {"error": "name must be at most 100 characters"})


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused(client: {{ client }}, method: str) -> None:
    response = getattr(client, method)("/")
    assert (response.status_code, response.{{ json }}) == (405, {"error": "use GET or POST"})
    assert response.headers["Allow"] == "GET, HEAD, POST"
{% block more %}{% endblock %}
