"""Fill in the README's tables of triggers and questions from cookiecutter.json: `uv run tools/readme.py`."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def readme(template: Path = ROOT) -> str:
    """Return the README of a template with both tables as its cookiecutter.json has them now."""
    asked = json.loads((template / "cookiecutter.json").read_text("utf-8"))
    labels = asked.pop("__prompts__")
    triggers, questions = [], []
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
    text = (template / README.name).read_text("utf-8")
    return with_rows(with_rows(text, "Triggers", triggers), "Questions", questions)


def code(value: str | bool) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def with_rows(text: str, heading: str, rows: list[list[str]]) -> str:
    """Return a page with other rows in the first table under a heading, and without conflict markers in it."""
    lines = "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
    table = rf"(?ms)(^## {heading}\n.*?^\|---.*?\n)(?:(?:\||<<<<<<< |=======$|>>>>>>> ).*?\n)*"
    return re.sub(table, lambda found: found[1] + lines, text, count=1)


def main() -> None:
    README.write_text(readme(), "utf-8", newline="\n")


if __name__ == "__main__":
    main()
