"""Refusals of cookiecutter's command."""

from tests.support.types import Done

NEVER_READ = ["Pipfile", "Pipfile.lock", "setup.py", "SETUP.PY", "pipfile"]


def check_refused(done: Done, *said: str) -> None:
    """Assert that a command exited with code 1 and one line, which contains these words."""
    assert done.returncode == 1, done.stdout
    assert len(done.stdout.splitlines()) == 1, done.stdout
    for words in said:
        assert words in done.stdout
