"""A Google Cloud in which an owner has run the lines that prepare a project."""

import pickle
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support.deploying import SECRET, SET_UP, SetUp, own_lines, paste, shell
from tests.support.fake_cloud import FakeCloud, fake_cloud
from tests.support.pages import section
from tests.support.processes import check_output
from tests.support.types import Bake


@pytest.fixture(scope="session")
def common_set_up(bake: Bake, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> FakeCloud:
    """A cloud after the lines that each page has that knows of a CI; the processes of a parallel run share it."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    kept = shared / "cloud.pickle"
    with FileLock(shared / "cloud.lock"):
        if not kept.exists():
            with fake_cloud(ready=False) as there:
                paste(bake(ci="github"), tmp_path_factory.mktemp("owner"), there, SET_UP, SECRET)
            kept.write_bytes(pickle.dumps(there))
    cloud: FakeCloud = pickle.loads(kept.read_bytes())
    return cloud


@pytest.fixture
def set_up(common_set_up: FakeCloud, bake: Bake, home: Path) -> SetUp:
    """Prepare a cloud as a project's page says, and make its secret; what all pages have is run once."""

    def set_up(project: Path, there: FakeCloud) -> None:
        common = bake(ci="github")
        assert section(project, SECRET) == section(common, SECRET)
        there.resume(common_set_up)
        check_output(shell(project, home, there, own_lines(section(project, SET_UP), section(common, SET_UP))))

    return set_up
