"""What cloud_logging.py makes of a record: one entry that Cloud Logging takes, whatever is logged."""

from pathlib import Path

import pytest

from tests.project.conftest import HEAD, Log
from tests.support.pages import blocks, page
from tests.support.types import Bake

LABELS = "logging.googleapis.com/labels"
SOURCE = "logging.googleapis.com/sourceLocation"
TRACE = "0123456789abcdef0123456789abcdef"
SPAN = "00f067aa0ba902b7"


def test_fields_and_labels_as_google_cloud_logging_takes_them(log: Log) -> None:
    extra = {"json_fields": {"order": 7, "items": ["a"]}, "labels": {"shop": "main", "try": 2}}
    [entry] = log(f"logger.info('Ordered %s', 'tea', extra={extra})")
    assert (entry["message"], entry["severity"]) == ("Ordered tea", "INFO")
    assert (entry["order"], entry["items"]) == (7, ["a"])
    assert entry[LABELS] == {"shop": "main", "try": "2"}


def test_lines_that_reference_shows_write_the_same_field(bake: Bake, log: Log) -> None:
    first, second = log(blocks(page(bake(), "How do I log?"), "python")[0])
    assert (first["message"], first["order"]) == (second["message"], second["order"]) == ("Ordered", 7)
    assert first[LABELS] == {"shop": "main"}


def test_labels_of_a_record_join_those_of_the_request(log: Log) -> None:
    begin = "cloud_logging.join({})\ncloud_logging.label(event_id='1', shop='main')\n"
    first, second = log(
        begin + "logger.info('a', extra={'labels': {'shop': 'other'}})\nlogger.info('b')", trigger="async-http"
    )
    assert first[LABELS] == {"event_id": "1", "shop": "other"}
    assert second[LABELS] == {"event_id": "1", "shop": "main"}


def test_no_fields_and_no_labels_are_no_mistake(log: Log) -> None:
    [entry] = log("logger.info('seen', extra={'json_fields': None, 'labels': None})")
    assert (entry["message"], entry["severity"]) == ("seen", "INFO")


def test_trace_span_and_location_can_be_given(log: Log) -> None:
    extra = {
        "trace": f"projects/p/traces/{TRACE}", "span_id": SPAN, "trace_sampled": True,
        "source_location": {"file": "a.py", "line": "7"}, "http_request": {"requestUrl": "https://a"}, "resource": "none",
    }  # fmt: skip
    [entry] = log(f"logger.info('seen', extra={extra})")
    assert entry == {
        "severity": "INFO",
        "message": "seen",
        "logging.googleapis.com/trace": f"projects/p/traces/{TRACE}",
        "logging.googleapis.com/spanId": SPAN,
        "logging.googleapis.com/trace_sampled": True,
        SOURCE: {"file": "a.py", "line": "7"},
    }


def test_dictionary_becomes_fields(log: Log) -> None:
    plain, with_message, both = log(
        "logger.info({'order': 7})\n"
        "logger.warning({'message': 'Ordered', 'order': 7})\n"
        "logger.info({'order': 7, 'shop': 'main'}, extra={'json_fields': {'order': 8}})"
    )
    assert (plain["order"], plain["message"], plain["severity"]) == (7, "{'order': 7}", "INFO")
    assert (with_message["order"], with_message["message"], with_message["severity"]) == (7, "Ordered", "WARNING")
    assert (both["order"], both["shop"]) == (8, "main")


def test_dictionary_keeps_the_traceback(log: Log) -> None:
    [entry] = log("try:\n    1 / 0\nexcept ZeroDivisionError:\n    logger.exception({'message': 'No', 'order': 7})")
    assert entry["order"] == 7
    assert entry["message"].startswith("No\nTraceback (most recent call last):\n")
    assert entry["message"].endswith("\nZeroDivisionError: division by zero")


def test_field_with_a_name_of_cloud_logging_is_renamed(log: Log) -> None:
    """Otherwise an order's `time` would be the entry's, and an old one drops it."""
    names = ["severity", "time", "timestamp", "timestampSeconds", "timestampNanos", "httpRequest", LABELS, SOURCE]
    fields = dict.fromkeys([*names, "logging.googleapis.com/insertId"], "mine")
    for entry in log(f"logger.info('seen', extra={{'json_fields': {fields}}})\nlogger.info({fields})"):
        assert entry["severity"] == "INFO" and "mine" not in [entry.get(name) for name in fields]
        assert {name: entry.get(f"{name}_") for name in fields} == fields


