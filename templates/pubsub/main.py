"""Handles the messages of a Pub/Sub topic."""

import base64

import functions_framework
from cloudevents.http import CloudEvent

import cloud_logging
import delivery
from {{ cookiecutter.local_package }} import script

EVENT_TYPE = "google.cloud.pubsub.topic.v1.messagePublished"

cloud_logging.setup()


@functions_framework.cloud_event
def {{ fn.entry_point }}(event: CloudEvent) -> None:
    cloud_logging.label(event_id=str(event["id"]))
    if delivery.too_old(event):
        return
    try:
        script.handle(read(event))
    except delivery.Unprocessable as error:
        delivery.give_up(event, error)
    # Any other exception is answered with 500, and the event is delivered again.


def read(event: CloudEvent) -> script.Message:
    """Return the message that `event` carries; raise delivery.Unprocessable if it carries none."""
    delivery.check_type(event, EVENT_TYPE)
    message = delivery.data_of(event).get("message")
    if not isinstance(message, dict):
        raise delivery.Unprocessable("message is not an object")
    attributes = {} if message.get("attributes") is None else message["attributes"]
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        raise delivery.Unprocessable("attributes is not a map of strings")
    encoded = delivery.text(message, "data", default="")
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise delivery.Unprocessable(f"data is not base64: {error}") from None
    return script.Message(
        source=delivery.text(event.get_attributes(), "source"),
        event_id=delivery.text(event.get_attributes(), "id"),
        message_id=delivery.text(message, "messageId", default="") or delivery.text(message, "message_id", default=""),
        data=data,
        attributes=attributes,
    )
