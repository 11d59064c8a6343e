"""Handles the changes of objects in a Cloud Storage bucket."""

import re
from typing import Any

import functions_framework
from cloudevents.http import CloudEvent

import cloud_logging
import delivery
from {{ cookiecutter.local_package }} import script

EVENT_TYPES = (
    "google.cloud.storage.object.v1.finalized",
    "google.cloud.storage.object.v1.deleted",
    "google.cloud.storage.object.v1.archived",
    "google.cloud.storage.object.v1.metadataUpdated",
)

cloud_logging.setup()


@functions_framework.cloud_event
def {{ fn.entry_point }}(event: CloudEvent) -> None:
    cloud_logging.label(event_id=str(event["id"]), subject=str(event.get("subject", "")))
    if delivery.too_old(event):
        return
    try:
        script.handle(read(event))
    except delivery.Unprocessable as error:
        delivery.give_up(event, error)
    # Any other exception is answered with 500, and the event is delivered again.


def read(event: CloudEvent) -> script.Change:
    """Return the change in `event`; raise delivery.Unprocessable if there is none."""
    delivery.check_type(event, *EVENT_TYPES)
    data = delivery.data_of(event)
    return script.Change(
        source=delivery.text(event.get_attributes(), "source"),
        event_id=delivery.text(event.get_attributes(), "id"),
        kind=event["type"].rpartition(".")[2],
        bucket=delivery.text(data, "bucket"),
        name=delivery.text(data, "name"),
        generation=number(data, "generation"),
        size=number(data, "size", default="0"),
        content_type=delivery.text(data, "contentType", default="application/octet-stream"),
    )


def number(data: dict[str, Any], key: str, default: str | None = None) -> int:
    """Return the whole number under `key`. Google sends it as a string; a JSON number is fine too."""
    value = data.get(key)
    digits = delivery.text(data, key, default) if isinstance(value, str | None) else str(value)
    if not re.fullmatch(r"[0-9]{1,19}", digits):
        raise delivery.Unprocessable(f"{key} is not a whole number")
    return int(digits)
