"""Redraw docs/run.svg, the picture in the README: `uv run tools/picture.py`.

It answers a real cookiecutter in a terminal of 80 columns, and draws what the terminal shows and the files that come
out.
"""

import io
import json
import os
import re
import sys
import tempfile
from pathlib import Path

import pexpect
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "run.svg"
COLUMNS = 80
# Enter for all others.
ANSWERS = {"description": "Says hello."}


def session(template: Path, folder: Path) -> str:
    """Answer a template's questions in a terminal; return what it shows. The project is in `folder / "work"`.

    If cookiecutter asks for something else or fails, raise an error that holds what was shown.
    """
    for name in ("home", "work"):
        (folder / name).mkdir()
    # The last lines depend on whether uv is installed: this environment has it.
    env = {"PATH": os.path.dirname(sys.executable), "HOME": str(folder / "home"), "TERM": "xterm-256color"}
    # Leave no compiled rules in the template's folder.
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    # Readline would add control characters of its own.
    code = "import sys; sys.modules['readline'] = None; from cookiecutter.__main__ import main; main()"
    command = [sys.executable, "-c", code, str(template)]
    size = (50, COLUMNS)
    terminal = pexpect.spawn(
        command[0], command[1:], cwd=folder / "work", env=env, dimensions=size, encoding="utf-8", timeout=300
    )
    terminal.logfile_read = shown = io.StringIO()
    asked = [name for name in json.loads((template / "cookiecutter.json").read_text("utf-8")) if name[0] != "_"]
    for number, name in enumerate(asked, 1):
        terminal.expect_exact(f"[{number}/{len(asked)}]")
        terminal.expect_exact(")\x1b[0m: ")
        terminal.sendline(ANSWERS.get(name, ""))
    terminal.expect_exact(pexpect.EOF)
    terminal.close()
    if terminal.exitstatus:
        raise RuntimeError(shown.getvalue())
    return shown.getvalue().replace("\r\n", "\n")


def tree(folder: Path, node: Tree) -> Tree:
    """Add everything in a folder to a node, folders first, and return the node."""
    for path in sorted(folder.iterdir(), key=lambda path: (path.is_file(), path.name)):
        below = node.add(Text(path.name, "bold blue" if path.is_dir() else ""))
        if path.is_dir():
            tree(path, below)
    return node


def picture(template: Path = ROOT) -> str:
    """Return the picture as SVG, the same bytes for the same template."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        shown = session(template, folder)
        (project,) = (folder / "work").iterdir()
        console = Console(record=True, file=io.StringIO(), width=COLUMNS, highlight=False, force_terminal=True)
        console.print(Text("$ cookiecutter gh:org/fn-template", "bold"))
        console.print(Text.from_ansi(re.sub(f"'{re.escape(str(project))}'", f"~/{project.name}", shown).rstrip()))
        console.print()
        console.print(tree(project, Tree(Text(project.name, "bold blue"))))
    svg = console.export_svg(title="fn-template", unique_id="run")
    # The picture fetches no font: any monospaced one will do.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code, monospace", "monospace")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> None:
    PICTURE.write_text(picture(), "utf-8", newline="\n")


if __name__ == "__main__":
    main()
