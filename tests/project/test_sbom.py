"""The command of docs/deployment.md writes a bill of materials of exactly what a lock file pins."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.support.locks import pins
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, posix_only, run, shell
from tests.support.questions import ROOT
from tests.support.types import Bake

[COMMAND] = [block for block in blocks((ROOT / "docs" / "deployment.md").read_text("utf-8")) if "sbom.json" in block]
VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

fault = JsonStrictValidator(SchemaVersion.from_version(sys.argv[2])).validate_str(open(sys.argv[1]).read())
sys.exit(fault and str(fault))
"""


@pytest.mark.slow
@posix_only
@pytest.mark.parametrize("hashes", [False, True])
def test_bill_names_what_the_lock_pins(fresh: Bake, home: Path, hashes: bool) -> None:
    project = fresh(hashes=hashes)
    check_output(shell(COMMAND, project, home))
    bill = json.loads((project / "sbom.json").read_text("utf-8"))
    found = [f"{part['name']}=={part['version']}" for part in bill["components"]]
    assert sorted(found) == sorted(pin.partition(" ;")[0] for pin in pins(project / "requirements.txt"))

    package = re.search(r"cyclonedx-bom==\S+", COMMAND)
    assert package
    tool = (
        sys.executable,
        "-m",
        "uv",
        "run",
        "--isolated",
        "--no-project",
        "--with",
        package[0],
        "python",
        "-c",
        VALIDATE,
    )
    validate = (*tool, project / "sbom.json", bill["specVersion"])
    check_output(run(*validate, cwd=home, env=environment(home)))
    bill["components"][0].pop("name")
    (project / "sbom.json").write_text(json.dumps(bill), "utf-8")
    assert "'name' is a required property" in run(*validate, cwd=home, env=environment(home)).stdout
