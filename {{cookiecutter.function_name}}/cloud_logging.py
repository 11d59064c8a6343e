"""Structured logs, and readable ones in a terminal. The template keeps this file up to date.

In a terminal each record is a line to read. Everywhere else it is a line of JSON on stdout, with these fields:
https://cloud.google.com/logging/docs/structured-logging
"""

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
{% if fn.asynchronous %}
from contextvars import ContextVar
{% endif %}
from typing import Any


def setup(level: int = logging.INFO) -> None:
    """Send all records of at least `level` to stdout, in place of any handler set up before."""
    logging.basicConfig(level=level, format="%(message)s", handlers=[StdoutHandler()], force=True)


{% if fn.asynchronous %}
def join(headers: Mapping[str, str]) -> None:
    """Join all that is logged from now on, in this task, to the request that has these headers."""
    request.set((headers, {}))


{% endif %}
def label(**labels: str) -> None:
    """Put labels on all entries that the current request logs from now on."""
    if found := current():
        found[1].update(labels)


class StdoutHandler(logging.Handler):
    """Writes each record to what sys.stdout is at that moment.

    With LOG_EXECUTION_ID the framework puts another stdout in place for each request.
    """

    readable = logging.Formatter("{asctime} {levelname:8} {name}: {message}", "%H:%M:%S", style="{")

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.readable.format(record) if in_terminal() else json.dumps(self.entry(record), default=str)
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


def in_terminal() -> bool:
    """Whether a person reads along. Cloud Run sets K_SERVICE; with LOG_EXECUTION_ID the framework needs JSON."""
    return sys.stdout.isatty() and not os.environ.keys() & {"K_SERVICE", "LOG_EXECUTION_ID"}


def labels() -> dict[str, dict[str, str]]:
    """Return the field of the current request's labels, empty if it has none."""
    found = current()
    return {"logging.googleapis.com/labels": found[1]} if found and found[1] else {}


def trace() -> dict[str, str]:
    """Return the field that joins an entry to its request, empty outside of a request or project."""
    project, found = os.environ.get("GOOGLE_CLOUD_PROJECT"), current()
    if not project or not found:
        return {}
    context = found[0].get("X-Cloud-Trace-Context") or found[0].get("traceparent", "")
    trace = re.search(r"\b[0-9a-f]{32}\b", context)
    return {"logging.googleapis.com/trace": f"projects/{project}/traces/{trace[0]}"} if trace else {}


{% if fn.asynchronous %}
request: ContextVar[tuple[Mapping[str, str], dict[str, str]] | None] = ContextVar("request", default=None)


def current() -> tuple[Mapping[str, str], dict[str, str]] | None:
    """Return the headers and the labels of the request that is being answered, None outside of one."""
    return request.get()
{% else %}
def current() -> tuple[Mapping[str, str], dict[str, str]] | None:
    """Return the headers and the labels of the request that is being answered, None outside of one."""
    # Looked up, not imported: logging in a script or a test of the logic need not load a web framework.
    flask = sys.modules.get("flask")
    if not flask or not flask.has_request_context():
        return None
    return flask.request.headers, flask.g.setdefault("log_labels", {})
{% endif %}
