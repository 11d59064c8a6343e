"""guard.sh of docs/fleet.md, with a `uv` that writes down how it was called."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.fleet_scripts import Repository
from tests.support.folders import append, edit
from tests.support.monorepo import ALL, PYTHONS
from tests.support.pages import FLEET
from tests.support.processes import check_output, posix_only
from tests.support.types import Bake

pytestmark = posix_only


@pytest.fixture
def repository(tmp_path: Path, home: Path) -> Repository:
    return Repository(tmp_path / "there", home)


def test_guard_runs_in_functions_only(repository: Repository, first_push: Path) -> None:
    """And on the Python of each."""
    shutil.copytree(first_push, repository.folder, dirs_exist_ok=True)
    # One has only deploy.yaml to tell, another only pyproject.toml.
    (repository.folder / ALL[0] / "pyproject.toml").unlink()
    (repository.folder / ALL[-1] / "deploy.yaml").unlink()
    check_output(repository.bash("guard.sh"))
    words = [call.split() for call in repository.calls()]
    pythons = {call[0]: call[call.index("--python") + 1].replace(".", "") for call in words}
    assert pythons == {name: PYTHONS[name].replace(".", "") for name in ALL}
    # The guard of an older function.
    [older] = re.findall(r"`(TESTS=\S+) bash guard.sh`", FLEET)
    check_output(repository.bash("guard.sh", ALL[0], **dict([older.split("=")])))
    assert repository.calls()[-1].endswith(" pytest --quiet --tb=short tests/test_layout.py")


def test_guard_finds_the_python_if_firebase_json_is_at_the_root(repository: Repository, fresh: Bake) -> None:
    project = fresh(deploy_with="firebase", python_version="3.12")
    (project / "firebase.json").unlink()
    shutil.copytree(project, repository.folder / project.name)
    edit(f"{project.name}/pyproject.toml", "[tool.fn-template]", "[tool.mine]")(repository.folder)
    check_output(repository.bash("guard.sh"))
    assert "--python 3.12 " in repository.calls()[0]
    edit(f"{project.name}/pyproject.toml", "python_version", "# python_version")(repository.folder)
    done = repository.bash("guard.sh", project.name)
    assert done.returncode == 1 and len(repository.calls()) == 1
    assert f"python: is not in deploy.yaml, firebase.json or pyproject.toml of {project.name}\n" in done.stdout
    assert done.stdout.endswith(f"Red in tests/guard: {project.name}\n")


def test_guard_that_finds_no_function_is_red(repository: Repository) -> None:
    append("notes/main.py", "")(repository.folder)
    done = repository.bash("guard.sh")
    assert done.returncode == 1 and done.stdout == "No folder here holds a function.\n"
