"""A repository of functions on a fake GitHub."""

import shutil
from pathlib import Path

import pytest

from tests.support.folders import append, commit
from tests.support.monorepo import PYTHONS, FakeGitHub, add_workflow
from tests.support.processes import git, require_tool
from tests.support.types import Bake


@pytest.fixture(scope="session")
def first_push(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of functions and of other folders, with one commit; treat it as read-only."""
    folder = tmp_path_factory.mktemp("first") / "repository"
    for name, version in PYTHONS.items():
        shutil.copytree(bake(function_name=name, python_version=version), folder / name)
    for name in ("shared/ourlib/__init__.py", "notes/main.py", "kubernetes/deploy.yaml", "README.md"):
        append(name, "\n")(folder)
    add_workflow(folder)
    git("init", cwd=folder)
    commit(folder)
    return folder


@pytest.fixture
def github(first_push: Path, tmp_path: Path) -> FakeGitHub:
    require_tool("curl"), require_tool("jq")
    return FakeGitHub(first_push, tmp_path)
