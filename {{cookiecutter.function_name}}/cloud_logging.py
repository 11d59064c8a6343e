"""Structured logs: each record becomes one line of JSON on stdout, as Cloud Logging reads it.

Fields: https://cloud.google.com/logging/docs/structured-logging
"""

import json
import logging
import os
import re
import sys
from typing import Any


def setup(level: int = logging.INFO) -> None:
    """Send all records of at least `level` to stdout, in place of any handler set up before."""
    logging.basicConfig(level=level, format="%(message)s", handlers=[StdoutHandler()], force=True)


class StdoutHandler(logging.Handler):
    """Writes each record as a line of JSON to what sys.stdout is at that moment.

    With LOG_EXECUTION_ID the framework puts another stdout in place for each request.
    """

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = json.dumps(self.entry(record), default=str)
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except Exception:
            self.handleError(record)

    def entry(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the fields of a record; the message of an exception ends with its traceback."""
        return {
            "severity": record.levelname,
            "message": self.format(record),
            "logging.googleapis.com/sourceLocation": {
                "file": record.pathname,
                "line": str(record.lineno),
                "function": record.funcName,
            },
            **trace(),
            **labels(),
        }


def label(**labels: str) -> None:
    """Put labels on all entries that the current request logs from now on."""
    if flask := flask_in_request():
        flask.g.log_labels = {**flask.g.get("log_labels", {}), **labels}


def labels() -> dict[str, dict[str, str]]:
    """Return the field of the current request's labels, empty where it has none."""
    flask = flask_in_request()
    found = flask.g.get("log_labels") if flask else None
    return {"logging.googleapis.com/labels": found} if found else {}


def trace() -> dict[str, str]:
    """Return the field that joins an entry to its request, empty outside of a request or project."""
    project, flask = os.environ.get("GOOGLE_CLOUD_PROJECT"), flask_in_request()
    if not project or not flask:
        return {}
    headers = flask.request.headers
    context = headers.get("X-Cloud-Trace-Context") or headers.get("traceparent", "")
    found = re.search(r"\b[0-9a-f]{32}\b", context)
    return {"logging.googleapis.com/trace": f"projects/{project}/traces/{found[0]}"} if found else {}


def flask_in_request() -> Any:
    """Return Flask while a request is being answered, else None."""
    # Looked up, not imported: logging in a script or a test of the logic need not load a web framework.
    flask = sys.modules.get("flask")
    return flask if flask and flask.has_request_context() else None