def test_value_that_is_not_json_becomes_text(log: Log) -> None:
    [entry] = log(
        "import datetime\nday = datetime.date(2026, 1, 2)\nlogger.info({'day': day, 'days': [day], 'data': b'a'})"
    )
    assert (entry["day"], entry["days"], entry["data"]) == ("2026-01-02", ["2026-01-02"], "b'a'")


def test_message_among_the_fields_does_not_replace_the_text(log: Log) -> None:
    [entry] = log("logger.info('seen', extra={'json_fields': {'message': 'mine'}})")
    assert (entry["message"], entry["message_"]) == ("seen", "mine")


def test_exception_is_one_that_error_reporting_recognises(log: Log) -> None:
    """By `message`, if that contains what traceback.format_exc() returns, and no field that is read before it.

    https://cloud.google.com/error-reporting/docs/formatting-error-messages
    """
    failing = "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n"
    failing += "    logger.exception('It failed', extra={'json_fields': {'expected': traceback.format_exc()}})"
    [entry] = log(failing)
    assert entry["message"] == "It failed\n" + entry["expected"].rstrip() and entry["severity"] == "ERROR"
    assert not entry.keys() & {"stack_trace", "exception", "@type"}


def test_each_level_has_a_severity_that_cloud_logging_knows(log: Log) -> None:
    """That of a level without one is the next lower."""
    unnamed = {5: "DEBUG", 15: "DEBUG", 25: "INFO", 35: "WARNING", 49: "ERROR", 90: "CRITICAL"}
    # A severity of Cloud Logging's that Python lacks, or another name for one.
    named = {"NOTICE": (25, "NOTICE"), "ALERT": (60, "ALERT"), "EMERGENCY": (70, "EMERGENCY")}
    named |= {"TRACE": (5, "DEBUG"), "WARN": (30, "WARNING"), "FATAL": (50, "CRITICAL")}
    code = "logging.root.setLevel(1)\n" + "".join(f"logger.log({level}, 'seen')\n" for level in unnamed)
    code += "".join(
        f"logging.addLevelName({level}, '{name}')\nlogger.log({level}, 'seen')\n" for name, (level, _) in named.items()
    )
    expected = [*unnamed.values(), *(severity for _, severity in named.values())]
    assert [entry["severity"] for entry in log(code)] == expected


BROKEN = "class Broken:\n    def __str__(self):\n        raise RuntimeError('on purpose')\n"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("logger.info('%d', 'x')", "'%d'"),
        ("logger.info('seen', 'x')", "'seen'"),
        ("logger.info('%s', Broken())", "RuntimeError('on purpose')"),
        ("logger.info('seen', extra={'labels': 'of another library'})", "'seen'"),
        ("logger.info('seen', extra={'json_fields': 'of another library'})", "'seen'"),
    ],
)
def test_record_that_cannot_be_written_is_one_error_that_names_the_call(
    log: Log, tmp_path: Path, call: str, says: str
) -> None:
    [entry] = log(f"{BROKEN}\ndef work() -> None:\n    {call}\n\nwork()")
    assert entry["severity"] == "ERROR" and says in entry["message"]
    line = (HEAD + BROKEN).count("\n") + 3
    assert f"work.py:{line}" in entry["message"]
    assert entry[SOURCE] == {"file": str(tmp_path / "work.py"), "line": str(line), "function": "work"}


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ("{'loss': float('nan'), 'order': 7}", {"loss": "nan", "order": 7}),
        ("{'rows': [float('inf')]}", {"rows": "[inf]"}),
        ("{('a', 'b'): 1, 7: 2}", {"('a', 'b')": 1, "7": 2}),
        ("{'inner': {('a', 'b'): 1}}", {"inner": "{('a', 'b'): 1}"}),
    ],
)
def test_field_that_json_has_nothing_like_is_text(log: Log, fields: str, written: dict[str, object]) -> None:
    [entry] = log(f"logger.info('seen', extra={{'json_fields': {fields}}})")
    assert (entry["severity"], entry["message"]) == ("INFO", "seen")
    assert entry.items() >= written.items()


def test_mistake_keeps_the_exception_that_was_to_be_logged(log: Log) -> None:
    [entry] = log("try:\n    1 / 0\nexcept ZeroDivisionError:\n    logger.exception('%d', 'x')")
    assert "'%d'" in entry["message"] and entry["message"].endswith("\nZeroDivisionError: division by zero")


def test_record_that_fails_to_be_named_ends_nothing(log: Log) -> None:
    """What is left is logging's own note on stderr."""
    broken = BROKEN.replace("__str__", "__repr__") + "\nimport os, sys\nsys.stderr = open(os.devnull, 'w')\n"
    [entry] = log(f"{broken}logger.info('%s', Broken())\nlogger.info('seen')")
    assert entry["message"] == "seen"
