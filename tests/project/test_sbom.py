"""The command of docs/deployment.md writes a bill of materials of exactly what a lock file pins."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.locks import pins
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, posix_only, run, shell
from tests.support.questions import ROOT
from tests.support.types import Bake

[COMMAND] = [block for block in blocks((ROOT / "docs" / "deployment.md").read_text("utf-8")) if "sbom.json" in block]
PACKAGE = re.findall(r"cyclonedx-bom==\S+", COMMAND)[0]
# Prints what is wrong with each bill, or None.
VALIDATE = """
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

for bill in map(json.dumps, json.load(sys.stdin)):
    fault = JsonStrictValidator(SchemaVersion.from_version(json.loads(bill)["specVersion"])).validate_str(bill)
    print(str(fault).splitlines()[0])
"""


@pytest.mark.slow
@posix_only
def test_bill_names_what_the_lock_pins(bake: Bake, fresh: Bake, home: Path) -> None:
    project, bills = fresh(), []
    for hashes in (False, True):
        shutil.copy(bake(hashes=hashes) / "requirements.txt", project)
        check_output(shell(COMMAND, project, home))
        bills.append(json.loads((project / "sbom.json").read_text("utf-8")))
        found = [f"{part['name']}=={part['version']}" for part in bills[-1]["components"]]
        assert sorted(found) == sorted(pin.partition(" ;")[0] for pin in pins(project / "requirements.txt"))

    nameless = {**bills[0], "components": [{"type": "library"}]}
    tool = (
        sys.executable,
        "-m",
        "uv",
        "run",
        "--isolated",
        "--no-project",
        "--with",
        PACKAGE,
        "python",
        "-c",
        VALIDATE,
    )
    said = check_output(run(*tool, cwd=home, env=environment(home), stdin=json.dumps([*bills, nameless]))).splitlines()
    assert said[-3:-1] == ["None", "None"] and "'name' is a required property" in said[-1], said
