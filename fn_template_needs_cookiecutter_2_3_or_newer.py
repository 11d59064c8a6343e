"""The Jinja extension that cookiecutter.json names: it loads the package rules/, which does the work.

The name is a message: cookiecutter 1.7 does not look for modules in a template, and ends with "No module named ...".
It never changes, since replay files hold it.

`cruft update` renders the old and the new template in one process. This module is then the old template's, while the
folder holds the new one's files. So it loads rules/ as it is on disk.

This file must run on any Python 3.7 and any cookiecutter, since it says which are too old.
"""

from __future__ import annotations

import gc
import re
import shutil
import sys
from functools import lru_cache
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType

import cookiecutter
from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment
from jinja2.ext import Extension

ROOT = Path(__file__).resolve().parent
LEAST_PYTHON = (3, 10)
LEAST_COOKIECUTTER = (2, 3)

# What is loaded by now stays until the end. Python would look through all of it again and again while Jinja compiles
# the templates, and once more as it exits: a sixth of a bake's time. PyPy has no `freeze`.
if hasattr(gc, "freeze"):
    gc.freeze()


class FnTemplate(Extension):
    """Becomes `Rules` of rules/answers.py."""

    def __new__(cls, environment: Environment) -> Extension:  # type: ignore[misc]  # another class, on purpose
        refuse_what_is_too_old()
        read = [ROOT / "cookiecutter.json", ROOT / "pyproject.toml", *sorted((ROOT / "rules").glob("*.[jp]*"))]
        return rules(tuple(path.read_bytes() for path in read))(environment)


def refuse_what_is_too_old() -> None:
    """End cookiecutter with one line if Python or cookiecutter is too old for rules/."""
    python, version = sys.version_info[:3], cookiecutter.__version__
    if python < LEAST_PYTHON or tuple(map(int, re.findall(r"\d+", version)[:2])) < LEAST_COOKIECUTTER:
        raise FailedHookException(
            f"fn-template needs Python {dotted(LEAST_PYTHON)} or newer and cookiecutter {dotted(LEAST_COOKIECUTTER)} "
            f"or newer; this is Python {dotted(python)} with cookiecutter {version}. Install newer ones, or run "
            "uvx cookiecutter, which brings both."
        )


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


@lru_cache(maxsize=None)  # noqa: UP033  # `cache` is of Python 3.9.
def rules(_sources: tuple[bytes, ...]) -> type[Extension]:
    """Return `Rules` of the folder as it is now; `_sources` is all that it reads as it loads.

    cookiecutter opens three environments for a project, and they share what was loaded.
    """
    found: type[Extension] = import_module(f"{load()}.answers").Rules
    return found


def load() -> str:
    """Make rules/ a package under a name that nobody else uses, without its modules; return the name."""
    name = "fn_template_rules"
    older = [module for module in sys.modules if module.partition(".")[0] == name]
    for module in older:
        del sys.modules[module]
    if older:
        # Python recompiles a file if its size or its second has changed. Two templates may have both in common.
        shutil.rmtree(ROOT / "rules" / "__pycache__", ignore_errors=True)
    invalidate_caches()
    package = ModuleType(name)
    package.__path__ = [str(ROOT / "rules")]
    sys.modules[name] = package
    return name
