"""Handles events that Eventarc delivers."""

import base64
from typing import Any

import functions_framework
from cloudevents.http import CloudEvent
from flask import request

import cloud_logging
import delivery
from {{ cookiecutter.local_package }} import script

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


def read(event: CloudEvent) -> script.Event:
    """Return what `event` says; raise delivery.Unprocessable if its data should be JSON and is not."""
    attributes = event.get_attributes()
    content_type = delivery.text(attributes, "datacontenttype", default="")
    return script.Event(
        source=delivery.text(attributes, "source"),
        event_id=delivery.text(attributes, "id"),
        type=event["type"],
        subject=delivery.text(attributes, "subject", default=""),
        content_type=content_type,
        data=content(event, content_type),
    )


def content(event: CloudEvent, content_type: str) -> Any:
    """Return the data as a value if it is declared as JSON, else as it came."""
    media_type = content_type.partition(";")[0].strip().lower()
    is_json = media_type == "application/json" or media_type.endswith("+json")
    if is_json and isinstance(event.data, bytes):
        raise delivery.Unprocessable(f"its data is declared as {content_type} and is not JSON")
    if is_json or not content_type:
        return event.data
    # The framework reads whatever it can as JSON, such as the text 42, so ask the request for what came.
    if "ce-specversion" in request.headers:
        return request.get_data() or None
    encoded = request.get_json(force=True).get("data_base64")
    return event.data if encoded is None else base64.b64decode(encoded)
