"""Events of every type of a product, in every form that a sender may choose, and what the logic should get.

They have the forms of the samples that Google publishes for the types of its events.
"""

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

JSON, PROTOBUF = "application/json", "application/protobuf"
INT64 = (-(2**63), 2**63 - 1)
NAME = "Größe & 日本/😀 100%"
ALL_BYTES = bytes(range(256))
LARGE = "x" * 10_000_000


@dataclass
class Sample:
    """An event, and the part of it that the logic should get."""

    type: str
    data: Any
    expected: dict[str, Any]
    content_type: str = JSON
    attributes: dict[str, str] = field(default_factory=dict)
    # If a structured event has the data as text.
    as_text: Any = None

    def body(self) -> bytes:
        return self.data if isinstance(self.data, bytes) else json.dumps(self.data).encode()

    def forms(self) -> Iterator[tuple[str, dict[str, str], bytes, dict[str, Any]]]:
        """Yield each form of the event: its name, headers, body and what the logic should get."""
        event = {"specversion": "1.0", "id": "1", "source": "//a.service/b", "type": self.type, **self.attributes}
        expected = {"source": event["source"], "event_id": "1", **self.expected}
        headers = {f"ce-{name}": value for name, value in event.items()}
        yield "binary", {**headers, "Content-Type": self.content_type}, self.body(), expected
        structured: dict[str, Any] = {**event, "datacontenttype": self.content_type}
        forms: dict[str, Any] = {"data_base64": base64.b64encode(self.body()).decode()}
        if self.content_type.endswith("json"):
            forms["data"] = self.data
        elif self.as_text is not None:
            forms["data"] = self.as_text
        for form, value in forms.items():
            as_it_came = {"data": value} if form == "data" and self.as_text is not None else {}
            body = json.dumps({**structured, form: value}).encode()
            yield form, {"Content-Type": "application/cloudevents+json; charset=utf-8"}, body, expected | as_it_came


def storage() -> Iterator[Sample]:
    often = {"kind": "storage#object", "metageneration": 1, "eventBasedHold": True, "metadata": {NAME: NAME}}
    for kind in ("finalized", "deleted", "archived", "metadataUpdated"):
        for generation in (1, *INT64[1:]):
            for number in (int, str):
                size = generation - 1
                data = {"bucket": "b", "name": NAME, "generation": number(generation), "size": number(size), **often}
                expected = {"kind": kind, "bucket": "b", "name": NAME, "generation": generation, "size": size}
                yield Sample(
                    f"google.cloud.storage.object.v1.{kind}",
                    {**data, "contentType": "text/plain; charset=utf-8"},
                    {**expected, "content_type": "text/plain; charset=utf-8"},
                    attributes={"subject": "objects/a"},
                )
    yield Sample(
        "google.cloud.storage.object.v1.finalized",
        {"bucket": "b", "name": "n", "generation": "1", "metadata": {"large": LARGE}},
        {"kind": "finalized", "bucket": "b", "name": "n", "generation": 1, "size": 0}
        | {"content_type": "application/octet-stream"},
    )


def pubsub() -> Iterator[Sample]:
    for data, attributes in (
        (b"text", {NAME: NAME}),
        (ALL_BYTES, {"a": ""}),
        (b"", {"only": "attributes"}),
        (LARGE.encode(), {}),
    ):
        encoded = base64.b64encode(data).decode()
        message = {"data": encoded, "attributes": attributes, "messageId": "7", "message_id": "7", "orderingKey": NAME}
        yield Sample(
            "google.cloud.pubsub.topic.v1.messagePublished",
            {"subscription": "projects/p/subscriptions/s", "message": {"@type": "PubsubMessage", **message}},
            {"message_id": "7", "data": data, "attributes": attributes},
        )


DOCUMENT = "projects/p/databases/(default)/documents/users/ada"
VECTOR = {"__type__": {"stringValue": "__vector__"}, "value": {"arrayValue": {"values": [{"doubleValue": 0.5}]}}}
DEEP = {"arrayValue": {"values": [{"mapValue": {"fields": {NAME: {"arrayValue": {"values": [{"nullValue": None}]}}}}}]}}
# Each field of a document, and what becomes of it.
FIELDS: dict[str, tuple[Any, Any]] = {
    "least": ({"integerValue": str(INT64[0])}, INT64[0]),
    "most": ({"integerValue": str(INT64[1])}, INT64[1]),
    "zero": ({"integerValue": "0"}, 0),
    "double": ({"doubleValue": 1.7976931348623157e308}, 1.7976931348623157e308),
    "infinity": ({"doubleValue": "-Infinity"}, float("-inf")),
    "whole double": ({"doubleValue": 5}, 5.0),
    "true": ({"booleanValue": True}, True),
    "false": ({"booleanValue": False}, False),
    "null": ({"nullValue": None}, None),
    NAME: ({"stringValue": NAME}, NAME),
    "empty": ({"stringValue": ""}, ""),
    "bytes": ({"bytesValue": base64.b64encode(ALL_BYTES).decode()}, ALL_BYTES),
    "first": ({"timestampValue": "0001-01-01T00:00:00Z"}, datetime(1, 1, 1, tzinfo=UTC)),
    "last": ({"timestampValue": "9999-12-31T23:59:59.999999999Z"}, datetime.max.replace(tzinfo=UTC)),
    "cut": ({"timestampValue": "1969-12-31T23:59:59.000001999Z"}, datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC)),
    "point": ({"geoPointValue": {"latitude": -90, "longitude": 180}}, (-90.0, 180.0)),
    "reference": ({"referenceValue": DOCUMENT}, DOCUMENT),
    "vector": ({"mapValue": {"fields": VECTOR}}, {"__type__": "__vector__", "value": [0.5]}),
    "deep": (DEEP, [{NAME: [None]}]),
    "no items": ({"arrayValue": {}}, []),
    "no fields": ({"mapValue": {}}, {}),
}


