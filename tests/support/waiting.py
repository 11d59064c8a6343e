"""Waiting for events."""

import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
# Seconds until a test gives up: a bound that no slow machine comes near.
PATIENCE = 300


def until(happened: Callable[[], T], why: Callable[[], object]) -> T:
    """Ask again and again until `happened` returns something true, and return that; fail with `why` in the end."""
    deadline = time.monotonic() + PATIENCE
    while not (found := happened()):
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)
    return found


def assert_each_seen(ends: Counter[str], *expected: str) -> None:
    """Print how often each end was met, and assert that each expected one was."""
    print(dict(ends))
    assert all(ends[end] for end in expected), f"the cases were to end in {expected}, and ended in {dict(ends)}"
