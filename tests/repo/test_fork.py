"""A fork with defaults, regions and a label of its own merges what we commit next, as docs/fork.md says."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from rules.derived import REPOSITORY
from tests.support.folders import append, commit, edit
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, git, run, shell
from tests.support.questions import QUESTIONS, ROOT, SKELETON
from tests.support.types import Change

[MERGE] = blocks((ROOT / "docs" / "fork.md").read_text("utf-8"))
PULL, REFRESH, FINISH = MERGE.splitlines()
[DEPLOYMENT] = (path.relative_to(ROOT).as_posix() for path in SKELETON.glob("*deploy*.yaml"))
*_, SECOND, LAST = QUESTIONS["python_version"]


def tool(name: str) -> Change:
    """Return a change that one of the tools makes."""
    return lambda folder: check_output(
        run(sys.executable, "-B", f"tools/{name}.py", cwd=folder, env=environment(folder))
    )


# What docs/fork.md says to change.
OURS: list[Change] = [
    edit("cookiecutter.json", '"python_version": [\n', f'"python_version": [\n    "{LAST}",\n'),
    edit("cookiecutter.json", f'    "{SECOND}",\n    "{LAST}"\n', f'    "{SECOND}"\n'),
    edit("cookiecutter.json", '"region": "us-central1"', '"region": [\n    "europe-west1",\n    "europe-west4"\n  ]'),
    edit(
        "cookiecutter.json",
        '"region": "Region to deploy to (Enter if unsure)"',
        '"region": {\n      "__prompt__": "Region",\n      "europe-west1": "europe-west1 - Belgium",\n      "europe-west4": "europe-west4 - Netherlands"\n    }',
    ),
    edit("cookiecutter.json", '"ci": [\n    "none",\n    "github",', '"ci": [\n    "github",\n    "none",'),
    edit(
        DEPLOYMENT,
        "# Environment variables.",
        "# Who pays.\n--update-labels:\n  team: payments\n\n# Environment variables.",
    ),
    edit("pyproject.toml", "https://github.com/org/fn-template", "https://github.com/acme/fn-template"),
    tool("runtimes"),
    tool("tables"),
    append("docs/run.svg", "<!-- ours -->\n"),
    edit("rules/reserved.json", '"locale"', '"ours",\n    "locale"'),
]
# What we may commit next.
THEIRS: list[Change] = [
    edit("rules/runtimes.json", "\n}", ',\n  "3.99": {"deprecated": "2098-10-01", "decommissioned": "2099-04-01"}\n}'),
    edit("cookiecutter.json", '"cloudevent"\n', '"cloudevent",\n    "tide"\n'),
    edit(
        "cookiecutter.json",
        'through Eventarc"\n',
        'through Eventarc",\n      "tide": "tide - the sea at its highest"\n',
    ),
    # A question beside the one that the fork changed.
    edit(
        "cookiecutter.json", '\n  "deploy_with": [', '\n  "moon": [\n    "full",\n    "new"\n  ],\n\n  "deploy_with": ['
    ),
    edit(
        "cookiecutter.json",
        '\n    "deploy_with": {',
        '\n    "moon": {\n      "__prompt__": "Moon",\n      "full": "full",\n      "new": "new"\n    },\n\n    "deploy_with": {',
    ),
    lambda template: shutil.copytree(template / "templates" / "http", template / "templates" / "tide"),
    edit("pyproject.toml", 'version = "', 'version = "9'),
    edit(DEPLOYMENT, "--memory: 512Mi", "--memory: 1Gi"),
    tool("runtimes"),
    tool("tables"),
    append("docs/run.svg", "<!-- theirs -->\n"),
    edit("rules/reserved.json", '"locale"', '"theirs",\n    "locale"'),
]


@pytest.mark.slow
@pytest.mark.skipif("/org/" not in REPOSITORY, reason="this is a fork itself")
def test_fork_merges_what_is_next(template: Path, home: Path, tmp_path: Path) -> None:
    fork = tmp_path / "fork"
    git("clone", "-q", str(template), str(fork), cwd=tmp_path)
    commit(fork, *OURS)
    commit(template, *THEIRS)
    env = environment(home)
    # Locking takes a network and minutes: test_refresh.py does it.
    assert REFRESH == "uv run tools/refresh.py"
    done = shell(PULL, fork, home)
    conflicts = check_output(run("git", "diff", "--name-only", "--diff-filter=U", cwd=fork, env=env)).split()
    assert done.returncode == 1 and conflicts == ["docs/questions.md", "docs/run.svg", "rules/reserved.json"], (
        done.stdout
    )
    for name in ("runtimes", "tables"):
        tool(name)(fork)
    check_output(shell(FINISH, fork, home))
    assert check_output(run("git", "status", "--porcelain", cwd=fork, env=env)) == ""
    readme, questions = ((fork / name).read_text("utf-8") for name in ("README.md", "docs/questions.md"))
    assert not re.search("(?m)^[<>]{7} ", readme + questions)
    assert "| `tide` | the sea at its highest |" in readme
    asked = json.loads((fork / "cookiecutter.json").read_text("utf-8"))
    assert asked["python_version"][0] == LAST and set(asked["python_version"]) == {*QUESTIONS["python_version"], "3.99"}
    listed = ", ".join(f"`{version}`" for version in asked["python_version"])
    assert f"| `python_version` | `{LAST}` | Python of the runtime: {listed} |" in questions
    assert asked["region"][0] == "europe-west1" and asked["ci"][0] == "github" and asked["trigger"][-1] == "tide"
    check_output(run(sys.executable, "-m", "cookiecutter", fork, "--no-input", "trigger=tide", cwd=home, env=env))
    deploy = (home / "hello-function" / "deploy.yaml").read_text("utf-8")
    lines = ["--region: europe-west1", f"--runtime: python{LAST.replace('.', '')}", "  team: payments", "--memory: 1Gi"]
    assert set(lines) <= set(deploy.splitlines())


@pytest.mark.skipif("/org/" not in REPOSITORY, reason="this is a fork itself")
@pytest.mark.parametrize("ours", [[], [append("LICENSE", "ours\n")]], ids=["unchanged", "changed"])
def test_fork_merges_without_a_conflict(template: Path, home: Path, tmp_path: Path, ours: list[Change]) -> None:
    """What refresh.py changes comes into the merge's commit, or into one of its own if there is nothing to merge."""
    fork = tmp_path / "fork"
    git("clone", "-q", str(template), str(fork), cwd=tmp_path)
    if ours:
        commit(fork, *ours)
    commit(template, append("SECURITY.md", "theirs\n"))
    for parents in (2, 1):
        check_output(shell(PULL, fork, home))
        append("README.md", "refreshed\n")(fork)
        check_output(shell(FINISH, fork, home))
        log = run("git", "log", "-1", "--format=%P", cwd=fork, env=environment(home))
        assert len(check_output(log).split()) == parents
    status = run("git", "status", "--porcelain", cwd=fork, env=environment(home))
    assert check_output(status) == "" and (fork / "SECURITY.md").read_text("utf-8").endswith("theirs\n")
