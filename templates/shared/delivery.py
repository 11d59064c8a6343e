"""Checks for every event, and the end of those that can never be handled. The template keeps this file up to date."""

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cloudevents.http import CloudEvent

# Off unless it is set. The platform goes on with retries for a day; this gives up earlier.
MAX_AGE_SECONDS = float(os.environ.get("MAX_EVENT_AGE_SECONDS") or "inf")
# Whether the subscription has a dead-letter topic, which takes what is not acknowledged in the end.
DEAD_LETTER = os.environ.get("DEAD_LETTER", "").lower() in ("true", "1", "yes", "on")

logger = logging.getLogger(__name__)


class Unprocessable(ValueError):
    """This event can never be handled, however often it is delivered. Your code may raise it too."""


class WrongType(ValueError):
    """The trigger delivers events of a type that the function cannot read."""


def give_up(event: CloudEvent, reason: Unprocessable) -> None:
    """Log why `event` can never be handled, which acknowledges it; if there is a dead-letter topic, raise `reason`."""
    if DEAD_LETTER:
        raise reason
    logger.error("Unprocessable %s event %s: %s", event["type"], event["id"], reason)


def too_old(event: CloudEvent) -> bool:
    """Whether `event` is older than MAX_EVENT_AGE_SECONDS; if so, log it. An event without a valid time is not.

    If there is a dead-letter topic, raise Unprocessable instead.
    """
    try:
        age = (datetime.now(UTC) - datetime.fromisoformat(event["time"])).total_seconds()
    except (KeyError, TypeError, ValueError):
        return False
    if age <= MAX_AGE_SECONDS:
        return False
    if DEAD_LETTER:
        raise Unprocessable(f"it is {age:.0f} seconds old")
    logger.warning("Dropped %s event %s: it is %d seconds old", event["type"], event["id"], age)
    return True


def data_of(event: CloudEvent) -> dict[str, Any]:
    """Return the JSON object that `event` carries; raise Unprocessable if it carries something else."""
    # The framework hands on data that it cannot read as bytes.
    if not isinstance(event.data, dict):
        raise Unprocessable(f"its data is not a JSON object but {type(event.data).__name__}")
    return event.data


def check_type(event: CloudEvent, *expected: str) -> None:
    """Raise WrongType if `event` has none of the expected types. It is then delivered again, and kept until you act."""
    if event["type"] not in expected:
        raise WrongType(f"its type is not {' or '.join(expected)} but {event['type']}: change the trigger")


def text(data: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """Return the string under `key`, or `default` if it is absent, null or empty.

    Raise Unprocessable if it is not a string, or if it is missing and there is no default.
    """
    value = data.get(key)
    if value in (None, ""):
        value = default
    if value is None:
        raise Unprocessable(f"{key} is missing")
    if not isinstance(value, str):
        raise Unprocessable(f"{key} is not a string")
    return value
