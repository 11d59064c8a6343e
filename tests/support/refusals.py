"""Refusals of cookiecutter's command."""

from typing import Any

NEVER_READ = ["Pipfile", "Pipfile.lock", "setup.py", "SETUP.PY", "pipfile"]


def refused(done: Any, *said: str) -> None:
    """Assert one line that says so, and exit code 1."""
    assert done.returncode == 1, done.stdout
    assert len(done.stdout.splitlines()) == 1, done.stdout
    for words in said:
        assert words in done.stdout
