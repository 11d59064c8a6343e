"""Sorry: this reads the inner state of cookiecutter and cruft, since neither tells a template how it was called."""

import inspect
import sys
from collections.abc import Mapping
from typing import Any

from cookiecutter.generate import generate_files
from cookiecutter.prompt import prompt_for_config


def generating() -> Mapping[str, Any]:
    """Return the arguments and variables of cookiecutter's `generate_files`; nothing unless it runs.

    It makes the project, whoever calls it: `output_dir`, `overwrite_if_exists` and `skip_if_file_exists` are arguments,
    and `project_dir` is set once that folder is there.
    """
    making, asking = (inspect.unwrap(function).__code__ for function in (generate_files, prompt_for_config))
    frame = inspect.currentframe()
    # Another template may be making its project around this one's questions.
    while frame and frame.f_code not in (making, asking):
        frame = frame.f_back
    return frame.f_locals if frame and frame.f_code is making else {}


def asking() -> Mapping[str, Any]:
    """Return the arguments of the function that asks in order to make a project; nothing unless one does.

    It is cookiecutter's or that of `cruft create`, and knows `output_dir` and `overwrite_if_exists`.
    """
    frame = inspect.currentframe()
    while frame and not {"output_dir", "overwrite_if_exists"} <= {*frame.f_code.co_varnames}:
        frame = frame.f_back
    return frame.f_locals if frame else {}


def project_exists() -> bool:
    """Whether cruft renders a project that exists already: to update it, compare it or link it."""
    return "cruft" in sys.modules and "create" not in sys.argv
