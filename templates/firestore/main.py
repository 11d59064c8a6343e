"""Handles the changes of documents in Firestore."""

from datetime import UTC
from typing import Any

import functions_framework
from cloudevents.http import CloudEvent
from google.events.cloud.firestore import DocumentEventData
from google.protobuf.message import DecodeError

import cloud_logging
import delivery
from {{ cookiecutter.local_package }} import script

EVENT_TYPE = "google.cloud.firestore.document.v1.written"

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


def read(event: CloudEvent) -> script.Change:
    """Return the change in `event`; raise delivery.Unprocessable if there is none."""
    delivery.check_type(event, EVENT_TYPE)
    if not isinstance(event.data, bytes):
        raise delivery.Unprocessable(f"its data is not protobuf but {type(event.data).__name__}")
    try:
        data = DocumentEventData.pb(DocumentEventData.deserialize(event.data))
        before = fields(data.old_value) if data.HasField("old_value") else None
        after = fields(data.value) if data.HasField("value") else None
    except (DecodeError, ValueError) as error:
        raise delivery.Unprocessable(str(error)) from error
    if before is None and after is None:
        raise delivery.Unprocessable("it holds no document, neither old nor new")
    return script.Change(
        source=delivery.text(event.get_attributes(), "source"),
        event_id=delivery.text(event.get_attributes(), "id"),
        document=(data.old_value if after is None else data.value).name,
        kind="created" if before is None else "deleted" if after is None else "updated",
        before=before,
        after=after,
    )


def fields(document: Any) -> dict[str, Any]:
    """Return the fields of a protobuf document as plain Python."""
    return {name: plain(value) for name, value in document.fields.items()}


def plain(value: Any) -> Any:
    """Return a protobuf value of Firestore as plain Python; a geographical point as (latitude, longitude)."""
    kind = value.WhichOneof("value_type")
    if kind == "map_value":
        return fields(value.map_value)
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "timestamp_value":
        return value.timestamp_value.ToDatetime(UTC)
    if kind == "geo_point_value":
        return value.geo_point_value.latitude, value.geo_point_value.longitude
    return None if kind in (None, "null_value") else getattr(value, kind)
