"""Fill in the pages' tables of triggers and questions from cookiecutter.json: `uv run tools/tables.py`."""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
Rows = list[list[str]]


def pages(template: Path = ROOT) -> dict[str, str]:
    """Return each page that has a table, by its path, with the table from the template's cookiecutter.json."""
    triggers, questions = both_tables(json.loads((template / "cookiecutter.json").read_text("utf-8")))
    tables = {"README.md": ("Triggers", triggers), "docs/questions.md": ("The questions", questions)}
    return {name: with_rows((template / name).read_text("utf-8"), *table) for name, table in tables.items()}


def both_tables(asked: dict[str, Any]) -> tuple[Rows, Rows]:
    """Return the rows of the table of triggers, and of that of questions."""
    labels = asked.pop("__prompts__")
    triggers: Rows = []
    questions: Rows = []
    for name, default in asked.items():
        if name[0] != "_":
            choices = default if isinstance(default, list) else [default]
            asks = labels[name] if isinstance(labels[name], str) else labels[name]["__prompt__"]
            words = asks.removesuffix(" (Enter if unsure)")
            if name == "trigger":
                triggers = [[code(choice), labels[name][choice].partition(" - ")[2]] for choice in choices]
            elif len(choices) > 1:
                words += f": {', '.join(map(code, choices))}"
            questions.append([code(name), code(choices[0]), words])
    return triggers, questions


def code(value: str | bool) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def with_rows(text: str, heading: str, rows: Rows) -> str:
    """Return a page with other rows in the first table under a heading, and without conflict markers in it."""
    lines = "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
    table = rf"(?ms)(^## {heading}\n.*?^\|---.*?\n)(?:(?:\||<<<<<<< |=======$|>>>>>>> ).*?\n)*"
    return re.sub(table, lambda found: found[1] + lines, text, count=1)


def main() -> None:
    for name, text in pages().items():
        (ROOT / name).write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
