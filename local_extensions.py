"""The one name that cookiecutter.json gives to Jinja. What it does stands in rules/.

`cruft update` renders the old and the new template in one process: Python keeps the old one's copy of this
module, while the folder already holds the new one's files. So the rules are read from the folder each time,
never from a cached module, and a newer template may ask for whatever its own rules offer.
"""

import runpy
from functools import cache
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import Extension

ROOT = Path(__file__).resolve().parent


class FnTemplate(Extension):
    """Stands for the extension class `Rules` of rules/answers.py."""

    def __new__(cls, environment: Environment) -> Extension:  # type: ignore[misc]  # another class, on purpose
        read = [ROOT / "cookiecutter.json", ROOT / "pyproject.toml", *sorted((ROOT / "rules").glob("*.[jp]*"))]
        return rules(tuple(path.read_bytes() for path in read))(environment)


@cache
def rules(_sources: tuple[bytes, ...]) -> type[Extension]:
    """Return `Rules` of the folder as it is now; `_sources` is all that it reads as it loads.

    cookiecutter opens four environments for one project; to load the rules takes as long as to render several files.
    """
    found: type[Extension] = runpy.run_path(str(ROOT / "rules" / "answers.py"))["Rules"]
    return found
