{% extends "http/test_main.py" %}
{% set client = "TestClient" %}
{% set content = "content" %}
{% set json = "json()" %}
{% block imports %}
import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient

import {{ fn.logic }} as logic


def greeting(name: str | None) -> str:
    """Return the logic's answer to `name`."""
    return asyncio.run(logic.greeting(name))
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


def test_caller_that_hangs_up(client: TestClient) -> None:
    sent = []

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    request = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    anyio.run(client.app, request, receive, send)
    assert sent[0]["status"] == 400
{% endblock %}
