"""Any request: no 5xx of ours, no traceback to the caller, each log line one entry; and a load of good and bad ones.

A sample of cases; `pytest tests/stress --hypothesis-profile=long` takes hundreds of each kind, and others each time.
"""

import http.client
import json
import random
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.folders import append, edit
from tests.support.processes import posix_only
from tests.support.questions import TRIGGERS, fact, variables
from tests.support.serving import Served, family, served, valid_request
from tests.support.types import Bake, Installed
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow, posix_only]

LINE = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40)
NAMES = st.sampled_from(
    ["Content-Type", "ce-id", "ce-source", "ce-type", "ce-specversion", "ce-time", "ce-subject", "ce-extra", "traceparent", "Accept",
     "X-Cloud-Trace-Context", "Function-Execution-Id", "X-CloudScheduler-JobName", "X-CloudScheduler-ScheduleTime", "Cookie", "Host"]
)  # fmt: skip
VALUES = LINE | st.sampled_from(
    ["application/json", "application/cloudevents+json", "application/cloudevents-batch+json", "text/plain", "application/protobuf",
     "application/json; charset=utf-16", "multipart/form-data", "1.0", "0.3", "", "2026-11-22T02:00:00Z", "9999-99-99",
     "00-0123456789abcdef0123456789abcdef-00f067aa0ba902b7-01"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "message", "data", "attributes", "bucket", "size", "id", "type"])
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
)
BODIES = (
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.sampled_from([b"", b"[" * 100_000, b'{"name": ' + b"1" * 10_000 + b"}", b'{"message": {"data": "/w=="}}'])
)


@st.composite
def requests(draw: st.DrawFn, valid: tuple[Mapping[str, str], bytes]) -> tuple[str, str, dict[str, str], bytes]:
    """Draw a request: a valid one with some parts changed, so that some get far."""
    others = st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "ANY"])
    method = draw(others) if draw(st.integers(0, 4)) == 4 else "POST"
    path = "/" + draw(
        st.sampled_from(["", "", "?name=Ada", "a/b?name=%FF", "?name=" + "x" * 200, "%00?&&=;", "?name=%ED%A0%BD"])
    )
    headers = {**valid[0], **draw(st.dictionaries(NAMES, VALUES, max_size=3))}
    for name in draw(st.lists(st.sampled_from(sorted(valid[0])), max_size=1)) if valid[0] else []:
        headers.pop(name, None)
    body = draw(BODIES | st.just(valid[1]))
    if valid[1] and draw(st.booleans()):
        place = draw(st.integers(0, len(valid[1]) - 1))
        body = valid[1][:place] + draw(st.binary(max_size=3)) + valid[1][place + draw(st.integers(0, 3)) :]
    return method, path, headers, body


