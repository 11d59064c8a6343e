"""The workflow of docs/fleet-updates.md updates real functions and opens pull requests; it passes linters."""

import json
import re
from pathlib import Path

import pytest

from tests.support.fake_gh import FakeGitHub
from tests.support.fleet import PAGE, PROPOSE, SCRIPTS, UPDATE, WORKFLOW, Run, with_workflow
from tests.support.folders import append, commit, edit
from tests.support.processes import check_output, environment, git, posix_only, require_tool, run, shell
from tests.support.updates import create_function, cruft
from tests.support.workflows import complaints

pytestmark = [pytest.mark.slow, posix_only]
KINDS: list[str] = UPDATE["strategy"]["matrix"]["kind"]
MINE = edit("report/cloud_logging.py", "import json\n", "# Mine.\nimport json\n")
NEWER = edit("{{cookiecutter.function_name}}/cloud_logging.py", "import json\n", "# Newer.\nimport json\n")


def test_workflow_passes_linters(tmp_path: Path, home: Path) -> None:
    folder = with_workflow(tmp_path / "repository")
    assert not complaints(folder, home)
    shellcheck = ("shellcheck", "--shell=bash", *SCRIPTS)
    check_output(run(*shellcheck, cwd=folder, env=environment(home)))
    assert WORKFLOW["permissions"] == {}
    # What runs code of others may only read, and what may write runs none.
    assert UPDATE["permissions"] == {"contents": "read"} and "token" not in json.dumps(UPDATE)
    assert PROPOSE["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert not re.search(r"guard|update\.sh|uv|cruft", json.dumps(PROPOSE["steps"]))


@pytest.mark.parametrize(
    ("old", "new", "linter"),
    [
        ("cron:", "corn:", "check-jsonschema"),
        (r'update.sh "\$KIND"', "update.sh ${{ matrix.kind }}", "zizmor"),
        (r"actions/upload-artifact@\w+ # v[\d.]+", "actions/upload-artifact@v7", "zizmor"),
        (r'"\$bundle" \]', "$bundle ]", "shellcheck"),
    ],
)
def test_broken_workflow_fails_its_linter(tmp_path: Path, home: Path, old: str, new: str, linter: str) -> None:
    text, times = re.subn(old, new, PAGE, count=1)
    assert times
    assert f"{linter}: " in complaints(with_workflow(tmp_path / "repository", text), home)


def test_fleet_is_updated_by_pull_requests(template: Path, home: Path, tmp_path: Path, pip_and_pipx: Path) -> None:
    """One function is clean, one is in conflict, the guard of one is red, and one is newer than the release."""
    hub, ours = FakeGitHub(tmp_path / "hub"), with_workflow(tmp_path / "ours")
    git("tag", "1.9.0", cwd=template)
    commit(template, NEWER)
    git("tag", "1.10.0", cwd=template)
    commit(template, edit("{{cookiecutter.function_name}}/cloud_logging.py", "# Newer.", "# Not yet released."))
    for function, version in {"thumbnails": "1.9.0", "report": "1.9.0", "resize": "1.9.0", "posters": "HEAD"}.items():
        answers = json.dumps({"function_name": function})
        create = ("create", template, "--checkout", version, "--no-input", "--extra-context", answers)
        check_output(cruft(*create, cwd=ours, home=home))
    append("resize/requirements.in", "six\n")(ours)
    edit("thumbnails/requirements.txt", "\nidna==", "\nidna==3.10 # ")(ours)
    MINE(ours)
    git("init", cwd=ours)
    commit(ours)
    git("push", "-q", str(hub.remote), "main", cwd=ours)
    once = Run(hub, home, pip_and_pipx)

    assert KINDS == ["template", "locks"]
    assert "Not updated: report resize\n" in once.update("template").stdout
    # One pull request for all that are green. To lock is to mend what is red in one of them.
    once.update("locks", each="")
    once.propose()
    pulls = hub.pulls
    assert {name: pull["draft"] for name, pull in pulls.items()} == {
        "updates/template-thumbnails": False, "updates/template-report": True, "updates/template-resize": True,
        "updates/locks": False,
    }  # fmt: skip
    assert hub.branches().keys() == pulls.keys()
    report, resize = (pulls[f"updates/template-{name}"]["body"] for name in ("report", "resize"))
    assert "\n    cloud_logging.py has conflict markers: resolve them." in report
    assert "\n    requirements.txt lacks 'six' of requirements.in." in resize
    # Each message alone, without the guard's own code.
    assert "\n    cloud_logging.py is not valid Python, at line 7: fix it.\n" in report
    assert ".py:" not in report.partition("short test summary")[0]

    changed = ("git", "diff", "--name-only", "main", "updates/locks")
    names = check_output(run(*changed, cwd=hub.remote, env=environment(home))).split()
    assert {"thumbnails/requirements.txt", "resize/requirements.txt"} <= set(names)


def test_function_in_a_repository_of_its_own(template: Path, home: Path) -> None:
    """The scripts in its folder are none of the guard's business."""
    git("tag", "1.9.0", cwd=template)
    project = create_function(template, home, ci="github")
    commit(with_workflow(project))
    commit(template, NEWER)
    git("tag", "1.10.0", cwd=template)
    python = Path(require_tool("python3.13")).parent
    check_output(shell("bash update.sh", project, home, python))
    log = run("git", "log", "-1", "--format=%s", "--name-only", cwd=project, env=environment(home))
    assert check_output(log) == "Update the template of hello-function\n\n.cruft.json\ncloud_logging.py\n"
