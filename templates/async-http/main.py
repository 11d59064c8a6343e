"""Answers HTTP requests, many at once, with a greeting: GET /?name=Ada, or POST {"name": "Ada"}."""

import json
import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import functions_framework.aio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

import cloud_logging
from {{ cookiecutter.local_package }} import script

MAX_BODY_BYTES = 1024 * 1024
MAX_NAME_LENGTH = 100

cloud_logging.setup()
logger = logging.getLogger(__name__)


class Refused(Exception):
    """The caller's mistake, with the status and the headers of its answer."""

    def __init__(self, status: int, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers


@functions_framework.aio.http
async def {{ fn.entry_point }}(request: Request) -> Response:
    cloud_logging.join(request.headers)
    try:
        name = await requested_name(request)
    except Refused as refused:
        logger.warning("Refused with %d: %s", refused.status, refused)
        return answer({"error": str(refused)}, refused.status, refused.headers)
    return answer({"message": await script.greeting(name)})


async def requested_name(request: Request) -> str | None:
    """Return the name in the query or in the body; raise Refused if it is none."""
    if request.method in ("GET", "HEAD"):
        name: Any = read_query(request.scope["query_string"]).get("name")
    elif request.method == "POST":
        name = (await json_body(request)).get("name")
    else:
        raise Refused(405, "use GET or POST", Allow="GET, HEAD, POST")
    if not isinstance(name, str | None):
        raise Refused(400, "name must be a string")
    if name and len(name) > MAX_NAME_LENGTH:
        raise Refused(400, f"name must be at most {MAX_NAME_LENGTH} characters")
    return name


def read_query(raw: bytes) -> dict[str, str]:
    """Return the parameters of a query. If a name comes twice, the last one counts, as in JSON."""
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise Refused(400, "the query is not valid UTF-8") from None


async def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object in the request's body, empty if there is no body."""
    has_body = request.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in request.headers
    if has_body and not re.match(r"(?i)application/([^;]*\+)?json\s*(;|$)", request.headers.get("Content-Type", "")):
        raise Refused(415, "send the body as application/json")
    try:
        body = json.loads(await read_body(request) or b"{}")
    except ClientDisconnect:
        raise Refused(400, "the body ended early") from None
    except (ValueError, RecursionError):  # The second if it is nested thousands deep.
        raise Refused(400, "the body is not valid JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body must be a JSON object")
    return body


async def read_body(request: Request) -> bytearray:
    """Return the body; refuse one that is too long as soon as that shows."""
    too_long = Refused(413, f"the body must be at most {MAX_BODY_BYTES} bytes")
    # A body in chunks has no length.
    if int(request.headers.get("Content-Length", 0)) > MAX_BODY_BYTES:
        raise too_long
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise too_long
    return body


def answer(content: dict[str, str], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in JSON."""
    # Not JSONResponse, which fails on half of a surrogate pair; a caller may send one as "\ud800".
    return Response(json.dumps(content), status, headers, "application/json")
