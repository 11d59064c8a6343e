"""Sorry: this reads the inner state of cookiecutter and cruft, since neither tells a template how it was called."""

import sys
from collections.abc import Mapping
from typing import Any

import click


def project_exists() -> bool:
    """Whether cruft renders a project that exists already: to update it, compare it or link it."""
    return "cruft" in sys.modules and "create" not in sys.argv


def options() -> Mapping[str, Any]:
    """Return the options of the command that runs, by name; nothing if none runs."""
    command = click.get_current_context(silent=True)
    return command.params if command else {}


def files_are_kept() -> bool:
    """Whether files that exist are left as they are (--skip-if-file-exists)."""
    return bool(options().get("skip_if_file_exists"))
