"""Fixtures for generated projects: their environment, and lines of Python that log."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.folders import append
from tests.support.pages import lock_commands
from tests.support.processes import check_output, environment, run, shell
from tests.support.recipes import packages
from tests.support.types import Answer, Bake, Installed

# How a function's main.py begins.
HEAD = "import logging\n\nimport cloud_logging\n\ncloud_logging.setup()\nlogger = logging.getLogger('work')\n"
Log = Callable[..., list[dict[str, Any]]]


def strict(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


@pytest.fixture
def log(bake: Bake, tmp_path: Path, home: Path) -> Log:
    """Run lines of Python after a function's own beginning; return the entries, which are all that is written."""

    def log(
        code: str, head: str = HEAD, trigger: str = "http", deploy_with: str = "gcloud", **variables: str
    ) -> list[dict[str, Any]]:
        script = tmp_path / "work.py"
        script.write_text(head + code, "utf-8")
        env = environment(home, PYTHONPATH=str(bake(trigger=trigger, deploy_with=deploy_with)), **variables)
        lines = run(sys.executable, "-B", script, cwd=tmp_path, env=env).stdout.splitlines()
        assert all(line.startswith("{") for line in lines), lines
        return [json.loads(line, parse_constant=strict) for line in lines]

    return log


@pytest.fixture
def with_venv(fresh: Bake, installed: Installed) -> Bake:
    """Like fresh, with the environment in .venv that README.md creates."""

    def with_venv(**answers: Answer) -> Path:
        project = fresh(**answers)
        (project / ".venv").symlink_to(installed(project).parent)
        return project

    return with_venv


@pytest.fixture(scope="session")
def stock(bake: Bake, installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A function that has every package of docs/recipes.md in its locks, and their environment in .venv."""
    folder = tmp_path_factory.mktemp("recipes")
    project = Path(shutil.copytree(bake(), folder / "hello-function"))
    append("requirements.in", "".join(f"{name}\n" for name in packages()))(project)
    check_output(shell("\n".join(lock_commands(project)), project, folder))
    (project / ".venv").symlink_to(installed(project).parent)
    return project


@pytest.fixture
def stocked(stock: Path, fresh: Bake) -> Bake:
    """Like fresh, with what `stock` has installed."""

    def stocked(**answers: Answer) -> Path:
        project = fresh(**answers)
        for path in stock.glob("requirements*"):
            shutil.copy(path, project)
        (project / ".venv").symlink_to((stock / ".venv").resolve())
        return project

    return stocked
