"""Firebase's CLI, as package-lock.json in firebase/ pins it, installed once on a machine; and what it reads."""

import hashlib
import json
import shutil
from functools import cache
from pathlib import Path

from filelock import FileLock

from tests.support.processes import environment, miss, require_tool, run
from tests.support.questions import TRIGGERS
from tests.support.types import Bake

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


def in_one_repository(fresh: Bake, root: Path, *triggers: str) -> dict[str, Path]:
    """Make a function of each trigger, and one firebase.json above them; return the folders by the functions' names."""
    root.mkdir()
    folders, entries = {}, []
    for trigger in triggers or TRIGGERS:
        name = f"{trigger}-function"
        folders[name] = fresh(trigger=trigger, function_name=name, deploy_with="firebase").rename(root / name)
        [entry] = json.loads((folders[name] / "firebase.json").read_text("utf-8"))["functions"]
        entries.append({**entry, "source": name})
    (root / "firebase.json").write_text(json.dumps({"functions": entries}), "utf-8")
    return folders
