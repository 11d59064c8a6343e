"""tools/template_status.py counts how far real functions are behind their template."""

import json
import re
import shutil
from pathlib import Path

import pytest
from template_status import numbers

from tests.support.folders import append, commit, edit
from tests.support.processes import check_output, git
from tests.support.status import ADDRESS, ENDS, NEWEST, OLDEST, by_name, runtime
from tests.support.updates import cruft


def release(template: Path, version: str, tagged: bool = True) -> None:
    """Commit two changes to the template, and tag the second."""
    commit(template, append("README.md", f"Towards {version}.\n"))
    text = (template / "pyproject.toml").read_text("utf-8")
    changed = re.sub("(?m)^version = .*", f'version = "{version}"', text)
    commit(template, lambda template: (template / "pyproject.toml").write_text(changed, "utf-8"))
    if tagged:
        git("tag", version, cwd=template)


@pytest.fixture
def fleet(template: Path, home: Path, tmp_path: Path) -> Path:
    """A repository of functions that are older, newest, ahead, unlinked, broken, rewritten and moved."""
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        release(template, version)
    release(template, "2.0.0+dev", tagged=False)
    git("tag", "no-release", cwd=template)
    for name, checkout, trigger, python in (
        ("older", "1.0.0", "storage", NEWEST),
        ("newest", "2.0.0", "http", NEWEST),
        ("ahead", "main", "pubsub", NEWEST),
    ):
        answers = json.dumps({"function_name": name, "trigger": trigger, "python_version": python})
        made = cruft(
            "create", ADDRESS, "--no-input", "--extra-context", answers, "--checkout", checkout, cwd=fleet, home=home
        )
        check_output(made)
    for name in ("unlinked", "broken", "rewritten", "moved"):
        shutil.copytree(fleet / "newest", fleet / name)
    (fleet / "unlinked" / ".cruft.json").unlink()
    append("broken/.cruft.json", "<<<<<<< ours\n")(fleet)
    record = json.loads((fleet / "newest" / ".cruft.json").read_text("utf-8"))
    for name, change in (
        ("rewritten", {"commit": "0" * 40}),
        ("moved", {"template": "https://somebody:secret@github.com/org/moved"}),
    ):
        (fleet / name / ".cruft.json").write_text(json.dumps({**record, **change}), "utf-8")
    # What a user edits.
    edit("ahead/deploy.yaml", f"--runtime: {runtime(NEWEST)}\n", f"--runtime: '{runtime(OLDEST)}' # ours\n")(fleet)
    for other in ("notes/main.py", "kubernetes/deploy.yaml", "shared/ourlib/__init__.py"):
        append(other, "\n")(fleet)
    git("init", cwd=fleet)
    commit(fleet)
    return fleet


@pytest.mark.slow
def test_fleet(template: Path, fleet: Path, home: Path) -> None:
    """Without the template's history, with it, and with the template on this machine."""
    offline = by_name(fleet, home)
    assert list(offline) == ["ahead", "broken", "moved", "newest", "older", "rewritten", "unlinked"]
    expected = {
        "function": "older", "trigger": "storage", "runtime": runtime(NEWEST), "ends": ENDS[NEWEST], "template": ADDRESS,
        "version": "1.0.0", "commit": git("rev-parse", "1.0.0", cwd=template), "releases_behind": None,
        "commits_behind": None, "locks_changed": git("log", "-1", "--format=%cs", cwd=fleet), "guard": "",
        "findings": ["version 1.0.0 made it, and 2.0.0 is newer: update it"],
    }  # fmt: skip
    assert offline["older"] == expected
    assert (offline["ahead"]["runtime"], offline["ahead"]["ends"]) == (runtime(OLDEST), ENDS[OLDEST])
    assert [offline[name]["findings"] for name in ("newest", "rewritten", "moved")] == [[]] * 3
    [unlinked], [broken] = (offline[name]["findings"] for name in ("unlinked", "broken"))
    assert unlinked.startswith("it is not linked") and broken.startswith(".cruft.json is broken")
    assert offline["unlinked"]["version"] == offline["broken"]["version"] == "2.0.0"

    fetched = by_name(fleet, home, "--fetch")
    behind = {name: (one["releases_behind"], one["commits_behind"]) for name, one in fetched.items()}
    nobody_knows = dict.fromkeys(("broken", "moved", "rewritten", "unlinked"), (None, None))
    assert behind == {"ahead": (0, 0), "newest": (0, 0), "older": (2, 4)} | nobody_knows
    assert fetched["older"]["findings"] == ["2 releases, 4 commits behind: update it"]
    assert "no longer has the commit" in fetched["rewritten"]["findings"][0]
    [moved] = fetched["moved"]["findings"]
    assert moved.startswith("git cannot read its template: fatal: ") and "secret" not in json.dumps(fetched)

    # A folder on this machine is asked anyway. A version may be asked of functions that are not behind.
    edit("newest/.cruft.json", ADDRESS, str(template))(fleet)
    [wanted] = by_name(fleet, home, "--newest", "3.0.0")["newest"]["findings"]
    assert wanted == "version 2.0.0 made it, and 3.0.0 is newer: update it"

    # Without tags it is asked up to its newest commit.
    for tag in git("tag", cwd=template).split():
        git("tag", "--delete", tag, cwd=template)
    edit("older/.cruft.json", ADDRESS, str(template))(fleet)
    older = by_name(fleet, home)["older"]
    assert (older["releases_behind"], older["commits_behind"]) == (0, 6)
    assert older["findings"] == ["6 commits behind: update it"]


def test_versions_are_ordered() -> None:
    assert numbers("0.9.0") < numbers("0.10.0") == numbers("0.10.0+dev") and numbers("next") == numbers("1.2") == ()
