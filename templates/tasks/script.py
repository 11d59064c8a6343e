"""What the function does with a task, apart from how it arrives."""

import logging
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A task. One that is tried again has the same `queue` and `name`."""

    queue: str
    name: str
    # How often it was tried before: 0 at first.
    retries: int
    payload: dict[str, Any]


def handle(task: Task) -> None:
    """Do the work; raise if it should be tried again."""
    logger.info("Handled task %s of queue %s, retry %d", task.name, task.queue, task.retries)
