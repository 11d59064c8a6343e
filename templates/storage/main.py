"""Handles the objects that are written to a Cloud Storage bucket."""

import logging

import functions_framework
from cloudevents.http import CloudEvent

import cloud_logging
import delivery
from {{ cookiecutter.local_package }} import script

EVENT_TYPE = "google.cloud.storage.object.v1.finalized"

cloud_logging.setup()
logger = logging.getLogger(__name__)


@functions_framework.cloud_event
def {{ fn.entry_point }}(event: CloudEvent) -> None:
    cloud_logging.label(event_id=str(event["id"]))
    if delivery.too_old(event):
        return
    try:
        stored = read(event)
    except ValueError as error:
        logger.error("Malformed %s event %s: %s", event["type"], event["id"], error)
        return  # Acknowledged: it will never get better. With a dead-letter topic: raise
    # An exception is answered with 500, and the event is delivered again.
    script.handle(stored)


def read(event: CloudEvent) -> script.StoredObject:
    """Return the object in `event`; raise ValueError if there is none."""
    delivery.check_type(event, EVENT_TYPE)
    data = delivery.data_of(event)
    size = delivery.text(data, "size", default="0")
    if not (size.isascii() and size.isdigit()):
        raise ValueError("size is not a number")
    return script.StoredObject(
        source=delivery.text(event.get_attributes(), "source"),
        event_id=delivery.text(event.get_attributes(), "id"),
        bucket=delivery.text(data, "bucket"),
        name=delivery.text(data, "name"),
        generation=delivery.text(data, "generation"),
        size=int(size),
        content_type=delivery.text(data, "contentType", default="application/octet-stream"),
    )
