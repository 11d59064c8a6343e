"""Redraw docs/run.svg, the picture in the README: `uv run tools/picture.py`.

A real cookiecutter runs in a terminal of 80 columns and is answered as a person would; below it stands what came out.
"""

import io
import json
import os
import pty
import re
import struct
import sys
import tempfile
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "run.svg"
COLUMNS = 80
# Enter, but for what nobody leaves as it comes.
ANSWERS = {"description": "Says hello."}


def questions(template: Path) -> list[str]:
    """Return the names of the questions that a template asks, in their order."""
    return [name for name in json.loads((template / "cookiecutter.json").read_text("utf-8")) if name[0] != "_"]


def session(template: Path, folder: Path) -> str:
    """Answer all questions of a template in a terminal and return what it shows; the project is made in `folder`.

    Raise RuntimeError, with what was shown, where cookiecutter asks for something else or fails.
    """
    asked = questions(template)
    process, terminal = pty.fork()
    if not process:
        kept = {name: os.environ[name] for name in ("LANG", "SYSTEMROOT") if name in os.environ}
        # The last lines depend on whether uv is there: it is in this environment.
        kept["PATH"] = os.path.dirname(sys.executable)
        home = folder.with_name("home")
        env = {**kept, "HOME": str(home), "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "PYTHONUTF8": "1"}
        # Without readline a terminal shows only what is typed.
        code = "import sys; sys.modules['readline'] = None; from cookiecutter.__main__ import main; main()"
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-c", code, str(template)], env)
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    shown, number = "", 0
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # Linux's word for the end.
            read = b""
        if not read:
            break
        shown += read.decode()
        last = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown.rpartition(f"[{number + 1}/{len(asked)}]")[2])
        if number < len(asked) and f"[{number + 1}/{len(asked)}]" in shown and re.search(r"\(\S.*\): $", last):
            os.write(terminal, f"{ANSWERS.get(asked[number], '')}\n".encode())
            number += 1
    os.close(terminal)
    if os.waitpid(process, 0)[1] or number != len(asked):
        raise RuntimeError(shown)
    return shown.replace("\r\n", "\n")


def tree(folder: Path, node: Tree) -> Tree:
    """Add to a node all that is in a folder, folders first, and return it."""
    for path in sorted(folder.iterdir(), key=lambda path: (path.is_file(), path.name)):
        below = node.add(Text(path.name, "bold blue" if path.is_dir() else ""))
        if path.is_dir():
            tree(path, below)
    return node


def picture(template: Path = ROOT) -> str:
    """Return the picture of a run of a template as SVG, the same bytes for the same template."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "work"
        folder.mkdir()
        folder.with_name("home").mkdir()
        shown = session(template, folder)
        (project,) = folder.iterdir()
        console = Console(record=True, file=io.StringIO(), width=COLUMNS, highlight=False, force_terminal=True)
        console.print(Text("$ cookiecutter gh:org/fn-template", "bold"))
        console.print(Text.from_ansi(re.sub(f"'{re.escape(str(folder))}/(.*?)'", r"~/\1", shown).rstrip()))
        console.print()
        console.print(tree(project, Tree(Text(project.name, "bold blue"))))
    svg = console.export_svg(title="fn-template", unique_id="run")
    # Nothing is fetched to show it: any monospaced letters will do.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code, monospace", "monospace")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8", newline="\n")
