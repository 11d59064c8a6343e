"""tools/template_status.py says what is wrong with a function: its records, its runtime, its guard."""

import json
import shutil
import sys
from datetime import date
from pathlib import Path

import pytest
import template_status
from template_status import ends_soon, failures

from tests.support.folders import append
from tests.support.processes import require_tool
from tests.support.questions import ROOT
from tests.support.status import NEWEST, OLDEST, by_name, link, runtime, status
from tests.support.types import Bake


@pytest.mark.parametrize(
    "record", ["", "null", "[]", "{}", '{"template": 1, "commit": 2, "context": {"cookiecutter": "x"}}', "\xff"]
)
def test_broken_records(bake: Bake, home: Path, tmp_path: Path, record: str) -> None:
    project = Path(shutil.copytree(bake(), tmp_path / "hello-function"))
    if record:
        (project / ".cruft.json").write_bytes(record.encode("latin-1"))
    append("pyproject.toml", "[broken")(project)
    (project / "deploy.yaml").unlink()
    [found] = by_name(project, home).values()
    what = ".cruft.json is broken" if record else "it is not linked"
    beginnings = [what, "pyproject.toml does not say", "nothing here says which Python it runs on"]
    assert [line[: len(start)] for line, start in zip(found["findings"], beginnings, strict=True)] == beginnings


def test_runtime_of_firebase_functions(bake: Bake, home: Path, tmp_path: Path) -> None:
    """It is in their own firebase.json, or in one above them, whatever .cruft.json says."""
    fleet = tmp_path / "fleet"
    for name in ("above", "alone", "linked", "lost", "nodejs"):
        shutil.copytree(bake(deploy_with="firebase"), fleet / "functions" / name)
    firebase = json.loads((fleet / "functions" / "alone" / "firebase.json").read_text("utf-8"))
    [entry] = firebase["functions"]
    for name, python in (("alone", runtime(NEWEST)), ("linked", runtime(OLDEST)), ("nodejs", "nodejs24")):
        changed = {"functions": [{**entry, "runtime": python}]}
        (fleet / "functions" / name / "firebase.json").write_text(json.dumps(changed), "utf-8")
    link(fleet / "functions" / "linked")
    for name in ("above", "lost"):
        (fleet / "functions" / name / "firebase.json").unlink()
    elsewhere = {"source": "functions/above", "runtime": runtime(OLDEST)}
    listed = {"functions": [{**entry, "runtime": runtime(NEWEST)}, elsewhere, {"runtime": runtime(NEWEST)}]}
    (fleet / "firebase.json").write_text(json.dumps(listed), "utf-8")
    found = by_name(fleet / "functions", home)
    nothing = "nothing here says which Python it runs on"
    assert {name: (one["runtime"], nothing in one["findings"]) for name, one in found.items()} == {
        "above": (runtime(OLDEST), False), "alone": (runtime(NEWEST), False), "linked": (runtime(OLDEST), False),
        "lost": ("", True), "nodejs": ("", True),
    }  # fmt: skip
    # One function needs no list, and a file that is broken says nothing.
    (fleet / "firebase.json").write_text(json.dumps({"functions": elsewhere}), "utf-8")
    assert by_name(fleet / "functions" / "above", home)["above"]["runtime"] == runtime(OLDEST)
    (fleet / "firebase.json").write_text("[broken", "utf-8")
    assert nothing in by_name(fleet / "functions" / "above", home)["above"]["findings"]


def test_dates() -> None:
    runtimes = json.loads((ROOT / "rules" / "runtimes.json").read_text("utf-8"))
    assert {version: dates["decommissioned"] for version, dates in runtimes.items()} == template_status.ENDS
    assert ends_soon("2028-04-24", date(2027, 4, 25)) and not ends_soon("2028-04-24", date(2027, 4, 24))


@pytest.mark.slow
def test_guard_green_red_and_missing(bake: Bake, home: Path, tmp_path: Path) -> None:
    for name in ("green", "missing", "red"):
        shutil.copytree(bake(), tmp_path / "fleet" / name)
    append("red/requirements.in", "six\n")(tmp_path / "fleet")
    shutil.rmtree(tmp_path / "fleet" / "missing" / "tests" / "guard")
    path = f"{Path(require_tool('python3.13')).parent}:{Path(sys.executable).parent}"
    done = status(tmp_path / "fleet", home, "--guard", "--json", PATH=f"{path}:/usr/bin:/bin")
    found = {one["function"]: one for one in json.loads(done.stdout)}
    assert {name: one["guard"] for name, one in found.items()} == {"green": "green", "missing": "red", "red": "red"}
    said = {name: [line for line in one["findings"] if "guard" in line] for name, one in found.items()}
    assert said["green"] == [] and len(said["red"]) == 2
    assert all(
        line.startswith("its guard is red: requirements.txt lacks 'six' of requirements.in.") for line in said["red"]
    )
    assert ["file or directory not found: tests/guard" in line for line in said["missing"]] == [True]


@pytest.mark.parametrize("text", ["", "<testsuites><testsuite><testcase>"])
def test_half_a_report_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.xml").write_text(text)
    assert list(failures(tmp_path / "report.xml")) == list(failures(tmp_path / "none.xml")) == []