def send(function: Served, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Send a request; return status and body of the answer."""
    connection = http.client.HTTPConnection(function.url.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request(method, path, body, {name: value.encode("latin-1") for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_any_request(bake: Bake, installed: Installed, home: Path, trigger: str) -> None:
    project = bake(trigger=trigger)
    scripts = installed(project)
    valid = valid_request(project, scripts, trigger)
    answered: Counter[int] = Counter()
    logged: Counter[str] = Counter()
    with served(scripts, project, "hello_function", home, **variables(trigger)) as function:

        @given(request=requests(valid))
        # A request takes a few milliseconds.
        @settings(max_examples=10 * settings().max_examples)
        def each(request: tuple[str, str, dict[str, str], bytes]) -> None:
            before = len(function.entries())
            status, body = send(function, *request)
            assert b"Traceback" not in body and b"main.py" not in body
            entries = function.entries()[before:]
            answered[status] += 1
            logged.update(entry["severity"] for entry in entries)
            # What the framework answers itself, before the function runs, is in the function's REFERENCE.md. The
            # function raises only if the event is of another type.
            messages = [entry["message"] for entry in entries if "delivery.WrongType" not in entry["message"]]
            assert status < 500 or (entries and not any("main.py" in message for message in messages)), entries

        each()
    print(f"{trigger}: {dict(sorted(answered.items()))}, {dict(logged)}")
    # Some reached the logic (of an event only the log shows it), and some were refused before.
    assert (logged["INFO"] if fact(trigger, "contract") == "event" else answered[200] + answered[204]) > 0
    assert logged["WARNING"] + logged["ERROR"] > 0


# The status, headers and body of the bad requests, one in ten; None means the headers of a good one.
BAD: dict[str, tuple[int, dict[str, str] | None, bytes]] = {
    "http": (400, {"Content-Type": "application/json"}, b"{"),
    "event": (200, None, b"\xff"),
}
LOGGED = {"http": {"WARNING": True}, "event": {"INFO": False, "ERROR": True}}


CLIENTS = 64
# A function that keeps a kilobyte of each request grows by twice as much in each round. One that keeps nothing hardly
# grows once its threads and caches are there.
ROUNDS, STILL = 8, 800_000


def send_load(
    function: Served, trigger: str, good: tuple[Mapping[str, str], bytes], requests: int
) -> Counter[tuple[bool, int]]:
    """Send requests from many clients at once; count the answers by whether the request was bad, and by status."""
    _, bad_headers, bad_body = BAD[fact(trigger, "contract")]
    bad = (good[0] if bad_headers is None else bad_headers, bad_body)

    def send_all(seed: int) -> Counter[tuple[bool, int]]:
        chance, answered = random.Random(seed), Counter[tuple[bool, int]]()
        connection = http.client.HTTPConnection(function.url.removeprefix("http://"), timeout=PATIENCE)
        for _ in range(requests):
            is_bad = chance.random() < 0.1
            headers, body = bad if is_bad else good
            connection.request("POST", "/", body, dict(headers))
            answer = connection.getresponse()
            answer.read()
            answered[is_bad, answer.status] += 1
        connection.close()
        return answered

    with ThreadPoolExecutor(CLIENTS) as threads:
        return sum(threads.map(send_all, range(CLIENTS)), Counter[tuple[bool, int]]())


def measure_growth(
    function: Served, trigger: str, good: tuple[Mapping[str, str], bytes], requests: int = 25, rounds: int = ROUNDS
) -> tuple[Counter[tuple[bool, int]], list[int]]:
    """Load a function in rounds until its memory is still; return the counted answers and its growth in each round."""
    processes = family(function.process)
    answered, grown = Counter[tuple[bool, int]](), list[int]()
    while len(grown) < rounds and min(grown, default=STILL) >= STILL:
        before = sum(process.memory_info().rss for process in processes)
        answered += send_load(function, trigger, good, requests)
        grown.append(sum(process.memory_info().rss for process in processes) - before)
    assert family(function.process) == processes, "a worker was lost"
    print(f"{trigger}: {dict(answered)}, {len(processes)} processes, which grew by {grown}")
    return answered, grown


@pytest.mark.parametrize("trigger", ["http", "async-http", "pubsub"])
def test_load(bake: Bake, installed: Installed, home: Path, trigger: str) -> None:
    requests = 400 if settings.get_current_profile_name() == "long" else 25
    project = bake(trigger=trigger)
    scripts = installed(project)
    contract = fact(trigger, "contract")
    with served(scripts, project, "hello_function", home, **variables(trigger)) as function:
        # gunicorn listens before it has a worker.
        send(function, "GET", "/", {}, b"")
        before = len(function.entries())
        answered, grown = measure_growth(function, trigger, valid_request(project, scripts, trigger), requests)
        logged = Counter(entry["severity"] for entry in function.entries()[before:])
    assert set(answered) == {(False, 200), (True, BAD[contract][0])}
    assert logged == {
        severity: sum(number for (bad, _), number in answered.items() if bad == of_bad)
        for severity, of_bad in LOGGED[contract].items()
    }
    assert min(grown) < STILL


def test_leak_is_found(fresh: Bake, scripts: Path, home: Path) -> None:
    project = fresh(trigger="http")
    edit("main.py", "    if request.method in", "    kept.append(bytes(1000))\n    if request.method in")(project)
    append("main.py", "\n\nkept: list[bytes] = []\n")(project)
    with served(scripts, project, "hello_function", home, **variables("http")) as function:
        send(function, "GET", "/", {}, b"")
        _, grown = measure_growth(function, "http", valid_request(project, scripts, "http"), rounds=3)
    assert min(grown) >= STILL
