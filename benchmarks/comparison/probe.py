"""Print the status with which a Google function answers an event: python probe.py MAIN FUNCTION EVENT.

If its project has a sample in events/, that is sent as a CloudEvent. Otherwise the function takes events of the first
generation.
"""

import json
import sys
from pathlib import Path

# Here and below: this runs in the environment of the function that it asks.
import functions_framework  # type: ignore[import-not-found]

FIRST_GENERATION = {
    "pubsub": {"data": "e30=", "attributes": {}},
    "storage": {"bucket": "my-bucket", "name": "my-object"},
    "firestore": {"value": {"fields": {}}, "oldValue": {}},
}
CONTEXT = {"eventId": "1", "timestamp": "2026-11-22T10:00:00Z", "eventType": "any", "resource": "any"}


def status(main: Path, function: str, event: str) -> int:
    samples = main.parent / "events"
    if samples.exists():
        body: bytes | str = (samples / "event.json").read_bytes()
        headers = dict(line.split(": ", 1) for line in (samples / "headers.txt").read_text("utf-8").splitlines())
        if (samples / "send.py").exists():
            from google.events.cloud.firestore import DocumentEventData  # type: ignore[import-not-found]

            body = DocumentEventData.serialize(DocumentEventData.from_json(body))
    else:
        headers = {"Content-Type": "application/json"}
        body = json.dumps({"data": FIRST_GENERATION[event], "context": CONTEXT})
    app = functions_framework.create_app(function, str(main), "cloudevent" if samples.exists() else "event")
    return int(app.test_client().post("/", data=body, headers=headers).status_code)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(sys.argv[1]).parent))
    print(status(Path(sys.argv[1]), *sys.argv[2:]))
