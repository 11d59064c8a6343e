"""Requests over a socket, byte for byte, and the answers to them."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from tests.support.serving import Served
from tests.support.waiting import PATIENCE

CHUNKED = b"Transfer-Encoding: chunked"


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
