"""The command of docs/deployment.md writes a bill of materials of exactly what a lock file pins."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.locks import pins
from tests.support.pages import blocks
from tests.support.processes import check_output, posix_only, shell
from tests.support.questions import ROOT
from tests.support.types import Bake

[COMMAND] = [block for block in blocks((ROOT / "docs" / "deployment.md").read_text("utf-8")) if "sbom.json" in block]


@pytest.mark.slow
@posix_only
def test_bill_names_what_the_lock_pins(bake: Bake, fresh: Bake, home: Path) -> None:
    """The command itself ends with an error if the bill is not valid."""
    project = fresh()
    for hashes in (False, True):
        shutil.copy(bake(hashes=hashes) / "requirements.txt", project)
        check_output(shell(COMMAND, project, home))
        bill = json.loads((project / "sbom.json").read_text("utf-8"))
        found = [f"{part['name']}=={part['version']}" for part in bill["components"]]
        assert sorted(found) == sorted(pin.partition(" ;")[0] for pin in pins(project / "requirements.txt"))
