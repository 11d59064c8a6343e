"""A function for Pub/Sub, pushed to by Google's own emulator."""

import base64
import json
import os
import signal
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.processes import environment, posix_only, require_tool
from tests.support.serving import Served, family, listening, served
from tests.support.types import Bake, Installed
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.slow, posix_only]


def ports() -> Iterator[int]:
    """Yield ports of 127.0.0.1: the first is taken, the others were free a moment ago."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]
    while True:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        yield port


@contextmanager
def pubsub_emulator(home: Path) -> Iterator[str]:
    """Run Google's Pub/Sub emulator; yield its address. It and its Java child are ended as one process group.

    With port 0 it answers nothing but 503, so it is started again on another port until it gets the one it is given.
    """
    require_tool("java")
    command = [
        require_tool("gcloud"),
        "beta",
        "emulators",
        "pubsub",
        "start",
        "--project=demo-x",
        f"--data-dir={home / 'data'}",
    ]
    (home / "data").mkdir()
    env = environment(home, CLOUDSDK_CONFIG=str(home / "gcloud"), CLOUDSDK_CORE_DISABLE_PROMPTS="1")
    said = (home / "emulator.log").read_text
    for port in ports():
        with (home / "emulator.log").open("wb") as log:
            process = psutil.Popen(
                [*command, f"--host-port=127.0.0.1:{port}"], env=env, stdout=log, stderr=log, start_new_session=True
            )

        def outcome(process: psutil.Popen = process, port: int = port) -> str:
            assert process.poll() is None, said()
            listens = port in listening(*family(process))
            return "listens" if listens else "is taken" if "Address already in use" in said() else ""

        try:
            if until(outcome, said) == "listens":
                yield f"http://127.0.0.1:{port}/v1/projects/demo-x"
                return
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)


def call(url: str, method: str, content: Any) -> Any:
    """Call the emulator's REST interface."""
    headers = {"Content-Type": "application/json"}
    sent = urllib.request.Request(url, json.dumps(content).encode(), headers, method=method)
    with urllib.request.urlopen(sent, timeout=PATIENCE) as answer:
        return json.loads(answer.read())


def publish(there: str, *messages: tuple[bytes, dict[str, str]]) -> None:
    """Publish messages of some data and attributes."""
    given = [{"data": base64.b64encode(data).decode(), "attributes": {"a": "b", **more}} for data, more in messages]
    call(f"{there}/topics/topic1:publish", "POST", {"messages": given})


def times_logged(function: Served, text: str) -> int:
    return sum(text in entry["message"] for entry in function.entries())


def test_emulator_redelivers_failures_only(fresh: Bake, installed: Installed, home: Path) -> None:
    """The emulator pushes: what fails comes again until it does not, what is malformed comes once."""
    project = fresh(trigger="pubsub")
    scripts = installed(project)
    with (project / "localpackage" / "script.py").open("a") as script:
        script.write(
            "\n\nseen: list[str] = []\n\n\n"
            "def handle(message: Message) -> None:\n"
            "    seen.append(message.message_id)\n"
            "    if seen.count(message.message_id) <= int(message.attributes.get('fails', '0')):\n"
            "        raise ConnectionError('passing')\n"
            "    logger.info('handled %s', message.content())\n"
        )
    main = project / "main.py"
    poison = '    message = delivery.data_of(event).get("message")\n'
    text = main.read_text("utf-8")
    assert poison in text
    # A team's own rule for what is malformed.
    rule = '    if "poison" in message["attributes"]:\n        raise ValueError("poison")\n'
    main.write_text(text.replace(poison, poison + rule), "utf-8")
    with pubsub_emulator(home) as there, served(scripts, project, "hello_function", home) as function:
        call(f"{there}/topics/topic1", "PUT", {})
        push = {"pushEndpoint": f"{function.url}/projects/demo-x/topics/topic1"}
        retry = {"minimumBackoff": "0.1s", "maximumBackoff": "0.2s"}
        subscription = {
            "topic": "projects/demo-x/topics/topic1",
            "pushConfig": push,
            # No answer is so late that a message comes again for that.
            "ackDeadlineSeconds": 600,
            "retryPolicy": retry,
        }
        call(f"{there}/subscriptions/sub1", "PUT", subscription)
        publish(there, (b"plain", {}), (b"failing", {"fails": "2"}), (b"bad", {"poison": "yes"}), (b"\xff\xfe", {}))
        texts = ("handled plain", "handled failing", "poison", "handled b'")
        until(lambda: all(times_logged(function, text) for text in texts), function.entries)
        # While this one has come again and again, the poisonous one would have too.
        publish(there, (b"last", {"fails": "8"}))
        until(lambda: times_logged(function, "handled last"), function.entries)
        counts = {text: times_logged(function, text) for text in (*texts, "handled last", "ConnectionError")}
    assert counts == {**dict.fromkeys(texts, 1), "handled last": 1, "ConnectionError": 2 + 8}
