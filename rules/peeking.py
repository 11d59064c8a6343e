"""Sorry: this reads the inner state of cookiecutter and cruft, since neither tells a template how it was called."""

import inspect
import sys
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any

from cookiecutter.generate import generate_files
from cookiecutter.main import cookiecutter
from cookiecutter.prompt import prompt_for_config


def generating() -> Mapping[str, Any]:
    """Return the arguments and variables of cookiecutter's `generate_files`; nothing unless it runs.

    It makes the project, whoever calls it: `output_dir`, `overwrite_if_exists` and `skip_if_file_exists` are arguments,
    and `project_dir` is set once that folder is there.
    """
    # Another template may be making its project around this one's questions.
    frame = running(generate_files, prompt_for_config)
    return frame.f_locals if frame and frame.f_code is code(generate_files) else {}


def asking() -> Mapping[str, Any]:
    """Return the arguments of cookiecutter's main function or of `cruft create`; nothing unless one of them runs.

    Either asks in order to make a project, and knows `output_dir` and `overwrite_if_exists`.
    """
    create = getattr(sys.modules.get("cruft._commands.create"), "create", cookiecutter)
    frame = running(cookiecutter, create)
    return frame.f_locals if frame else {}


def running(*functions: Callable[..., Any]) -> FrameType | None:
    """Return the innermost frame of some functions, none if none of them runs."""
    codes, frame = [*map(code, functions)], inspect.currentframe()
    while frame and frame.f_code not in codes:
        frame = frame.f_back
    return frame


def code(function: Callable[..., Any]) -> CodeType:
    found: CodeType = inspect.unwrap(function).__code__
    return found


def project_exists() -> bool:
    """Whether cruft renders a project that exists already: to update it, compare it or link it."""
    return "cruft" in sys.modules and "create" not in sys.argv
