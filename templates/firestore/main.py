"""Handles the changes of documents in Firestore."""

from datetime import UTC
from typing import Any

import functions_framework
from cloudevents.http import CloudEvent
from google.events.cloud.firestore import DocumentEventData
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import DecodeError

import cloud_logging
import delivery
from {{ cookiecutter.local_package }} import script

EVENT_TYPES = [
    f"google.cloud.firestore.document.v1.{kind}{context}"
    for kind in ("written", "created", "updated", "deleted")
    for context in ("", ".withAuthContext")
]

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
    data = DocumentEventData.pb(DocumentEventData())
    try:
        if isinstance(event.data, bytes):
            data.MergeFromString(event.data)
        else:
            ParseDict(delivery.data_of(event), data, ignore_unknown_fields=True)
        # A document that does not exist is absent or empty.
        before = fields(data.old_value) if data.old_value.name else None
        after = fields(data.value) if data.value.name else None
    except (DecodeError, OverflowError, ParseError, ValueError) as error:
        raise delivery.Unprocessable(str(error)) from error
    if before is None and after is None:
        raise delivery.Unprocessable("neither value nor old_value is a document with a name")
    attributes = event.get_attributes()
    return script.Change(
        source=delivery.text(attributes, "source"),
        event_id=delivery.text(attributes, "id"),
        document=(data.old_value if after is None else data.value).name,
        kind="created" if before is None else "deleted" if after is None else "updated",
        before=before,
        after=after,
        auth_type=delivery.text(attributes, "authtype", default=""),
        auth_id=delivery.text(attributes, "authid", default=""),
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
