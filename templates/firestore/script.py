"""What the function does with a change, apart from how it learns of it."""

import logging
from dataclasses import dataclass
from typing import Any, Literal

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """A change of a document. An event that comes again has the same `source` and `event_id`."""

    source: str
    event_id: str
    document: str
    kind: Literal["created", "updated", "deleted"]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    # Who did it, if the type of the event ends in .withAuthContext. Otherwise empty.
    auth_type: str  # such as service_account or unauthenticated
    auth_id: str


def handle(change: Change) -> None:
    """Do the work; raise if the event should be delivered again.

    Raise `delivery.Unprocessable` if that would never help.
    """
    logger.info("%s was %s", change.document, change.kind)
