"""Google's Firestore emulator."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.fake_cloud import gcloud_environment
from tests.support.processes import require_tool
from tests.support.serving import family, listening
from tests.support.waiting import PATIENCE, until


@contextmanager
def firestore_emulator(home: Path) -> Iterator[str]:
    """Run the emulator; yield host and port. Its Java child is ended with it.

    With port 0 it does not say which one it got.
    """
    gcloud = Path(require_tool("gcloud"))
    require_tool("java")
    if not (gcloud.resolve().parents[1] / "platform" / "cloud-firestore-emulator").exists():
        pytest.skip("gcloud's component cloud-firestore-emulator is not on this machine")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (home / "firestore.log").open("wb") as log:
        process = psutil.Popen(
            [gcloud, "emulators", "firestore", "start", f"--host-port=127.0.0.1:{port}"],
            cwd=home, env=gcloud_environment(home, CLOUDSDK_CORE_DISABLE_PROMPTS="1"),
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip

    def said() -> str:
        return (home / "firestore.log").read_text("utf-8")

    def ready() -> bool:
        assert process.poll() is None, said()
        return port in listening(*family(process))

    try:
        until(ready, said)
        yield f"127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
