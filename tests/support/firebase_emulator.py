"""Firebase's emulators, which leave processes behind, and end others by name: in a namespace of processes of their own."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.support.emulators import ports
from tests.support.firebase_cli import firebase_cli
from tests.support.processes import environment, require_tool
from tests.support.questions import REGION
from tests.support.serving import Function, family
from tests.support.waiting import PATIENCE, until

# The first process in there takes all others with it when it ends.
ALONE = ("--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc")


class Emulators:
    """What runs, by what it has written so far."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def address(self, name: str) -> str:
        """Return where one of the emulators listens, by its name in the table that is printed."""
        [address] = re.findall(rf"{name} .*?(127\.0\.0\.1:\d+)", self.said())
        return str(address)

    def function(self, name: str) -> Function:
        """Return a function by the URL that is printed, or one that events start by where they are sent."""
        if found := re.search(rf"function initialized \((http://\S+/{name})\)", self.said()):
            return Function(found[1])
        path = f"functions/projects/demo-project/triggers/{REGION}-{name}-0"
        return Function(f"http://{self.address('Functions')}/{path}")


@contextmanager
def emulators(folder: Path, home: Path, *names: str, **variables: str) -> Iterator[Emulators]:
    """Run some emulators for the functions in a folder's firebase.json until the block ends.

    The one of functions takes no other port than it is given, so it is started again until that is free.
    """
    command = (firebase_cli(), "emulators:start", "--project", "demo-project", "--only", ",".join(names))
    here = Emulators(home / "emulators.log")
    # Where the CLI keeps which emulators run.
    (home / "tmp").mkdir()
    env = environment(home, **variables, TMPDIR=str(home / "tmp"))
    firebase = json.loads((folder / "firebase.json").read_text("utf-8"))
    for port in ports():
        firebase["emulators"]["functions"] = {"port": port}
        (folder / "firebase.json").write_text(json.dumps(firebase), "utf-8")
        with here.log.open("wb") as log:
            process = psutil.Popen(
                [require_tool("unshare"), *ALONE, *command],
                cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

        def outcome(process: psutil.Popen = process, port: int = port) -> str:
            found = "ready" if "All emulators ready" in here.said() else ""
            found = "is taken" if f"Port {port} is not open" in here.said() else found
            assert found or process.poll() is None, here.said()
            return found

        try:
            if until(outcome, here.said) == "ready":
                yield here
                return
        finally:
            # One that has ended by itself said why above.
            with suppress(psutil.NoSuchProcess):
                all_of_it = family(process)
                process.kill()
                assert not psutil.wait_procs(all_of_it, PATIENCE)[1]
