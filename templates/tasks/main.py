"""Handles the tasks of a Cloud Tasks queue."""

import json
import logging
from typing import Any, NoReturn

import flask
import functions_framework

import cloud_logging
from {{ cookiecutter.local_package }} import script

# No task of a queue is longer: Cloud Tasks takes 1 MB at most.
MAX_BODY_BYTES = 1024 * 1024

cloud_logging.setup()
logger = logging.getLogger(__name__)


@functions_framework.http
def {{ fn.entry_point }}(request: flask.Request) -> tuple[str, int]:
    if request.method != "POST":
        refuse(405, "use POST", Allow="POST")
    queue = required(request, "X-CloudTasks-QueueName")
    name = required(request, "X-CloudTasks-TaskName")
    try:
        retries = int(required(request, "X-CloudTasks-TaskRetryCount"))
    except ValueError:
        refuse(400, "the header X-CloudTasks-TaskRetryCount is not a number")
    try:
        payload = read(read_body(request))
    except ValueError as error:
        logger.error("Malformed task %s of queue %s: %s", name, queue, error)
        return "", 204  # Acknowledged: it will never get better, and Cloud Tasks would try again even after a 4xx.
    # An exception answers 500, and Cloud Tasks tries again.
    script.handle(script.Task(queue, name, retries, payload))
    return "", 204


def required(request: flask.Request, header: str) -> str:
    """Return a header that Cloud Tasks always sends; refuse the request of any other client."""
    return request.headers.get(header) or refuse(400, f"the header {header} is missing")


def read(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a task's body, empty if there is no body; raise ValueError if it is something else."""
    try:
        payload = json.loads(body or b"{}")
    except (ValueError, RecursionError):  # The second if it is nested thousands deep.
        raise ValueError("the body is not valid JSON") from None
    if not isinstance(payload, dict):
        raise ValueError(f"the body is not a JSON object but {type(payload).__name__}")
    return payload


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
