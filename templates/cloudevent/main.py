"""Handles events that Eventarc delivers."""

import functions_framework
from cloudevents.http import CloudEvent

import cloud_logging
import delivery
from {{ cookiecutter.local_package }} import script

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


def read(event: CloudEvent) -> script.Event:
    """Return what `event` says; raise delivery.Unprocessable if it has data that is not a JSON object."""
    return script.Event(
        source=delivery.text(event.get_attributes(), "source"),
        event_id=delivery.text(event.get_attributes(), "id"),
        type=event["type"],
        subject=delivery.text(event.get_attributes(), "subject", default=""),
        data={} if event.data is None else delivery.data_of(event),
    )
