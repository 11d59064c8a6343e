"""What strangers send to functions that are started by HTTP: bodies of any length and type, and requests of any form."""

import http.client
import json
import re
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple

import pytest

from tests.support.processes import posix_only
from tests.support.questions import fact, variables
from tests.support.serving import Served, family, sample_headers, served
from tests.support.types import Bake
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow, posix_only]

LIMIT = 1024 * 1024
# Cloud Run lets no more pass.
LONGEST = 32 * 1024 * 1024
JSON, CHUNKED = b"Content-Type: application/json", b"Transfer-Encoding: chunked"
TEXT = b"Content-Type: text/plain"
ADA = b'{"name": "Ada"}'
USE_GET_OR_POST, NO_JSON = {"error": "use GET or POST"}, {"error": "the body is not valid JSON"}
TOO_LONG, WRONG_TYPE = (
    {"error": f"the body must be at most {LIMIT} bytes"},
    {"error": "send the body as application/json"},
)


class Answer(NamedTuple):
    status: int
    content_type: str | None
    # The methods that are allowed, if the answer says so.
    allow: str | None
    # JSON as the object that it is, anything else as text.
    body: Any


def request(method: str = "GET", target: bytes = b"/", *headers: bytes, body: bytes = b"") -> bytes:
    """Return a request as it is sent; its length is in it, unless a header says otherwise."""
    framing = [] if not body or CHUNKED in headers else [b"Content-Length: %d" % len(body)]
    lines = [b"%s %s HTTP/1.1" % (method.encode(), target), b"Host: here", b"Connection: close", *headers, *framing]
    return b"\r\n".join([*lines, b"", body])


def post(body: bytes, *headers: bytes) -> bytes:
    """Return a POST request with this body."""
    return request("POST", b"/", *headers, body=body)


def chunk(content: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """Return a body in one chunk."""
    return b"%x\r\n%s\r\n%s" % (len(content), content, end)


@contextmanager
def sent(function: Served, raw: bytes) -> Iterator[socket.socket]:
    """Send bytes to a function, and close the connection when the block ends."""
    host, port = function.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        send(connection, raw)
        yield connection


def send(connection: socket.socket, raw: bytes) -> None:
    """Send bytes; the function may answer, and close the connection, before it has read them all."""
    with suppress(ConnectionError):
        connection.sendall(raw)


def answer(connection: socket.socket, method: str = "GET") -> Answer:
    """Return the answer that comes on a connection."""
    with http.client.HTTPResponse(connection, method=method) as response:
        response.begin()
        raw, headers = response.read().decode(errors="replace"), response.headers
    content_type = headers["Content-Type"]
    body = json.loads(raw) if raw and content_type == "application/json" else raw
    return Answer(response.status, content_type, headers["Allow"], body)


def ask(function: Served, raw: bytes) -> Answer:
    """Send a whole request; return the answer."""
    with sent(function, raw) as connection:
        return answer(connection, raw.split()[0].decode())


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
        (request(target=b"/?name=\xe4"), "what is not valid HTTP", 400, "HTML"),
        (request("GET", b"/", b"X: " + b"x" * 9000), "a header of more than 8 KB", 431, "HTML"),
        (post(b"no chunk\r\n", JSON, CHUNKED), "a body in broken chunks", 500, "HTML"),
    ],
    "async-http": [
        (request(target=b"/robots.txt"), "`GET /robots.txt` or `GET /favicon.ico`", 404, "text"),
        (request(target=b"/favicon.ico"), "`GET /robots.txt` or `GET /favicon.ico`", 404, "text"),
        (request("TRACE"), "TRACE, or a method that HTTP does not define", 405, "text"),
        (request("GREET"), "TRACE, or a method that HTTP does not define", 405, "text"),
        (request(target=b"/?name=\xe4"), "what is not valid HTTP", 400, "text"),
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


def lists(length: int) -> bytes:
    """Return JSON of this length that takes more than twenty times as much memory once it is read."""
    return (b"[" + b",".join([b"[]"] * (length // 3 - 1)) + b"]").ljust(length)


def send_at_once(function: Served, times: int, headers: tuple[bytes, ...], body: bytes) -> set[int]:
    """Post a body from many clients, each of which ends it when all have begun; return the statuses of the answers."""
    everybody = Barrier(times, timeout=PATIENCE)

    def post_it(_: int) -> int:
        with sent(function, request("POST", b"/", *headers, b"Content-Length: %d" % len(body))) as connection:
            send(connection, body[:-1])
            everybody.wait()
            send(connection, body[-1:])
            return answer(connection).status

    with ThreadPoolExecutor(times) as threads:
        return set(threads.map(post_it, range(times)))


def peak(function: Served) -> int:
    """Return the most memory that a function's processes have taken, in bytes."""
    pages = [Path(f"/proc/{process.pid}/status").read_text() for process in family(function.process)]
    return sum(int(line.split()[1]) * 1024 for page in pages for line in page.splitlines() if line.startswith("VmHWM"))


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")
@pytest.mark.parametrize(
    ("trigger", "short", "of_the_limit", "longest"),
    [("http", 200, 400, 413), ("async-http", 200, 400, 413), ("tasks", 204, 204, 413), ("schedule", 204, 204, 204)],
)
def test_deployed_instance_has_memory_for_any_bodies(
    bake: Bake, scripts: Path, home: Path, trigger: str, short: int, of_the_limit: int, longest: int
) -> None:
    project = bake(trigger=trigger)
    deployed = (project / "deploy.yaml").read_text("utf-8")
    [memory, concurrency] = [
        int(re.findall(rf"^--{flag}: (\d+)", deployed, re.MULTILINE)[0]) for flag in ("memory", "concurrency")
    ]
    sender = sample_headers(project) if fact(trigger, "contract") == "headers" else {"Content-Type": "application/json"}
    headers = tuple(f"{name}: {value}".encode() for name, value in sender.items())
    with served(scripts, project, "hello_function", home, **variables(trigger)) as function:
        assert send_at_once(function, concurrency, headers, ADA.ljust(LIMIT)) == {short}
        # asyncio reads JSON of one request at a time, so four are enough there too.
        assert send_at_once(function, 4, headers, lists(LIMIT)) == {of_the_limit}
        assert send_at_once(function, 4, headers, lists(LONGEST)) == {longest}
        print(f"{trigger}: {peak(function) >> 20} MiB")
        assert peak(function) < memory * 1024 * 1024
