"""Checks for every event: is it too old, and is its data as expected? The template keeps this file up to date."""

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cloudevents.http import CloudEvent

# Off unless it is set. The platform goes on with retries for a day; this ends them.
MAX_AGE_SECONDS = float(os.environ.get("MAX_EVENT_AGE_SECONDS") or "inf")

logger = logging.getLogger(__name__)


def too_old(event: CloudEvent) -> bool:
    """Whether `event` is older than MAX_EVENT_AGE_SECONDS; if so, log it. An event without a valid time is not."""
    try:
        age = (datetime.now(UTC) - datetime.fromisoformat(event["time"])).total_seconds()
    except (KeyError, TypeError, ValueError):
        return False
    if age <= MAX_AGE_SECONDS:
        return False
    logger.warning("Dropped %s event %s: it is %d seconds old", event["type"], event["id"], age)
    return True


def data_of(event: CloudEvent) -> dict[str, Any]:
    """Return the JSON object that `event` carries; raise ValueError if it carries something else."""
    # The framework hands on data that it cannot read as bytes.
    if not isinstance(event.data, dict):
        raise ValueError(f"its data is not a JSON object but {type(event.data).__name__}")
    return event.data


def check_type(event: CloudEvent, expected: str) -> None:
    """Raise ValueError if the trigger was set up for events of another type."""
    if event["type"] != expected:
        raise ValueError(f"its type is not {expected}")


def text(data: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """Return the string under `key`, or `default` if it is absent, null or empty.

    Raise ValueError if it is not a string, or if it is missing and there is no default.
    """
    value = data.get(key)
    if value in (None, ""):
        value = default
    if value is None:
        raise ValueError(f"{key} is missing")
    if not isinstance(value, str):
        raise ValueError(f"{key} is not a string")
    return value
