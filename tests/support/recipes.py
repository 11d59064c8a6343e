"""The blocks of docs/recipes.md, as a reader pastes them."""

import re
from contextlib import AbstractContextManager
from pathlib import Path

from tests.support.folders import append, edit
from tests.support.pages import blocks, under
from tests.support.questions import ROOT
from tests.support.serving import Served, served
from tests.support.types import Change

RECIPES = (ROOT / "docs" / "recipes.md").read_text("utf-8")
CLIENT = "How do I use a client of Google Cloud?"
CORS = "How do I let web pages call the function?"
PYDANTIC = "How do I check a request with pydantic?"
CALL = "How do I call another function?"
SLOW = "How long does a call wait for a slow server?"
ONCE = "How do I handle an event only once?"
TRACES = "How do I trace requests?"
LATER = "How do I go on working after the answer?"
SECOND = "How do I put a second function into the same folder?"
COST = "What does a package cost?"
DECORATOR = "@functions_framework.http\n"


def code(heading: str, language: str = "python") -> list[str]:
    """Return the blocks under a heading of the page."""
    return blocks(under(heading, RECIPES), language)


def rows(heading: str) -> list[list[str]]:
    """Return what the rows of a section's table have between backticks."""
    lines = re.findall(r"(?m)^\| `.*", under(heading, RECIPES))
    return [re.findall(r"`([^`]+)`", line) for line in lines]


def packages() -> list[str]:
    """Return what the page's sections ask for, without duplicates."""
    asked = re.findall(r"(?i)\byou need (`.*?)[.:]\s", RECIPES.replace("\n", " "))
    return sorted(
        {name for text in asked for name in re.findall(r"`(.+?)`", text)} | {name for name, *_ in rows(CLIENT)}
    )


def files(*blocks: str) -> Change:
    """Return a change that writes each block to the file that its first line names."""

    def change(folder: Path) -> None:
        for block in blocks:
            (folder / block.partition("\n")[0].removeprefix("# ")).write_text(block, "utf-8")

    return change


def calling(module: str, greeting: str) -> Change:
    """Return a change after which an http function imports a module of its package, and greets with an expression."""

    def change(folder: Path) -> None:
        edit("main.py", "import script", f"import {module}")(folder)
        edit("main.py", "script.greeting(name)", greeting)(folder)

    return change


def cors(folder: Path) -> None:
    first, rest = code(CORS)
    edit("main.py", "-> flask.Response:\n", f"-> flask.Response:\n{first}")(folder)
    append("main.py", f"\n\n{rest}")(folder)
    edit("tests/test_main.py", '"delete", "options"]', '"delete"]')(folder)


def pydantic(folder: Path) -> None:
    edit("main.py", "import functions_framework\n", "import functions_framework\nimport pydantic\n")(folder)
    append("main.py", "\n\n" + "".join(code(PYDANTIC)))(folder)


def traces(folder: Path) -> None:
    files(*code(TRACES))(folder)
    edit("main.py", "import script", "import script, tracing")(folder)
    edit("main.py", DECORATOR, f"{DECORATOR}@tracing.traced\n")(folder)


def second(folder: Path) -> None:
    function, test = code(SECOND)
    append("main.py", f"\n\n{function}")(folder)
    files(test)(folder)


def serve(project: Path, home: Path, **variables: str) -> AbstractContextManager[Served]:
    """Serve a project by the environment in its .venv."""
    return served(project / ".venv" / "bin", project, "hello_function", home, **variables)
