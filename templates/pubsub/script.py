"""What the function does with a message, apart from how it arrives."""

import json
import logging
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """A message. One that is delivered again has the same `source` and `event_id`."""

    source: str
    event_id: str
    message_id: str
    data: bytes
    attributes: dict[str, str]

    def content(self) -> object:
        """Return the data as a JSON value if it is one, else as text, else as bytes."""
        try:
            text = self.data.decode("utf-8")
        except UnicodeDecodeError:
            return self.data
        try:
            return json.loads(text)
        except (ValueError, RecursionError):  # The second if it is nested thousands deep.
            return text


def handle(message: Message) -> None:
    """Do the work; raise if the message should be delivered again.

    Raise `delivery.Unprocessable` if that would never help.
    """
    content = message.content()
    logger.info("Message %s: %d bytes of %s", message.message_id, len(message.data), type(content).__name__)
