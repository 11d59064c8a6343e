"""The picture in the README is of a real run, and of this template as it is."""

import json
import re
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import posix_only
from tests.support.questions import QUESTIONS, ROOT

if sys.platform != "win32":
    tool = runpy.run_path(str(ROOT / "tools" / "picture.py"))
    COLUMNS, PICTURE, picture = tool["COLUMNS"], tool["PICTURE"], tool["picture"]
    questions, session = tool["questions"], tool["session"]

pytestmark = [pytest.mark.slow, posix_only]


def copy(folder: Path, old: str, new: str) -> Path:
    """Return a copy of the template in which a word of cookiecutter.json is another."""
    ignored = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__")
    template = Path(shutil.copytree(ROOT, folder / "copy", ignore=ignored))
    text = (template / "cookiecutter.json").read_text("utf-8")
    assert old in text
    (template / "cookiecutter.json").write_text(text.replace(old, new), "utf-8")
    return template


def lines(template: Path, folder: Path) -> list[str]:
    """Return what a person sees of a run, a line of the terminal's output each, without its colours."""
    (folder / "home").mkdir()
    (folder / "work").mkdir()
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", session(template, folder / "work")).splitlines()


def test_the_picture_is_up_to_date() -> None:
    drawn = PICTURE.read_text("utf-8")
    assert drawn == picture(), "regenerate it: uv run tools/picture.py"
    assert f"[{len(QUESTIONS)}/{len(QUESTIONS)}]" in drawn
    assert not re.search(r"@font-face|url\((?!#)|href|<script", drawn)


def test_another_label_is_another_picture(tmp_path: Path) -> None:
    label: Any = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))["__prompts__"]["function_name"]
    assert PICTURE.read_text("utf-8") != picture(copy(tmp_path, label, "How it is called"))


def too_wide(shown: list[str]) -> list[str]:
    """Return the lines of the questions that a terminal of 80 columns breaks in two."""
    end = next(number for number, line in enumerate(shown) if line.startswith("Made "))
    return [line for line in shown[:end] if len(line) >= COLUMNS]


def test_no_question_is_broken_in_two(tmp_path: Path) -> None:
    assert questions(ROOT) == list(QUESTIONS)
    assert too_wide(lines(ROOT, tmp_path)) == []


def test_a_label_that_is_too_long_is_seen(tmp_path: Path) -> None:
    template = copy(tmp_path, '"Region to deploy to', f'"Region {"far and wide " * 5}to deploy to')
    assert len(too_wide(lines(template, tmp_path))) == 1
