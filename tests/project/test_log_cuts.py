"""Entries that are too long for Cloud Logging are cut, and say so."""

import json

import pytest

from tests.project.conftest import Log

LABELS = "logging.googleapis.com/labels"
# Cloud Logging's limit is 256 KB, less what it adds to an entry.
LIMIT = 250_000


def test_long_label_is_cut(log: Log) -> None:
    [entry] = log("logger.info('x' * 300_000, extra={'labels': {'shop': 'a' * 300_000, 'event_id': '1'}})")
    assert entry[LABELS]["event_id"] == "1" and len(entry[LABELS]["shop"]) < 1100
    assert entry["severity"] == "INFO" and "cut" in entry["message"]


@pytest.mark.parametrize("text", ["'x'", "'é'", "'😀'", "'\\\\'", "'\\0'", "'\\ud800'"])
def test_long_text_is_cut_at_the_limit_and_says_so(log: Log, text: str) -> None:
    [entry] = log(f"logger.info('begin' + {text} * 300_000 + 'end', extra={{'json_fields': {{'order': 7}}}})")
    assert LIMIT / 4 < len(json.dumps(entry)) <= LIMIT
    assert entry["message"].startswith("begin") and entry["message"].endswith("end") and "cut" in entry["message"]
    assert (entry["order"], entry["severity"]) == (7, "INFO")


def test_text_is_cut_above_the_limit_only(log: Log) -> None:
    whole, cut = log("logger.info('x' * 249_000)\nlogger.info('x' * 250_000)")
    assert whole["message"] == "x" * 249_000 and "cut" in cut["message"]


def test_long_field_is_cut_and_the_rest_stays(log: Log) -> None:
    [entry] = log("logger.info('seen', extra={'json_fields': {'order': 7, 'rows': ['x' * 100] * 3_000}})")
    assert len(json.dumps(entry)) <= LIMIT
    assert (entry["message"], entry["order"]) == ("seen", 7) and "cut" in entry["rows"]


def test_cut_keeps_the_traceback(log: Log) -> None:
    [entry] = log("try:\n    1 / 0\nexcept ZeroDivisionError:\n    logger.exception('x' * 300_000)")
    assert "\nTraceback (most recent call last):\n" in entry["message"]
    assert entry["message"].endswith("\nZeroDivisionError: division by zero")


def test_fields_that_are_too_many_are_one_error(log: Log) -> None:
    [entry] = log("logger.info({f'field{number}': number for number in range(30_000)})")
    assert entry["severity"] == "ERROR" and "field0" in entry["message"] and len(json.dumps(entry)) <= LIMIT


def test_cut_keeps_the_labels(log: Log) -> None:
    """They are short by then, and Cloud Logging takes no text in their place."""
    labels = {"shop": "a" * 900, "event_id": "b" * 900}
    [entry] = log(f"logger.info({{f'field{{n}}': 'x' * 2_000 for n in range(200)}}, extra={{'labels': {labels}}})")
    assert entry[LABELS] == labels and "cut" in entry["field0"]
