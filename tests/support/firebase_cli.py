"""Firebase's CLI, as package-lock.json in firebase/ pins it, installed once on a machine."""

import hashlib
import shutil
from functools import cache
from pathlib import Path

from filelock import FileLock

from tests.support.processes import environment, miss, require_tool, run

PINNED = Path(__file__).with_name("firebase")
CACHE = Path.home() / ".cache" / "fn-template"


def firebase_cli() -> Path:
    """Return the path of the CLI; skip the test if npm is missing or cannot install it."""
    cli, why = installed(require_tool("npm"))
    return cli if not why else miss("npm", why)


@cache
def installed(npm: str) -> tuple[Path, str]:
    """Install the CLI unless it is there; return its path and, if it does not run, why."""
    digest = hashlib.sha256((PINNED / "package-lock.json").read_bytes()).hexdigest()[:16]
    place = CACHE / f"firebase-{digest}"
    cli, ready = place / "node_modules" / ".bin" / "firebase", place / "ready"
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / f"{place.name}.lock"):
        if not ready.exists():
            shutil.copytree(PINNED, place, dirs_exist_ok=True)
            for command in ((npm, "ci"), (cli, "--version")):
                done = run(*command, cwd=place, env=environment(Path.home()))
                if done.returncode:
                    return cli, f"cannot install Firebase's CLI: {done.stdout}"
            ready.touch()
    return cli, ""
