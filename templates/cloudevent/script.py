"""What the function does with an event, apart from how it arrives."""

import logging
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """An event. One that is delivered again has the same `source` and `event_id`."""

    source: str
    event_id: str
    type: str
    subject: str
    content_type: str
    data: Any  # a JSON value if the content type says so, else bytes, or str if a structured event has text


def handle(received: Event) -> None:
    """Do the work; raise if the event should be delivered again.

    Raise `delivery.Unprocessable` if that would never help.
    """
    logger.info("%s about %s with %s", received.type, received.subject, received.content_type)
