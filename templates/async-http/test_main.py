{% extends "http/test_main.py" %}
{% set client = "TestClient" %}
{% set content = "content" %}
{% set json = "json()" %}
{% block imports %}
import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient

import {{ fn.logic }} as logic

MAX_BODY_BYTES = 1024 * 1024
TOO_LONG = f"the body must be at most {MAX_BODY_BYTES} bytes"


def greeting(name: str | None) -> str:
    """Return the logic's answer to `name`."""
    return asyncio.run(logic.greeting(name))
{% endblock %}
{% block framing %}
def break_off(client: TestClient, content_type: str, length: int) -> tuple[int, Any]:
    """Send the headers of a POST and none of its body; return the status and JSON of the answer."""
    sent = []

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", content_type.encode()), (b"content-length", str(length).encode())]
    request = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    anyio.run(client.app, request, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


def post_in_chunks(client: TestClient, body: bytes) -> tuple[int, Any]:
    """Send JSON without its length; return the status and JSON of the answer."""
    response = client.post("/", content=iter([body]), headers={"Content-Type": "application/json"})
    return response.status_code, response.json()
{% endblock %}
{% block more %}


def test_requests_do_not_wait_for_each_other(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    both = asyncio.Barrier(2)

    async def meet(name: str | None) -> str:
        async with asyncio.timeout(10):
            await both.wait()
        return f"Met {name}"

    monkeypatch.setattr("{{ fn.logic }}.greeting", meet)
    with client, ThreadPoolExecutor() as threads:
        answers = list(threads.map(client.get, ["/?name=Ada", "/?name=Bob"]))
    assert [answer.json() for answer in answers] == [{"message": "Met Ada"}, {"message": "Met Bob"}]
{% endblock %}
