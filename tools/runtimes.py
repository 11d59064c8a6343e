"""Offer the Pythons of rules/runtimes.json, and say which end within a year: `uv run tools/runtimes.py`.

It writes their choices and labels into cookiecutter.json, in which the first choice stays the default, and their ends
into tools/template_status.py.
"""

import json
import re
from datetime import date
from pathlib import Path

from template_status import ends_soon

ROOT = Path(__file__).resolve().parent.parent


def update(template: Path = ROOT) -> None:
    """Write what follows from a template's rules/runtimes.json."""
    runtimes = json.loads((template / "rules" / "runtimes.json").read_text("utf-8"))
    ends = {version: dates["decommissioned"] for version, dates in runtimes.items()}
    newest_first = sorted(ends, key=lambda version: int(version.partition(".")[2]), reverse=True)
    asked = (template / "cookiecutter.json").read_text("utf-8")
    # A fork's order stays, so that it can merge a new choice.
    default, *others = [version for version in json.loads(asked)["python_version"] if version in ends]
    choices = [default, *(version for version in newest_first if version not in (default, *others)), *others]
    labels = {version: f"{version} - until {date.fromisoformat(ends[version]):%B %Y}" for version in newest_first}
    labels[newest_first[0]] += ", the newest"
    listed = ",\n".join(f"    {json.dumps(version)}" for version in choices)
    labelled = "".join(f",\n      {json.dumps(version)}: {json.dumps(label)}" for version, label in labels.items())
    asked = re.sub(r'(?s)(\n  "python_version": \[\n).*?(\n  \])', rf"\g<1>{listed}\2", asked, count=1)
    asked = re.sub(
        r'(?s)(\n    "python_version": \{\n      "__prompt__": "[^\n]*?")(?:,.*?)?(\n    \})',
        rf"\g<1>{labelled}\2",
        asked,
    )
    (template / "cookiecutter.json").write_text(asked, "utf-8", newline="\n")
    script = template / "tools" / "template_status.py"
    text = re.sub("(?m)^ENDS = .*", f"ENDS = {json.dumps(ends)}", script.read_text("utf-8"))
    script.write_text(text, "utf-8", newline="\n")


def main() -> None:
    update()
    for version, dates in json.loads((ROOT / "rules" / "runtimes.json").read_text("utf-8")).items():
        if ends_soon(dates["decommissioned"], date.today()):
            print(f"Python {version} ends on {dates['decommissioned']}.")


if __name__ == "__main__":
    main()
