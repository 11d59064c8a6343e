"""Sends a sample to the function that runs here: python events/send.py event.json [URL]."""

import sys
import urllib.request
from pathlib import Path

from google.events.cloud.firestore import DocumentEventData

EVENTS = Path(__file__).resolve().parent


def main(sample: str, url: str = "http://127.0.0.1:8080/") -> None:
    body = DocumentEventData.serialize(DocumentEventData.from_json((EVENTS / sample).read_text("utf-8")))
    lines = (EVENTS / "headers.txt").read_text("utf-8").splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
        print(answer.status)


if __name__ == "__main__":
    main(*sys.argv[1:])
