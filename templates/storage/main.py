"""Handles the objects that are written to a Cloud Storage bucket."""

import functions_framework
from cloudevents.http import CloudEvent

import cloud_logging
import delivery
from {{ cookiecutter.local_package }} import script

EVENT_TYPE = "google.cloud.storage.object.v1.finalized"

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


def read(event: CloudEvent) -> script.StoredObject:
    """Return the object in `event`; raise delivery.Unprocessable if there is none."""
    delivery.check_type(event, EVENT_TYPE)
    data = delivery.data_of(event)
    size = delivery.text(data, "size", default="0")
    if not (size.isascii() and size.isdigit()):
        raise delivery.Unprocessable("size is not a number")
    return script.StoredObject(
        source=delivery.text(event.get_attributes(), "source"),
        event_id=delivery.text(event.get_attributes(), "id"),
        bucket=delivery.text(data, "bucket"),
        name=delivery.text(data, "name"),
        generation=delivery.text(data, "generation"),
        size=int(size),
        content_type=delivery.text(data, "contentType", default="application/octet-stream"),
    )
