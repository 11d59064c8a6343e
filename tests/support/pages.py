"""What a reader of a Markdown page finds in it."""

import re
from html import unescape
from pathlib import Path

from markdown_it import MarkdownIt

from tests.support.questions import ROOT


def blocks(text: str, language: str = "sh") -> list[str]:
    """Return the code blocks of a language in a Markdown text."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def description_shown(project: Path) -> str:
    """Return what a reader of a project's README sees of its description (CommonMark)."""
    text = (project / "README.md").read_text("utf-8")
    html = MarkdownIt("commonmark").render(text.split("\n\n")[1])
    assert html.startswith("<p>") and html.endswith("</p>\n"), html
    return unescape(html[3:-5])


def lock_commands(project: Path, upgrade: bool = False) -> list[str]:
    """Return the commands of the project's README that lock, in order, or those that lock with --upgrade."""
    commands = re.findall(r"(?m)^uv pip compile --universal .*$", (project / "README.md").read_text("utf-8"))
    return [command for command in commands if ("--upgrade" in command) == upgrade]


def section(project: Path, title: str, language: str = "sh") -> str:
    """Return the code of a section of a project's README, its blocks one after the other."""
    _, found, text = (project / "README.md").read_text("utf-8").partition(f"# {title}\n")
    assert found, f"no section {title}"
    return "".join(blocks(re.split(r"(?m)^##+ ", text)[0], language))


FLEET = (ROOT / "docs" / "fleet.md").read_text("utf-8")
