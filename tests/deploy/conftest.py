"""A Google Cloud in which an owner has run the lines that prepare a project."""

import pickle
from copy import deepcopy
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support.deploying import SECRET, SET_UP, SetUp, own_lines, paste, shell
from tests.support.fake_cloud import FakeCloud, fake_cloud
from tests.support.pages import section
from tests.support.processes import check_output
from tests.support.types import Bake


@pytest.fixture(scope="session")
def common_set_up(bake: Bake, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, FakeCloud]:
    """A cloud after each section that all pages have that know of a CI; the processes of a parallel run share it."""
    kept = shared / "cloud.pickle"
    with FileLock(shared / "cloud.lock"):
        if not kept.exists():
            owner, made = tmp_path_factory.mktemp("owner"), {}
            with fake_cloud(ready=False) as there:
                for title in (SET_UP, SECRET):
                    paste(bake(ci="github"), owner, there, title)
                    made[title] = deepcopy(there)
            written = kept.with_suffix(".new")
            written.write_bytes(pickle.dumps(made))
            written.replace(kept)
    clouds: dict[str, FakeCloud] = pickle.loads(kept.read_bytes())
    return clouds


@pytest.fixture
def set_up(common_set_up: dict[str, FakeCloud], bake: Bake, home: Path) -> SetUp:
    """Prepare a cloud as a project's page says, and make its secret if asked to; what all pages have is run once."""

    def set_up(project: Path, there: FakeCloud, secret: bool = False) -> None:
        common = bake(ci="github")
        assert section(project, SECRET) == section(common, SECRET)
        there.resume(common_set_up[SECRET if secret else SET_UP])
        check_output(shell(project, home, there, own_lines(section(project, SET_UP), section(common, SET_UP))))

    return set_up
