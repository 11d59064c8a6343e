"""What the function does with a change of an object, apart from how it learns of it."""

import logging
from dataclasses import dataclass
from typing import Literal

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """A change of an object. An event that comes again has the same `source` and `event_id`."""

    source: str
    event_id: str
    kind: Literal["finalized", "deleted", "archived", "metadataUpdated"]
    bucket: str
    name: str
    generation: int
    size: int  # in bytes
    content_type: str


def handle(change: Change) -> None:
    """Do the work; raise if the event should be delivered again.

    Raise `delivery.Unprocessable` if that would never help.
    """
    logger.info("gs://%s/%s was %s (%d bytes)", change.bucket, change.name, change.kind, change.size)
