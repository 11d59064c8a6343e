"""The questions: what cookiecutter.json asks, and for each free answer a function that says what is wrong with it.

Such a function takes an answer and returns how to fix it, or "" if it is valid.
"""

import json
import keyword
import re
import unicodedata
from pathlib import Path

from .peeking import project_exists

ROOT = Path(__file__).resolve().parent.parent
GIVEN = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
QUESTIONS = {name: default for name, default in GIVEN.items() if not name.startswith("_")}
RESERVED = json.loads((ROOT / "rules" / "reserved.json").read_text("utf-8"))

JINJA = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
# Windows reserves these names in every folder.
DEVICES = re.compile(r"aux|con|nul|prn|com[0-9]|lpt[0-9]")
A_DEVICE = "use another name: Windows reserves this one for a device"
BIDI_CONTROLS = set(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))


def taken(name: str, kind: str) -> bool:
    """Whether Python, a requirement or main.py uses a name already; `kind` is a key of reserved.json.

    The list grows with the locks. A project that uses such a name already is still updated; its tests ask to rename it.
    """
    return not project_exists() and name in RESERVED[kind]


def function_name(value: str) -> str:
    """Valid as a function, a Cloud Run service, part of a URL, a folder and, with `_` for `-`, an entry point."""
    if DEVICES.fullmatch(value):
        return A_DEVICE
    if not re.fullmatch(r"[a-z][a-z0-9-]{2,47}[a-z0-9]", value):
        return "use 4 to 49 of a-z, 0-9 and -, starting with a letter and not ending in -, such as hello-function"
    entry_point = value.replace("-", "_")
    if keyword.iskeyword(entry_point) or taken(entry_point, "entry_points"):
        return f"use another, such as my-{value}: its entry point would be {entry_point}, a name of Python or main.py"
    return ""


def description(value: str) -> str:
    """One line of any script, with nothing that acts on Jinja, a terminal or the direction of text."""
    if not value.strip() or len(value) > 200:
        return "use one line of 1 to 200 characters"
    if JINJA.search(value):
        return "leave out {{ }} {% %} {# #}, which Jinja would act on"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in BIDI_CONTROLS for c in value):
        return "use one line without control characters"
    return ""


def local_package(value: str) -> str:
    """A name that Python can import and nothing hides: the framework puts the source folder last on sys.path."""
    if DEVICES.fullmatch(value):
        return A_DEVICE
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,29}", value):
        return "use up to 30 of a-z, 0-9 and _, starting with a letter, or none"
    if keyword.iskeyword(value) or taken(value, "modules"):
        return f"use another, such as my_{value}: this name belongs to Python, a requirement or the project"
    return ""


def region(value: str) -> str:
    """Shaped like the id of a region: the list itself grows."""
    fits = re.fullmatch(r"[a-z]+(-[a-z]+)+[0-9]{1,2}", value)
    return "" if fits else "use the id of a region, such as us-central1 or europe-west1"


RULES = {rule.__name__: rule for rule in (function_name, description, local_package, region)}
