"""Parts of a Markdown page."""

import re
from html import unescape
from pathlib import Path

from markdown_it import MarkdownIt

from tests.support.questions import ROOT

# Code, tables, and an address, which cannot be broken.
MAY_BE_WIDER = re.compile(r"(?s)```.*?```|^\s*\|.*?$|^\S+$", re.MULTILINE)


def blocks(text: str, language: str = "sh") -> list[str]:
    """Return the code blocks of a language in a Markdown text."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def wide_lines(text: str) -> list[str]:
    """Return the lines of a Markdown text that are wider than 120 columns and could be broken."""
    return [line for line in MAY_BE_WIDER.sub("", text).splitlines() if len(line) > 120]


def both_pages(project: Path) -> str:
    """Return the text of a project's README.md and, if it has one, of its REFERENCE.md."""
    paths = [project / "README.md", project / "REFERENCE.md"]
    return "\n".join(path.read_text("utf-8") for path in paths if path.exists())


def under(heading: str, text: str) -> str:
    """Return the text under a heading that a Markdown text has once."""
    _, *found = re.split(rf"(?m)^## {re.escape(heading)}\n", text)
    assert len(found) == 1, f"{len(found)} sections {heading}"
    return re.split(r"(?m)^## ", found[0])[0]


def page(project: Path, heading: str) -> str:
    """Return the text under a heading that one of a project's two pages has."""
    return under(heading, both_pages(project))


def description_shown(project: Path) -> str:
    """Return what a reader of a project's README sees of its description (CommonMark)."""
    text = (project / "README.md").read_text("utf-8")
    html = MarkdownIt("commonmark").render(text.split("\n\n")[1])
    assert html.startswith("<p>") and html.endswith("</p>\n"), html
    return unescape(html[3:-5])


def lock_commands(project: Path, upgrade: bool = False) -> list[str]:
    """Return the commands on the project's pages that lock, in order, or those that lock with --upgrade."""
    commands = re.findall(r"(?m)^uv pip compile --universal .*$", both_pages(project))
    found = [command for command in commands if ("--upgrade" in command) == upgrade]
    assert len(found) == 2, found
    return found


def section(project: Path, title: str, language: str = "sh") -> str:
    """Return the code under a heading of a project's pages, its blocks one after the other."""
    return "".join(blocks(page(project, title), language))


FLEET = (ROOT / "docs" / "fleet.md").read_text("utf-8")
UPDATING = (ROOT / "docs" / "updating.md").read_text("utf-8")
UPDATES = (ROOT / "docs" / "fleet-updates.md").read_text("utf-8")
# Copies shared code into a function.
[COPY] = [block for block in blocks(FLEET) if "shared/ourlib" in block]
