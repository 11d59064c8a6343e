"""Handles the messages of a Pub/Sub topic."""

import base64
import logging

import functions_framework
from cloudevents.http import CloudEvent

import cloud_logging
import delivery
from {{ cookiecutter.local_package }} import script

EVENT_TYPE = "google.cloud.pubsub.topic.v1.messagePublished"

cloud_logging.setup()
logger = logging.getLogger(__name__)


@functions_framework.cloud_event
def {{ fn.entry_point }}(event: CloudEvent) -> None:
    cloud_logging.label(event_id=str(event["id"]))
    if delivery.too_old(event):
        return
    try:
        message = read(event)
    except ValueError as error:
        logger.error("Malformed %s event %s: %s", event["type"], event["id"], error)
        return  # Acknowledged: it will never get better. With a dead-letter topic: raise
    # An exception is answered with 500, and the event is delivered again.
    script.handle(message)


def read(event: CloudEvent) -> script.Message:
    """Return the message that `event` carries; raise ValueError if it carries none."""
    delivery.check_type(event, EVENT_TYPE)
    message = delivery.data_of(event).get("message")
    if not isinstance(message, dict):
        raise ValueError("it carries no message")
    attributes = {} if message.get("attributes") is None else message["attributes"]
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        raise ValueError("attributes is not a map of strings")
    return script.Message(
        source=delivery.text(event.get_attributes(), "source"),
        event_id=delivery.text(event.get_attributes(), "id"),
        message_id=delivery.text(message, "messageId", default="") or delivery.text(message, "message_id", default=""),
        data=base64.b64decode(delivery.text(message, "data", default=""), validate=True),
        attributes=attributes,
    )
