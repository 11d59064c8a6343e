"""Functions of each trigger update from the oldest commit, keep what a developer did, and pass their tests."""

import json
import re
from pathlib import Path

import pytest

from tests.support.edits import check_edits, edits
from tests.support.folders import append, commit, edit
from tests.support.locks import lock
from tests.support.processes import check_output, environment, git, run
from tests.support.questions import QUESTIONS, TRIGGERS
from tests.support.types import Installed
from tests.support.updates import create_function, cruft, own_tests, update

pytestmark = pytest.mark.slow


def first_commit_with(template: Path, trigger: str) -> str:
    """Return the first commit that offered a trigger, and whose projects keep their `main.py` in an update."""
    env = environment(template.parent)
    if check_output(run("git", "rev-parse", "--is-shallow-repository", cwd=template, env=env)).strip() == "true":
        pytest.skip("the history of the template is not complete on this machine")

    def oldest(*which: str) -> str:
        return check_output(run("git", "log", "--format=%ct %H", *which, cwd=template, env=env)).splitlines()[-1]

    skips = oldest("-Sskip =", "--", "{{cookiecutter.function_name}}/pyproject.toml")
    offers = oldest("--diff-filter=A", "--", f"templates/{trigger}/main.py")
    return max(skips, offers).split()[1]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_update_from_the_oldest_commit(
    template: Path, installed: Installed, scripts: Path, home: Path, trigger: str
) -> None:
    # Its requirements hold those of http. The others share environments, which takes little time.
    locked = trigger == "firestore"
    project = create_function(template, home, first_commit_with(template, trigger), trigger=trigger)
    sample = next((path.relative_to(project).as_posix() for path in sorted(project.glob("events/[!h]*"))), "no sample")
    kept = (project / sample).read_bytes() if (project / sample).exists() else b""
    commit(project, *edits(sample))
    if locked:
        append("requirements.in", "six\n")(project)
        lock(project, scripts, home)
        commit(project)
    conflicts = set(update(project, home).split())
    assert conflicts <= {"requirements.txt", "requirements-dev.txt"}
    check_edits(project, sample)
    assert all((project / name).exists() for name in (".env.example", ".vscode/launch.json", "AGENTS.md"))
    assert locked or not conflicts
    if locked:
        assert re.search(r"(?m)^six$", (project / "requirements.in").read_text("utf-8"))
    if conflicts:
        lock(project, scripts, home, upgrade=True)
    git("add", "--all", cwd=project)
    git("commit", "--message", "updated", cwd=project)
    # The function's own tests need it.
    (project / sample).write_bytes(kept)
    check_output(own_tests(installed(project), project, home))
    (project / sample).unlink()
    check_output(cruft("check", cwd=project, home=home))
    assert check_output(run("git", "status", "--porcelain", cwd=project, env=environment(home))) == ""


def test_update_of_a_function_that_was_edited_before_its_first_commit(template: Path, home: Path) -> None:
    """Without the function as it was made, git merges no change within three lines of what each user edits."""
    log = run("git", "log", "--format=%H", "--grep=^Release [0-9]", cwd=template, env=environment(home))
    releases = check_output(log).split()
    if not releases:
        pytest.skip("the history of the template is not complete on this machine")
    mine = {
        "--project: my-project": "--project: acme",
        "--memory: 512Mi": "--memory: 1Gi",
        "--concurrency: 4": "--concurrency: 16",
    }
    changes = [*(edit("deploy.yaml", old, new) for old, new in mine.items()), append(".env.example", "MINE=1\n")]
    project = create_function(template, home, releases[0], *changes, trigger="pubsub")
    assert update(project, home) == ""
    assert set(mine.values()) < set((project / "deploy.yaml").read_text("utf-8").splitlines())


def test_update_with_a_loader_that_runs_answers_py(template: Path, home: Path) -> None:
    """The loader of the older template stays in memory while the newer one is rendered."""
    log = ("git", "log", "--format=%H", "--diff-filter=A", "--", "rules/__init__.py")
    package = check_output(run(*log, cwd=template, env=environment(home))).split()
    if not package:
        pytest.skip("the history of the template is not complete on this machine")
    older = check_output(run("git", "rev-parse", f"{package[-1]}~1", cwd=template, env=environment(home))).strip()
    project = create_function(template, home, older)
    assert update(project, home) == ""
    check_output(cruft("check", cwd=project, home=home))


def test_choices_are_never_removed(template: Path) -> None:
    env = environment(template.parent)
    for revision in check_output(
        run("git", "log", "--format=%H", "--", "cookiecutter.json", cwd=template, env=env)
    ).split():
        asked = json.loads(check_output(run("git", "show", f"{revision}:cookiecutter.json", cwd=template, env=env)))
        for question, default in asked.items():
            if isinstance(default, list) and not question.startswith("_"):
                assert set(default) <= set(QUESTIONS[question]), f"{question} of {revision}"
