"""Answers an HTTP request with a greeting: GET /?name=Ada, or POST {"name": "Ada"}."""

import io
import json
import logging
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import flask
import functions_framework

import cloud_logging
from {{ cookiecutter.local_package }} import script

MAX_BODY_BYTES = 1024 * 1024
MAX_NAME_LENGTH = 100

cloud_logging.setup()
logger = logging.getLogger(__name__)


@functions_framework.http
def {{ fn.entry_point }}(request: flask.Request) -> flask.Response:
    if request.method in ("GET", "HEAD"):
        name: Any = read_query(request.query_string).get("name")
        request.stream = io.BytesIO()  # The framework reads what is left of a body, however long, before it answers.
    elif request.method == "POST":
        name = json_body(request).get("name")
    else:
        refuse(405, "use GET or POST", Allow="GET, HEAD, POST")
    if not isinstance(name, str | None):
        refuse(400, "name must be a string")
    if name and len(name) > MAX_NAME_LENGTH:
        refuse(400, f"name must be at most {MAX_NAME_LENGTH} characters")
    return flask.jsonify(message=script.greeting(name))


def read_query(raw: bytes) -> dict[str, str]:
    """Return the parameters of a query. If a name comes twice, the last one counts, as in JSON."""
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        refuse(400, "the query is not valid UTF-8")


def json_body(request: flask.Request) -> dict[str, Any]:
    """Return the JSON object in the request's body, empty if there is no body."""
    if (request.content_length or "Transfer-Encoding" in request.headers) and not request.is_json:
        refuse(415, "send the body as application/json")
    try:
        body = json.loads(read_body(request) or b"{}")
    except OSError:
        refuse(400, "the body ended early")
    except (ValueError, RecursionError):  # The second if it is nested thousands deep.
        refuse(400, "the body is not valid JSON")
    if not isinstance(body, dict):
        refuse(400, "the body must be a JSON object")
    return body


def read_body(request: flask.Request) -> bytes:
    """Return the body; refuse one that is too long as soon as that shows."""
    # A body in chunks has no length, and request.max_content_length would cut it off in silence.
    length = request.content_length or 0
    if length <= MAX_BODY_BYTES:
        body = request.stream.read(MAX_BODY_BYTES + 1)
        if len(body) < length:
            refuse(400, "the body ended early")
        if len(body) <= MAX_BODY_BYTES:
            return body
    refuse(413, f"the body must be at most {MAX_BODY_BYTES} bytes")


def refuse(status: int, reason: str, **headers: str) -> NoReturn:
    """End the request with the caller's mistake as JSON."""
    logger.warning("Refused with %d: %s", status, reason)
    flask.abort(flask.make_response({"error": reason}, status, headers))
