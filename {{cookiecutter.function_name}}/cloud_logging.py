"""Structured logs: each record becomes one line of JSON on stdout, as Cloud Logging reads it.

Fields: https://cloud.google.com/logging/docs/structured-logging
"""

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
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
        }


def trace() -> dict[str, str]:
    """Return the field that joins an entry to its request, empty outside of a request or project."""
    project = os.environ.get("GOOGLE_CLOUD_PROJECT")
    headers = request_headers()
    context = headers.get("X-Cloud-Trace-Context") or headers.get("traceparent", "")
    found = re.search(r"\b[0-9a-f]{32}\b", context)
    if not project or not found:
        return {}
    return {"logging.googleapis.com/trace": f"projects/{project}/traces/{found[0]}"}


def request_headers() -> Mapping[str, str]:
    """Return the headers of the request that is being answered, empty where there is none."""
    # Looked up, not imported: logging in a script or a test of the logic need not load a web framework.
    flask = sys.modules.get("flask")
    return flask.request.headers if flask and flask.has_request_context() else {}
