"""Structured logs, and readable ones in a terminal. The template keeps this file up to date.

In a terminal each record is a line to read. Everywhere else it is a line of JSON on stdout, with these fields:
https://cloud.google.com/logging/docs/structured-logging
"""

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Mapping
{% if fn.asynchronous %}
from contextvars import ContextVar
{% endif %}
from typing import Any

GCP = "logging.googleapis.com/"
SEVERITIES = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "NOTICE", "ALERT", "EMERGENCY")
# Besides json_fields and labels, `extra` may have these, as with google-cloud-logging.
EXTRAS = {"trace": "trace", "span_id": "spanId", "trace_sampled": "trace_sampled", "source_location": "sourceLocation"}
# A field of yours with such a name would change the entry itself.
RESERVED = re.compile(rf"severity|message|httpRequest|time(stamp\w*)?|{GCP}.*")
# Cloud Logging takes 256 KB, and adds a little to each entry: https://cloud.google.com/logging/quotas
MAX_BYTES = 250_000
encode = json.JSONEncoder(default=str, allow_nan=False).encode


def setup(level: int = logging.INFO) -> None:
    """Send all records of at least LOG_LEVEL, or else `level`, to stdout, in place of any handler set up before.

    Errors are always among them, since a lost event is logged as one.
    """
    name, levels = os.environ.get("LOG_LEVEL", "").upper(), logging.getLevelNamesMapping()
    level = min(levels.get(name, level), logging.ERROR)
    logging.basicConfig(level=level, format="%(message)s", handlers=[StdoutHandler()], force=True)
    if name and name not in levels:
        logging.error("LOG_LEVEL is %s, which is not a level: use DEBUG, INFO, WARNING or ERROR", name)
    logging.captureWarnings(True)
    logging.getLogger("watchdog").setLevel(logging.INFO)  # With --debug, it would log each file that is opened.
    # Unless another library, such as Sentry's, has set its own.
    if (sys.excepthook, threading.excepthook) == (sys.__excepthook__, threading.__excepthook__):
        sys.excepthook = lambda kind, error, traceback: log_uncaught(error)
        threading.excepthook = lambda end: log_uncaught(end.exc_value)


def log_uncaught(error: BaseException | None) -> None:
    if not isinstance(error, SystemExit | KeyboardInterrupt):
        logging.error("Uncaught exception in %s", threading.current_thread().name, exc_info=error)


{% if fn.asynchronous %}
def join(headers: Mapping[str, str]) -> None:
    """Join all that is logged from now on, in this task, to the request that has these headers."""
    request.set((headers, {}))


{% endif %}
def label(**labels: str) -> None:
    """Put labels on all entries that the current request logs from now on."""
    current()[1].update(labels)


class StdoutHandler(logging.Handler):
    """Writes to what sys.stdout is at that moment: with LOG_EXECUTION_ID, the framework has one for each request."""

    readable = logging.Formatter("{asctime} {levelname:8} {name}: {message}", "%H:%M:%S", style="{")

    def emit(self, record: logging.LogRecord) -> None:
        try:
            try:
                line = self.line(record)
            except Exception as error:  # Such as that of "%d" with a text.
                text = f"Cannot log {record.msg!r} with {record.args!r} at {record.pathname}:{record.lineno}: {error!r}"
                changes = {"msg": text, "args": (), "levelname": "ERROR", "json_fields": None, "labels": None}
                line = self.line(logging.makeLogRecord(vars(record) | changes))
            print(line, flush=True)
        except Exception:
            self.handleError(record)

    def line(self, record: logging.LogRecord) -> str:
        """Return a record as it is written, without the middle of its longest values if it is too long."""
        # Cloud Run sets K_SERVICE; with LOG_EXECUTION_ID the framework needs JSON.
        if sys.stdout.isatty() and not os.environ.keys() & {"K_SERVICE", "LOG_EXECUTION_ID"}:
            return self.readable.format(record)
        entry, kept = self.entry(record), MAX_BYTES
        while len(line := encode(entry)) > MAX_BYTES:
            if kept < 1000:
                raise ValueError("it is too long, even with its values cut")
            kept //= 2
            entry = {name: value if name.startswith(GCP) else shorten(value, kept) for name, value in entry.items()}
        return line

    def entry(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the fields of a record. Error Reporting recognises an exception by the traceback in the message.

        https://cloud.google.com/error-reporting/docs/formatting-error-messages
        """
        fields = dict(record.msg) if isinstance(record.msg, Mapping) else {}
        if "message" in fields:
            record = logging.makeLogRecord({**vars(record), "msg": fields.pop("message")})
        extra, nearest = vars(record), min(max(record.levelno // 10, 1), 5)
        fields |= extra.get("json_fields") or {}
        headers, labels = current()
        labels = labels | (extra.get("labels") or {})
        own = {
            "severity": record.levelname if record.levelname in SEVERITIES else SEVERITIES[nearest - 1],
            "message": self.format(record),
            GCP + "sourceLocation": {"file": record.pathname, "line": str(record.lineno), "function": record.funcName},
            **({GCP + "labels": {name: shorten(str(value), 1000) for name, value in labels.items()}} if labels else {}),
            **trace(headers),
            **{GCP + field: extra[name] for name, field in EXTRAS.items() if extra.get(name) is not None},
        }
        yours = {str(name): in_json(value) for name, value in fields.items()}
        return own | {f"{name}_" if RESERVED.fullmatch(name) else name: value for name, value in yours.items()}


def in_json(value: Any) -> Any:
    """Return a value, as text if JSON cannot hold it, such as NaN."""
    try:
        encode(value)
    except (RecursionError, TypeError, ValueError):
        return str(value)
    return value


def shorten(value: Any, kept: int) -> Any:
    """Return a value, or if its text is longer than what is kept, the text without its middle."""
    text = value if isinstance(value, str) else encode(value)
    return value if len(text) <= kept else f"{text[: kept // 2]} [cut by cloud_logging.py] {text[-kept // 2 :]}"


def trace(headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that join an entry to the request with these headers, empty outside of a project."""
    project = os.environ.get("{{ "GCLOUD_PROJECT" if fn.firebase else "GOOGLE_CLOUD_PROJECT" }}")
    context = project and (headers.get("X-Cloud-Trace-Context") or headers.get("traceparent"))
    found = context and re.search(r"\b([0-9a-f]{32})\b(.*;o=1|-\w+-\w[13579bdf])?", context)
    if not found:
        return {}
    return {GCP + "trace": f"projects/{project}/traces/{found[1]}", GCP + "trace_sampled": bool(found[2])}


{% if fn.asynchronous %}
request: ContextVar[tuple[Mapping[str, str], dict[str, str]]] = ContextVar("request")


def current() -> tuple[Mapping[str, str], dict[str, str]]:
    """Return the headers and the labels of the request that is being answered, empty outside of one."""
    return request.get(({}, {}))
{% else %}
def current() -> tuple[Mapping[str, str], dict[str, str]]:
    """Return the headers and the labels of the request that is being answered, empty outside of one."""
    # Looked up, not imported: logging in a script or a test of the logic need not load a web framework.
    flask = sys.modules.get("flask")
    if not flask or not flask.has_request_context():
        return {}, {}
    return flask.request.headers, flask.g.setdefault("log_labels", {})
{% endif %}
