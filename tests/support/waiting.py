"""Waiting for events."""

import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


# The seconds after which what never happens is given up: a bound, not a measure, so no slow machine comes near it.
PATIENCE = 300


def until(happened: Callable[[], T], why: Callable[[], object]) -> T:
    """Return the first result that is true of asking again and again whether something has happened; tell why not."""
    deadline = time.monotonic() + PATIENCE
    while not (found := happened()):
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)
    return found


def all_of(ends: Counter[str], *expected: str) -> None:
    """Show how often each end of some cases was met, and assert that each that is expected was."""
    print(dict(ends))
    assert all(ends[end] for end in expected), f"the cases were to end in {expected}, and ended in {dict(ends)}"
