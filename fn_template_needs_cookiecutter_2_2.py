"""What cookiecutter.json gives to Jinja. It loads the rules, which are in rules/.

The module is called as it is because cookiecutter 1.7, which looks for no modules beside cookiecutter.json, shows
nothing else of the template. It must stay readable by the oldest Python that runs some cookiecutter.

`cruft update` renders the old and the new template in one process: Python keeps the old one's copy of this
module, while the folder already holds the new one's files. So the rules are read from the folder each time,
never from a cached module, and a newer template may ask for whatever its own rules offer.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import cookiecutter
from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment
from jinja2.ext import Extension

ROOT = Path(__file__).resolve().parent
CACHE: dict[tuple[bytes, ...], type[Extension]] = {}


class FnTemplate(Extension):
    """The extension class `Rules` of rules/answers.py; raises FailedHookException if that cannot run here."""

    def __new__(cls, environment: Environment) -> Extension:  # type: ignore[misc]  # another class, on purpose
        found = tuple(int(part) for part in cookiecutter.__version__.split(".")[:2])
        if sys.version_info < (3, 10) or found < (2, 2):
            raise FailedHookException(
                "fn-template needs Python 3.10 or newer and cookiecutter 2.2 or newer; this is Python "
                "{}.{} and cookiecutter {}.".format(*sys.version_info[:2], cookiecutter.__version__)
            )
        # The second name in cookiecutter.json, for the projects of older versions, may be taken: by a module in the
        # folder that `python -m cookiecutter` runs in, or by a template that this process rendered before.
        sys.modules["local_extensions"] = sys.modules[__name__]
        return rules()(environment)


def rules() -> type[Extension]:
    """Return `Rules` of the folder as it is now.

    cookiecutter opens four environments for one project; to load the rules takes as long as to render several files.
    """
    read = [ROOT / "cookiecutter.json", ROOT / "pyproject.toml"]
    read += [path for folder in ("hooks", "rules") for path in sorted((ROOT / folder).glob("*.[jp]*"))]
    key = tuple(path.read_bytes() for path in read)
    if key not in CACHE:
        CACHE[key] = runpy.run_path(str(ROOT / "rules" / "answers.py"))["Rules"]
    return CACHE[key]
