"""What strangers send to functions that are started by HTTP: both answer alike, whatever the request."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import posix_only
from tests.support.questions import variables
from tests.support.raw_requests import CHUNKED, Answer, ask, chunk, post, request
from tests.support.serving import Served, served
from tests.support.types import Bake

pytestmark = [pytest.mark.slow, posix_only]

LIMIT = 1024 * 1024
# Cloud Run lets no more pass.
LONGEST = 32 * 1024 * 1024
JSON = b"Content-Type: application/json"
TEXT = b"Content-Type: text/plain"
ADA = b'{"name": "Ada"}'
USE_GET_OR_POST, NO_JSON = {"error": "use GET or POST"}, {"error": "the body is not valid JSON"}
TOO_LONG, WRONG_TYPE = (
    {"error": f"the body must be at most {LIMIT} bytes"},
    {"error": "send the body as application/json"},
)


def greets(name: str, *requests: bytes) -> dict[bytes, tuple[int, Any]]:
    """Return these requests with the answer that greets `name`."""
    return dict.fromkeys(requests, (200, {"message": f"Hello, {name}!"}))


ALIKE: dict[bytes, tuple[int, Any]] = {
    **greets(
        "World", request(), request(target=b"/?name="), request(target=b"/?name"), request(target=b"/?a=1;name=Ada"),
        request(target=b"//a//b"), request(target=b"/%FF"), request("POST"), request("POST", b"/?name=Ada"),
        request("POST", b"/", b"Content-Length: 0", b"Content-Type: application/x-www-form-urlencoded"),
        post(b"{}", JSON), post(b'{"name": null}', JSON), post(chunk(b"", b""), JSON, CHUNKED),
    ),
    **greets(
        "Ada", request(target=b"/a/b?name=Ada"), request(target=b"/?name=Bob&name=Ada"), request(target=b"/?name=%41da"),
        request("GET", b"/?name=Ada", JSON, body=b'{"name": "Bob"}'), post(ADA, JSON), post(chunk(ADA), JSON, CHUNKED),
        post(b'{"name": "Bob", "name": "Ada"}', JSON), post('{"name": "Ada"}'.encode("utf-16"), JSON),
        post(ADA.ljust(LIMIT), JSON), post(chunk(ADA.ljust(LIMIT)), JSON, CHUNKED), post(ADA, JSON, b"Expect: 100-continue"),
        *(
            post(ADA, b"Content-Type: " + media_type)
            for media_type in (b"Application/JSON", b"application/json; charset=utf-8", b"application/json;", b"application/a+json",
            b"application/+json")
        ),
    ),
    **greets("ä", request(target=b"/?name=%C3%A4"), post('{"name": "ä"}'.encode(), JSON)),
    **greets("\ud83d", post(rb'{"name": "\ud83d"}', JSON)),
    **greets("a b", request(target=b"/?name=a+b"), request(target=b"/?name=a%20b")),
    **dict.fromkeys(
        [request(target=b"/?name=%E4"), request(target=b"/?name=%ED%A0%BD"), request(target=b"/?%E4=&name=Ada")],
        (400, {"error": "the query is not valid UTF-8"}),
    ),
    **dict.fromkeys(
        [post(b'{"name": "\xe4"}', JSON), post(b"{", JSON), post(b"[" * 100_000, JSON), post(b"1" * 5000, JSON), post(b" ", JSON),
         post(b"\x1f\x8b", JSON, b"Content-Encoding: gzip")],
        (400, NO_JSON),
    ),
    **dict.fromkeys([post(b"[]", JSON), post(b"null", JSON)], (400, {"error": "the body must be a JSON object"})),
    **dict.fromkeys([post(b'{"name": NaN}', JSON), post(b'{"name": 1}', JSON)], (400, {"error": "name must be a string"})),
    request(target=b"/?name=" + b"x" * 100_000): (400, {"error": "name must be at most 100 characters"}),
    request("HEAD", b"/?name=Ada"): (200, ""),
    request("HEAD", b"/?name=%E4"): (400, ""),
    **dict.fromkeys([request(method) for method in ("PUT", "PATCH", "DELETE", "OPTIONS")], (405, USE_GET_OR_POST)),
    **dict.fromkeys(
        [post(ADA), post(ADA, b"Content-Type:"), post(chunk(ADA), CHUNKED), post(chunk(b"", b""), CHUNKED),
         *(post(ADA, b"Content-Type: " + media_type) for media_type in (b"application/x-www-form-urlencoded", b"text/json",
           b"application/xjson", b"application/json, text/plain", b"application/json x", b";application/json", b"text/a; b=application/json", b"application/x; +json"))],
        (415, WRONG_TYPE),
    ),
    post(chunk(ADA.ljust(LIMIT + 1)), JSON, CHUNKED): (413, TOO_LONG),
    # These hold back the body, or its end.
    request("GET", b"/?name=Ada", b"Content-Length: %d" % LONGEST): (200, {"message": "Hello, Ada!"}),
    request("PUT", b"/", b"Content-Length: %d" % LONGEST): (405, USE_GET_OR_POST),
    request("POST", b"/", JSON, b"Content-Length: %d" % (LIMIT + 1)): (413, TOO_LONG),
    # gunicorn reads a kilobyte more than it is asked for.
    post(chunk(ADA.ljust(LIMIT + 1024), b""), JSON, CHUNKED): (413, TOO_LONG),
    request("POST", b"/", TEXT, b"Content-Length: %d" % LONGEST): (415, WRONG_TYPE),
    request("POST", b"/", TEXT, CHUNKED): (415, WRONG_TYPE),
}  # fmt: skip


# Requests that never reach the function: their row on the page, and the status and content type of the answer.
FRAMEWORK: dict[str, list[tuple[bytes, str, int, str]]] = {
    "http": [
        (request(target=b"/robots.txt"), "`GET /robots.txt` or `GET /favicon.ico`", 404, "HTML"),
        (request(target=b"/favicon.ico"), "`GET /robots.txt` or `GET /favicon.ico`", 404, "HTML"),
        (request(target=b"/?name=\xe4"), "a request that is not valid HTTP", 400, "HTML"),
        (request("GET", b"/", b"X: " + b"x" * 9000), "a header of more than 8 KB", 431, "HTML"),
        (post(b"no chunk\r\n", JSON, CHUNKED), "a body in broken chunks", 500, "HTML"),
    ],
    "async-http": [
        (request(target=b"/robots.txt"), "`GET /robots.txt` or `GET /favicon.ico`", 404, "text"),
        (request(target=b"/favicon.ico"), "`GET /robots.txt` or `GET /favicon.ico`", 404, "text"),
        (request("TRACE"), "TRACE, or a method that HTTP does not define", 405, "text"),
        (request("GREET"), "TRACE, or a method that HTTP does not define", 405, "text"),
        (request(target=b"/?name=\xe4"), "a request that is not valid HTTP", 400, "text"),
    ],
}
CONTENT_TYPES = {"HTML": "text/html", "text": "text/plain"}


@pytest.fixture
def http_function(bake: Bake, scripts: Path, home: Path) -> Iterator[Served]:
    with served(scripts, bake(trigger="http"), "hello_function", home, **variables("http")) as function:
        yield function


@pytest.fixture
def async_function(bake: Bake, scripts: Path, tmp_path: Path) -> Iterator[Served]:
    home = tmp_path / "async"
    home.mkdir()
    with served(scripts, bake(trigger="async-http"), "hello_function", home, **variables("async-http")) as function:
        yield function


def test_http_and_async_http_answer_alike(http_function: Served, async_function: Served) -> None:
    assert ask(http_function, request("TRACE")).body == USE_GET_OR_POST
    for raw, (status, body) in ALIKE.items():
        expected = Answer(status, "application/json", "GET, HEAD, POST" if status == 405 else None, body)
        assert ask(http_function, raw) == ask(async_function, raw) == expected, raw[:200]


def test_page_names_what_the_framework_answers(bake: Bake, http_function: Served, async_function: Served) -> None:
    for trigger, function in {"http": http_function, "async-http": async_function}.items():
        page = (bake(trigger=trigger) / "REFERENCE.md").read_text("utf-8")
        for raw, what, status, form in FRAMEWORK[trigger]:
            assert re.search(rf"^\| {re.escape(what)} \| {status}, {form} of the \w+ \|$", page, re.MULTILINE), what
            answered = ask(function, raw)
            assert (answered.status, str(answered.content_type).partition(";")[0]) == (status, CONTENT_TYPES[form])
