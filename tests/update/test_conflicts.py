"""Updates that conflict with a user's changes, and how the user resolves them."""

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.support.folders import append, commit, edit
from tests.support.locks import lock
from tests.support.pages import UPDATING, blocks
from tests.support.processes import check_output, environment, git, run
from tests.support.types import Bake, Done
from tests.support.updates import create_function, cruft, own_tests, update

pytestmark = pytest.mark.slow

LOGGING = "{{cookiecutter.function_name}}/cloud_logging.py"


def run_guard(scripts: Path, project: Path, home: Path) -> Done:
    return own_tests(scripts, project, home, "tests/guard")


def test_lock_conflict_is_resolved_by_locking_again(template: Path, scripts: Path, home: Path) -> None:
    """In a clone cruft cannot merge: it leaves .rej files instead of conflict markers."""
    project = create_function(template, home)
    commit(project, append("requirements.in", "requests\n"))
    lock(project, scripts, home)
    commit(project)

    def conflicts(blinker: str, word: str, conflict: str, said: str) -> None:
        # In the lock, the lines that requests added are beside the change.
        change = edit("templates/locks/default/requirements.txt", "blinker==", f"blinker=={blinker}")
        commit(template, change, edit(LOGGING, "import json\n", f"# {word}.\nimport json\n"))
        assert update(project, home).split() == [conflict]
        assert f"# {word}." in (project / "cloud_logging.py").read_text("utf-8")
        done = run_guard(scripts, project, home)
        assert done.returncode == 1 and said in done.stdout
        lock(project, scripts, home, upgrade=True)
        (project / "requirements.txt.rej").unlink(missing_ok=True)
        check_output(run_guard(scripts, project, home))
        assert re.search(r"(?m)^requests==", (project / "requirements.txt").read_text("utf-8"))
        commit(project)

    conflicts("0.", "Newer", "requirements.txt", "has conflict markers")
    git("clone", "-q", "--no-local", str(project), str(project.with_name("clone")), cwd=project.parent)
    project = project.with_name("clone")
    conflicts("1.", "Newest", "requirements.txt.rej", "requirements.txt.rej holds a change")


def test_dropped_runtime_is_replaced_by_one_command(template: Path, home: Path) -> None:
    project = create_function(template, home, python_version="3.11", ci="github")
    file = template / "cookiecutter.json"
    asked = json.loads(file.read_text("utf-8"))
    asked["python_version"].remove("3.11")
    del asked["__prompts__"]["python_version"]["3.11"]
    commit(template, lambda _: file.write_text(json.dumps(asked), "utf-8"))
    assert cruft("update", "--skip-apply-ask", cwd=project, home=home).returncode
    assert check_output(run("git", "status", "--porcelain", cwd=project, env=environment(home))) == ""
    command = shlex.split(blocks(UPDATING)[-1])
    assert command[:2] == ["cruft", "update"]
    assert update(project, home, *command[2:]) == ""
    assert (project / ".python-version").read_text("utf-8") == "3.14\n"
    assert "--runtime: python314\n" in (project / "deploy.yaml").read_text("utf-8")


# These releases made a deploy.sh.
@pytest.mark.parametrize(("release", "edited"), [("0.2.0", False), ("0.3.0", True)])
def test_deploy_yaml_replaces_deploy_sh(
    template: Path, bake: Bake, scripts: Path, home: Path, release: str, edited: bool
) -> None:
    """A deploy.sh that somebody changed is kept."""
    env = environment(home)
    [released] = check_output(
        run("git", "log", "--format=%H", f"--grep=^Release {release}$", cwd=template, env=env)
    ).split()
    project = create_function(template, home, released, trigger="pubsub")
    before = (project / "deploy.sh").read_text("utf-8")
    mine = before.replace("--memory=512Mi", "--memory=1Gi")
    assert mine != before
    if edited:
        commit(project, edit("deploy.sh", before, mine))
    assert update(project, home) == ""
    assert (project / "deploy.yaml").read_bytes() == (bake(trigger="pubsub") / "deploy.yaml").read_bytes()
    assert (project / "deploy.sh").exists() == edited
    assert not edited or (project / "deploy.sh").read_text("utf-8") == mine
    commit(project)
    check_output(run_guard(scripts, project, home))
    check_output(cruft("check", cwd=project, home=home))


def test_own_deploy_yaml_is_kept_as_a_conflict(template: Path, home: Path) -> None:
    env = environment(home)
    [released] = check_output(run("git", "log", "--format=%H", "--grep=^Release 0.3.0$", cwd=template, env=env)).split()
    project = create_function(template, home, released)
    commit(project, append("deploy.yaml", "mine: 1\n"))
    assert update(project, home).split() == ["deploy.yaml"]
    assert (project / "deploy.yaml").read_text("utf-8").startswith("<<<<<<< ours\nmine: 1\n=======\n")
