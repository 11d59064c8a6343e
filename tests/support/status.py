"""tools/template_status.py, on a day when no runtime ends."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import template_status
from markdown_it import MarkdownIt

from tests.support.processes import environment, run
from tests.support.questions import ROOT
from tests.support.types import Done

SCRIPT = ROOT / "tools" / "template_status.py"
ADDRESS = "https://github.com/org/fn-template"
# A thousand years later.
ENDS = {version: f"3{end[1:]}" for version, end in template_status.ENDS.items()}
OLDEST, *_, NEWEST = ENDS


def status(fleet: Path, home: Path, *options: str | Path, ends: dict[str, str] = ENDS, **variables: str) -> Done:
    """Run the script in a folder, with some ends of the runtimes."""
    script = home / "template_status.py"
    script.write_text(re.sub("(?m)^ENDS = .*", f"ENDS = {ends}", SCRIPT.read_text("utf-8")), "utf-8")
    return run(sys.executable, script, *options, cwd=fleet, env=environment(home, **variables))


def by_name(fleet: Path, home: Path, *options: str | Path, code: int = 1) -> dict[str, dict[str, Any]]:
    """Return what the script prints as JSON, by the names of the functions."""
    done = status(fleet, home, "--json", *options)
    assert done.returncode == code, done.stdout
    return {one["function"]: one for one in json.loads(done.stdout)}


def link(project: Path, **record: Any) -> None:
    """Write a .cruft.json as cruft does."""
    answers = {"trigger": "http", "python_version": "3.13"}
    text = json.dumps({"template": ADDRESS, "commit": "0" * 40, "context": {"cookiecutter": answers}, **record})
    (project / ".cruft.json").write_text(text, "utf-8")


def runtime(python: str) -> str:
    return f"python{python.replace('.', '')}"


def rows(text: str) -> list[list[str]]:
    """Return the cells of the table in a Markdown text, as a reader sees them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    found: list[list[str]] = []
    for token, inside in zip(tokens, tokens[1:], strict=False):
        if token.type == "tr_open":
            found.append([])
        elif token.type in ("th_open", "td_open"):
            found[-1].append("".join(child.content for child in inside.children or []))
    return found
