"""Fixtures for generated projects: their environment, and lines of Python that log."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import environment, run
from tests.support.types import Bake, Installed

# How a function's main.py begins.
HEAD = "import logging\n\nimport cloud_logging\n\ncloud_logging.setup()\nlogger = logging.getLogger('work')\n"
Log = Callable[..., list[dict[str, Any]]]


def strict(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


@pytest.fixture
def log(bake: Bake, tmp_path: Path, home: Path) -> Log:
    """Run lines of Python after a function's own beginning; return the entries, which are all that is written."""

    def log(code: str, head: str = HEAD, trigger: str = "http", **variables: str) -> list[dict[str, Any]]:
        script = tmp_path / "work.py"
        script.write_text(head + code, "utf-8")
        env = environment(home, PYTHONPATH=str(bake(trigger=trigger)), **variables)
        lines = run(sys.executable, "-B", script, cwd=tmp_path, env=env).stdout.splitlines()
        assert all(line.startswith("{") for line in lines), lines
        return [json.loads(line, parse_constant=strict) for line in lines]

    return log


@pytest.fixture
def with_venv(fresh: Bake, installed: Installed) -> Bake:
    """Like fresh, with the environment in .venv that README.md creates."""

    def with_venv(**answers: Any) -> Path:
        project = fresh(**answers)
        (project / ".venv").symlink_to(installed(project).parent)
        return project

    return with_venv
