"""Google's emulators of Pub/Sub and Firestore, by their own commands."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.support.fake_cloud import plain_gcloud
from tests.support.processes import has_ended, miss, require_tool
from tests.support.serving import family, listening
from tests.support.waiting import PATIENCE, until

PUBSUB = "gcloud beta emulators pubsub start --project=demo"
FIRESTORE = "gcloud emulators firestore start"
# The component of gcloud that each is.
COMPONENTS = {"pubsub": "pubsub-emulator", "firestore": "cloud-firestore-emulator"}


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


def component(name: str) -> Path:
    """Return the folder of a component of gcloud; skip the test by its name if it is missing."""
    folder = Path(require_tool("gcloud")).resolve().parents[1] / "platform" / name
    if not folder.exists():
        miss(name)
    return folder


def end(process: psutil.Popen) -> None:
    """End the process group that a process leads; fail if a child of it is not in that group."""
    all_of_it = family(process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
    until(lambda: all(map(has_ended, all_of_it)), lambda: f"still running: {all_of_it}")


@contextmanager
def emulator(command: str, home: Path) -> Iterator[str]:
    """Run an emulator by its command; yield its host and port. Its Java child is ended with it.

    With port 0, Pub/Sub's answers nothing but 503, and Firestore's does not say which port it got. So it is started
    again on another port until it gets the one it is given.
    """
    name = next(name for name in COMPONENTS if f" {name} " in command)
    component(COMPONENTS[name])
    require_tool("java")
    env = plain_gcloud(home, CLOUDSDK_CORE_DISABLE_PROMPTS="1")
    said = (home / f"{name}.log").read_text
    for port in ports():
        with (home / f"{name}.log").open("wb") as log:
            process = psutil.Popen(
                # Not as a child of sh: gcloud would leave its process group.
                ["sh", "-euc", f"exec {command} --host-port=127.0.0.1:{port}"],
                cwd=home, env=env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

        def outcome(process: psutil.Popen = process, port: int = port) -> str:
            listens = port in listening(*family(process))
            found = "listens" if listens else "is taken" if "Address already in use" in said() else ""
            assert found or process.poll() is None, said()
            return found

        try:
            if until(outcome, said) == "listens":
                yield f"127.0.0.1:{port}"
                return
        finally:
            # One that has ended by itself said why above.
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                end(process)
