"""Google's builder: how it installs a project's requirements."""

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.processes import require_tool, run
from tests.support.types import Done

# What Google's builder installs by, pip up to Python 3.13 and uv from 3.14 on, and how it calls each:
# https://github.com/GoogleCloudPlatform/buildpacks, pkg/python/python.go.
INSTALLERS = {
    "pip": "python3 -m pip install --requirement requirements.txt --upgrade --upgrade-strategy only-if-needed"
    " --no-warn-script-location --no-warn-conflicts --force-reinstall --no-compile --disable-pip-version-check"
    " --no-cache-dir --user",
    "uv": "uv pip install -r requirements.txt --reinstall --link-mode=copy --no-cache",
}


VENDORED = ("--no-index", "--find-links", "vendor")


def build(
    installer: str,
    python: str,
    project: Path,
    layer: Path,
    env: Mapping[str, str],
    *options: str,
    offline: bool = False,
) -> Done:
    """Install a project's requirements.txt into a folder, `layer`, and check it, as Google's builder does.

    `offline` is in an empty network namespace. Return the end of the last command: the first that failed, or the check.
    What was installed runs with `env` and PYTHONUSERBASE, the layer.
    """
    # Debian's Python would keep what pip installs outside an environment away from its own.
    env = {**env, "PYTHONUSERBASE": str(layer), "VIRTUAL_ENV": str(layer), "PIP_BREAK_SYSTEM_PACKAGES": "1"}
    install = [*INSTALLERS[installer].split(), *options]
    check = [*install[: install.index("install")], "check"]
    venv = ["uv", "venv", "--quiet", str(layer), "--clear", "--python", python]
    tools = {"python3": python, "uv": str(Path(sys.executable).with_name("uv"))}
    apart = (require_tool("unshare"), "--net") if offline else ()
    for command in (venv, install, check)[installer == "pip" :]:
        done = run(*apart, tools[command[0]], *command[1:], cwd=project, env=env)
        if done.returncode:
            break
    return done