def document(fields: dict[str, Any]) -> dict[str, Any]:
    times = {"createTime": "2026-11-22T09:00:00.349632Z", "updateTime": "2026-11-22T10:00:00.349632Z"}
    return {"name": DOCUMENT, "fields": fields, **times}


def firestore(scripts: Path) -> Iterator[Sample]:
    new = {name: value for name, (value, _) in FIELDS.items()}
    after = {name: value for name, (_, value) in FIELDS.items()}
    old, before = {"count": {"integerValue": "3"}}, {"count": 3}
    changes: dict[str, tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any] | None]] = {
        "created": ({"oldValue": {}, "updateMask": {}, "value": document(new)}, None, after),
        "updated": (
            {"oldValue": document(old), "updateMask": {"fieldPaths": ["`a b`"]}, "value": document(new)},
            before,
            after,
        ),
        "deleted": ({"oldValue": document(new)}, after, None),
    }
    large = {"value": document({"large": {"stringValue": LARGE}})}
    datas = [data for data, _, _ in changes.values()] + [large]
    encode = (
        "import base64, json, sys; from google.events.cloud.firestore import DocumentEventData as D\n"
        "for line in sys.stdin: print(base64.b64encode(D.serialize(D.from_json(line))).decode())"
    )
    lines = "".join(json.dumps(data) + "\n" for data in datas)
    encoded = subprocess.run(
        [scripts / "python", "-c", encode], input=lines, capture_output=True, text=True, check=True
    )
    protobuf = dict(zip(map(id, datas), map(base64.b64decode, encoded.stdout.split()), strict=True))
    for kind, (data, was, is_now) in changes.items():
        for asked in (kind, "written"):
            for who in ({}, {"authtype": "service_account", "authid": "runner@p.iam.gserviceaccount.com"}):
                expected = {"document": DOCUMENT, "kind": kind, "before": was, "after": is_now}
                expected |= {"auth_type": who.get("authtype", ""), "auth_id": who.get("authid", "")}
                type_ = f"google.cloud.firestore.document.v1.{asked}" + (".withAuthContext" if who else "")
                yield Sample(type_, data, expected, attributes=who)
                yield Sample(type_, protobuf[id(data)], expected, PROTOBUF, attributes=who)
    expected = {"document": DOCUMENT, "kind": "created", "before": None, "after": {"large": LARGE}}
    expected |= {"auth_type": "", "auth_id": ""}
    for content_type, sent in ((JSON, large), (PROTOBUF, protobuf[id(large)])):
        yield Sample("google.cloud.firestore.document.v1.created", sent, expected, content_type)


# Types that have no trigger of their own, and data as they have it.
OTHERS: dict[str, Any] = {
    "google.cloud.audit.log.v1.written": {"protoPayload": {"@type": "AuditLog", "status": {}}, "insertId": NAME},
    "google.cloud.scheduler.job.v1.executed": {"customData": "AQID"},
    "google.cloud.cloudbuild.build.v1.statusChanged": {"id": "1", "steps": [{"args": ["a"], "timeout": "1.5s"}]},
    "google.firebase.analytics.log.v1.written": {"userDim": {"deviceTimeZoneOffsetSeconds": -10800}},
    "google.firebase.auth.user.v1.created": {"uid": "1", "metadata": {"createTime": "2026-11-22T10:00:00Z"}},
    "google.firebase.database.ref.v1.written": {"data": None, "delta": {"deeply": {"nested": [1, 2.5, False]}}},
    "google.firebase.firebasealerts.alerts.v1.published": {"payload": {"@type": "IssuePayload", "issue": {"id": "1"}}},
    "google.firebase.remoteconfig.remoteConfig.v1.updated": {"versionNumber": "5", "rollbackSource": INT64[1]},
    "google.firebase.testlab.testMatrix.v1.completed": {"state": "FINISHED", "client_info": {"details": {"a b": ""}}},
}


def cloudevent() -> Iterator[Sample]:
    def sample(type_: str, data: Any, content_type: str = JSON, as_text: Any = None) -> Sample:
        expected = {"type": type_, "subject": "a/b", "content_type": content_type, "data": data}
        return Sample(type_, data, expected, content_type, {"subject": "a/b"}, as_text)

    yield from (sample(type_, data) for type_, data in OTHERS.items())
    for value in ([1, [NAME]], {}, [], NAME, 0, *INT64, 2.5, True, False, None, {"large": LARGE}):
        yield sample("com.example.json", value)
    yield sample("com.example.json", {"a": 1}, "application/vnd.example+json")
    for text in (NAME, "42", "null", '{"a": 1}'):
        yield sample("com.example.text", text.encode(), "text/plain", as_text=text)
    yield sample("com.example.xml", b"<?xml version='1.0'?><a>1</a>", "application/xml", as_text="<a/>")
    for data in (ALL_BYTES, b"\n\t123456789"):
        for kind in ("written", "created", "updated", "deleted", "written.withAuthContext"):
            yield sample(f"google.cloud.datastore.entity.v1.{kind}", data, PROTOBUF)
