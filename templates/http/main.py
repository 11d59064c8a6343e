"""Answers an HTTP request with a greeting: GET /?name=Ada, or POST {"name": "Ada"}."""

import json
import logging
from typing import Any, NoReturn

import flask
import functions_framework

import cloud_logging
from {{ cookiecutter.local_package }} import script

MAX_NAME_LENGTH = 100

cloud_logging.setup()
logger = logging.getLogger(__name__)


@functions_framework.http
def {{ fn.entry_point }}(request: flask.Request) -> flask.Response:
    if request.method in ("GET", "HEAD"):
        name: Any = request.args.get("name")
    elif request.method == "POST":
        name = json_body(request).get("name")
    else:
        refuse(405, "use GET or POST", Allow="GET, HEAD, POST")
    if not isinstance(name, str | None):
        refuse(400, "name must be a string")
    if name and len(name) > MAX_NAME_LENGTH:
        refuse(400, f"name must be at most {MAX_NAME_LENGTH} characters")
    return flask.jsonify(message=script.greeting(name))


def json_body(request: flask.Request) -> dict[str, Any]:
    """Return the JSON object in the request's body, empty if there is no body."""
    raw = request.get_data()
    if not raw:
        return {}
    if not request.is_json:
        refuse(415, "send the body as application/json")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):  # The second if it is nested thousands deep.
        refuse(400, "the body is not valid JSON")
    if not isinstance(body, dict):
        refuse(400, "the body must be a JSON object")
    return body


def refuse(status: int, reason: str, **headers: str) -> NoReturn:
    """End the request with the caller's mistake as JSON."""
    logger.warning("Refused with %d: %s", status, reason)
    flask.abort(flask.make_response({"error": reason}, status, headers))
