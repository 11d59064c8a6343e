"""A fork of the template, for the tests of rules/."""

import shutil
from pathlib import Path

import pytest

from tests.support.questions import ROOT


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A copy of the template to break."""
    copy = tmp_path / "fork"
    return Path(shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__")))
