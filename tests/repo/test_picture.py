"""The picture in the README shows a real run of this template."""

import json
import re
import shutil
from pathlib import Path

import pytest
from picture import COLUMNS, PICTURE, picture, session

from tests.support.folders import edit
from tests.support.processes import posix_only
from tests.support.questions import QUESTIONS, ROOT
from tests.support.types import Change

pytestmark = [pytest.mark.slow, posix_only]
LABELS: dict[str, str] = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))["__prompts__"]


def changed(folder: Path, change: Change) -> Path:
    """Return a copy of the template with a change."""
    ignored = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__")
    template = Path(shutil.copytree(ROOT, folder / "copy", ignore=ignored))
    change(template)
    return template


def broken_lines(template: Path, folder: Path) -> list[str]:
    """Return the lines of the questions that are too long for the terminal."""
    shown = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", session(template, folder)).partition("\nMade ")[0]
    return [line for line in shown.splitlines() if len(line) >= COLUMNS]


def test_picture_is_up_to_date() -> None:
    drawn = PICTURE.read_text("utf-8")
    assert drawn == picture(), "redraw it: uv run tools/picture.py"
    assert f"[{len(QUESTIONS)}/{len(QUESTIONS)}]" in drawn
    assert not re.search(r"@font-face|url\((?!#)|href|<script", drawn)


def test_another_label_changes_the_picture(tmp_path: Path) -> None:
    template = changed(tmp_path, edit("cookiecutter.json", LABELS["function_name"], "How it is called"))
    assert PICTURE.read_text("utf-8") != picture(template)


def test_questions_fit_the_terminal(tmp_path: Path) -> None:
    assert broken_lines(ROOT, tmp_path) == []


def test_label_that_is_too_long_is_found(tmp_path: Path) -> None:
    long = edit("cookiecutter.json", '"Region to deploy to', f'"Region {"far and wide " * 5}to deploy to')
    assert len(broken_lines(changed(tmp_path, long), tmp_path)) == 1


def test_failing_run_is_no_picture(tmp_path: Path) -> None:
    failing = edit("hooks/post_gen_project.py", "SystemExit(main())", "SystemExit('on purpose')")
    with pytest.raises(RuntimeError, match="on purpose"):
        session(changed(tmp_path, failing), tmp_path)
