"""What a user is told at the end: the lines that run the new function.

A hook runs it: standard library only.
"""

import os
import shutil
import subprocess
import sys


def last_words(project: str, entry_point: str, version: str, files_are_kept: bool) -> str:
    """Return what is said of a project that was made, or of a folder in which the files that existed were kept."""
    name = os.path.basename(project)
    if files_are_kept:
        return f"\nAdded what {name} lacked. Your files are as they were."
    lines = "\n".join(f"  {line}" for line in steps(project, entry_point, version))
    return f"\nMade {name}. To run it (README.md has the rest):\n\n{lines}"


def steps(project: str, entry_point: str, version: str) -> list[str]:
    """Return the lines that run the function in the folder `project`, with what is on this PATH.

    `version` is the Python that the function is for. uv brings it; without uv the line takes the nearest that is there.
    """
    windows = os.name == "nt"
    scripts = ".venv\\Scripts\\" if windows else ".venv/bin/"
    locks = "-r requirements.txt -r requirements-dev.txt"
    if shutil.which("uv"):
        # Else uv would take the environment that is active.
        install = f"uv venv --python {version} && uv pip install --python .venv {locks}"
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


def say(text: str) -> None:
    """Print `text`, or as much of it as the terminal takes: a message never undoes what was made."""
    try:
        print(text.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding), flush=True)
    except (AttributeError, OSError, ValueError):  # It is closed, nobody reads it, or its disk is full.
        # Python tries once more as it ends, and would end with an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
