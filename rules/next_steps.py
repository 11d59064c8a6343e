"""The last words of a bake: how to run the new function. The post hook runs it: standard library only."""

import io
import os
import shutil
import sys


def next_steps(project: str, entry_point: str, version: str) -> str:
    """Return the three commands that run a function, by the tools that are on this machine.

    `project` is the path of its folder, `version` the Python of its runtime, such as `3.13`.
    """
    windows = os.name == "nt"
    scripts = ".venv\\Scripts\\" if windows else ".venv/bin/"
    folder = f'"{project}"' if windows else "'" + project.replace("'", "'\\''") + "'"
    locks = "-r requirements.txt -r requirements-dev.txt"
    if shutil.which("uv"):
        install = f"uv venv --python {version} && uv pip install --python .venv {locks}"
    else:
        names = ["py"] if windows else [f"python{version}", "python3"]
        install = (
            f"{next(filter(shutil.which, names), 'python')} -m venv .venv && {scripts}python -m pip install {locks}"
        )
    return (
        f"\nMade {os.path.basename(project)}. To run it (its README.md has the rest):\n\n"
        f"  cd {folder}\n"
        f"  {install}\n"
        f"  {scripts}functions-framework --target {entry_point} --host 127.0.0.1 --debug"
    )


def say(text: str) -> None:
    """Print a text if that is possible: if the hook failed, cookiecutter would delete the finished project."""
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        print(text, flush=True)
    except OSError:
        # Python flushes again as it ends, and exits with 120 if that fails.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
