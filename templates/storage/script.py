"""What the function does with an object, apart from how it learns of it."""

import logging
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredObject:
    """A new object, or a new generation of one. An event that comes again has the same `source` and `event_id`."""

    source: str
    event_id: str
    bucket: str
    name: str
    generation: str
    size: int  # in bytes
    content_type: str


def handle(stored: StoredObject) -> None:
    """Do the work; raise if the event should be delivered again.

    Raise `delivery.Unprocessable` if that would never help.
    """
    logger.info("gs://%s/%s: %d bytes of %s", stored.bucket, stored.name, stored.size, stored.content_type)
