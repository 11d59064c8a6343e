"""Runs a job when Cloud Scheduler asks for it."""

import logging
from datetime import datetime
from typing import NoReturn

import flask
import functions_framework

import cloud_logging
from {{ cookiecutter.local_package }} import script

NO_TIME = "the header X-CloudScheduler-ScheduleTime is not a valid time"

cloud_logging.setup()
logger = logging.getLogger(__name__)


@functions_framework.http
def {{ fn.entry_point }}(request: flask.Request) -> tuple[str, int]:
    if request.method != "POST":
        refuse(405, "use POST", Allow="POST")
    name = request.headers.get("X-CloudScheduler-JobName")
    if not name:
        refuse(400, "the header X-CloudScheduler-JobName is missing")
    try:
        scheduled = datetime.fromisoformat(request.headers.get("X-CloudScheduler-ScheduleTime", ""))
    except ValueError:
        refuse(400, NO_TIME)
    if scheduled.tzinfo is None:
        refuse(400, NO_TIME)
    # An exception answers 500, and Cloud Scheduler tries again.
    script.run(script.Job(name, scheduled))
    return "", 204


def refuse(status: int, reason: str, **headers: str) -> NoReturn:
    """End the request with the caller's mistake as JSON."""
    logger.warning("Refused with %d: %s", status, reason)
    flask.abort(flask.make_response({"error": reason}, status, headers))
