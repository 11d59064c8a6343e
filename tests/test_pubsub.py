"""A function for Pub/Sub, pushed to by Google's own emulator."""

import base64
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import Served, environment, free_port, need, posix_only, served

pytestmark = [pytest.mark.slow, posix_only]


@contextmanager
def pubsub_emulator(home: Path) -> Iterator[str]:
    """Run Google's Pub/Sub emulator; yield its address. It and its Java child are ended as one process group."""
    need("java")
    port = free_port()
    command = [
        need("gcloud"),
        "beta",
        "emulators",
        "pubsub",
        "start",
        "--project=demo-x",
        f"--host-port=127.0.0.1:{port}",
    ]
    (home / "data").mkdir()
    env = environment(home, CLOUDSDK_CONFIG=str(home / "gcloud"), CLOUDSDK_CORE_DISABLE_PROMPTS="1")
    with (home / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--data-dir={home / 'data'}"], env=env, stdout=log, stderr=log, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (home / "emulator.log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1/projects/demo-x"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def call(url: str, method: str, content: Any) -> Any:
    """Call the emulator's REST interface."""
    headers = {"Content-Type": "application/json"}
    sent = urllib.request.Request(url, json.dumps(content).encode(), headers, method=method)
    with urllib.request.urlopen(sent, timeout=20) as answer:
        return json.loads(answer.read())


def times_logged(function: Served, text: str) -> int:
    return sum(text in entry["message"] for entry in function.entries())


def test_pubsub_for_real(fresh: Any, installed: Any, home: Path) -> None:
    """The emulator pushes: what fails comes again until it does not, what is malformed comes once."""
    project = fresh(trigger="pubsub")
    scripts = installed(project, quick=True)
    with (project / "localpackage" / "script.py").open("a") as script:
        script.write(
            "\n\nseen: list[str] = []\n\n\n"
            "def handle(message: Message) -> None:\n"
            "    seen.append(message.message_id)\n"
            "    if message.attributes.get('fails') and seen.count(message.message_id) < 3:\n"
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
            "ackDeadlineSeconds": 10,
            "retryPolicy": retry,
        }
        call(f"{there}/subscriptions/sub1", "PUT", subscription)
        messages = [
            {"data": base64.b64encode(b"plain").decode(), "attributes": {"a": "b"}},
            {"data": base64.b64encode(b"failing").decode(), "attributes": {"fails": "yes"}},
            {"data": base64.b64encode(b"bad").decode(), "attributes": {"poison": "yes"}},
            {"data": base64.b64encode(b"\xff\xfe").decode(), "attributes": {"a": "b"}},
        ]
        call(f"{there}/topics/topic1:publish", "POST", {"messages": messages})
        deadline = time.monotonic() + 60
        while not (times_logged(function, "handled failing") and times_logged(function, "Malformed")):
            assert time.monotonic() < deadline, function.entries()
            time.sleep(0.2)
        # As long as it took the failing one to come three times, and more: the poisonous one has not come again.
        time.sleep(3)
        counts = {
            text: times_logged(function, text)
            for text in ("handled plain", "handled failing", "ConnectionError", "poison", "handled b'")
        }
    assert counts == {"handled plain": 1, "handled failing": 1, "ConnectionError": 2, "poison": 1, "handled b'": 1}
