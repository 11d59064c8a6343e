"""What a user reads at the end: the commands that run the new function."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from .peeking import generating, project_exists


def last_words(answers: Mapping[str, Any]) -> str:
    """Return what to say of the project that was just made; "" if cruft made it only to compare it."""
    if project_exists():
        return ""
    call, name = generating(), answers["function_name"]
    if call["skip_if_file_exists"]:
        return f"\nAdded what {name} lacked. Your files are as they were.\n"
    # A path need not be text, but the hook that prints it is.
    project = call["project_dir"].encode("utf-8", "replace").decode("utf-8")
    lines = steps(project, name.replace("-", "_"), answers["python_version"])
    return f"\nMade {name}. To run it (README.md has the rest):\n\n" + "".join(f"  {line}\n" for line in lines)


def steps(project: str, entry_point: str, version: str) -> list[str]:
    """Return the commands that run the function in the folder `project`, with what is on this PATH.

    `version` is the function's Python. uv brings it; without uv the commands use the nearest Python that is there.
    """
    windows = os.name == "nt"
    scripts = ".venv\\Scripts\\" if windows else ".venv/bin/"
    locks = "-r requirements.txt -r requirements-dev.txt"
    if shutil.which("uv"):
        # Pasted again, uv would ask what to do with the environment, and take the next line for the answer.
        # Without the second --python, it would install into the environment that is active.
        install = f"uv venv --allow-existing --python {version} && uv pip install --python .venv {locks}"
    else:
        pythons = ["py", "python"] if windows else [f"python{version}", "python3", "python"]
        ours = quoted(sys.executable) if sys.version_info >= (3, 11) else f"python{version}"
        install = f"{next(filter(runs, pythons), ours)} -m venv .venv && {scripts}python -m pip install {locks}"
    return [
        f"cd {quoted(project)}",
        # Windows PowerShell has no &&.
        *(install.split(" && ") if windows else [install]),
        f"{scripts}functions-framework --target {entry_point} --host 127.0.0.1 --debug",
    ]


def runs(python: str) -> bool:
    """Whether a command starts a Python that the locks are for: pyenv and Windows have some that start none."""
    found, code = shutil.which(python), "import sys; sys.exit(sys.version_info < (3, 11))"
    return bool(found) and subprocess.run([str(found), "-c", code], capture_output=True).returncode == 0


def quoted(path: str) -> str:
    """Return a path as a shell takes it whole."""
    return f'"{path}"' if os.name == "nt" else "'" + path.replace("'", "'\\''") + "'"
