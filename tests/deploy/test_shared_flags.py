"""The line of docs/fleet.md by which the functions of a repository share flags."""

from pathlib import Path

import pytest

from tests.support.deploying import described, flags
from tests.support.fake_cloud import deploy, fake_cloud
from tests.support.guard import guard
from tests.support.pages import FLEET, blocks
from tests.support.processes import require_tool
from tests.support.types import Bake

[LINE] = [block for block in blocks(FLEET, "yaml") if block.startswith("--flags-file")]
SHARED = "--update-labels:\n  team: payments\n--memory: 1Gi\n"


@pytest.mark.slow
def test_own_flags_go_before_shared_ones(fresh: Bake, scripts: Path, home: Path) -> None:
    require_tool("gcloud")
    project = fresh()
    own = flags(project)
    shared = project.parent / "shared" / "deploy.yaml"
    shared.parent.mkdir()
    shared.write_text(SHARED)
    text = (project / "deploy.yaml").read_text("utf-8")
    (project / "deploy.yaml").write_text(LINE + text, "utf-8")
    with fake_cloud() as there:
        done = deploy(project, home, there)
        assert done.returncode == 0 and there.created["labels"]["team"] == "payments", done.stdout
        assert described(there.created) == own and own["--memory"] != "1Gi"
    assert guard(scripts, project, home).returncode == 0
