"""A release, made in a clone: the version everywhere, a commit, a tag; and what stands in its way."""

import re
import sys
from pathlib import Path

import pytest

from tests.support.processes import check_output, environment, git, run
from tests.support.questions import ROOT, VERSION
from tests.support.types import Done

NEXT = f"{int(VERSION.split('.')[0]) + 1}.0.0"


def release(clone: Path, home: Path, version: str) -> Done:
    return run(sys.executable, "-B", "tools/release.py", version, cwd=clone, env=environment(home))


def unreleased(clone: Path) -> None:
    """Give the clone something to release."""
    changelog = clone / "CHANGELOG.md"
    text = changelog.read_text("utf-8")
    changelog.write_text(text.replace("## [Unreleased]\n", "## [Unreleased]\n\n- Something.\n", 1), "utf-8")
    git("commit", "-am", "something", cwd=clone)


@pytest.mark.slow
def test_a_release_says_its_version_everywhere(template: Path, home: Path) -> None:
    unreleased(template)
    check_output(release(template, home, NEXT))
    env = environment(home)
    assert check_output(run("git", "describe", "--exact-match", cwd=template, env=env)).strip() == NEXT
    assert check_output(run("git", "status", "--porcelain", cwd=template, env=env)) == ""
    changelog = (template / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"(?s)## \[Unreleased\]\n\n## \[{NEXT}\] - \d{{4}}-\d\d-\d\d\n\n- Something\.", changelog)
    locked = check_output(run(sys.executable, "-m", "uv", "lock", "--check", cwd=template, env=environment(home)))
    assert "error" not in locked
    check_output(run(sys.executable, "-m", "cookiecutter", template, "--no-input", cwd=home, env=env))
    assert f'version = "{NEXT}"' in (home / "hello-function" / "pyproject.toml").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "says"),
    [
        (VERSION, "is no version after"),
        ("0.0.1", "is no version after"),
        ("v9", "is no version after"),
        ("next", "is no version after"),
    ],
)
def test_a_version_that_is_none(template: Path, home: Path, version: str, says: str) -> None:
    before = check_output(run("git", "rev-parse", "HEAD", cwd=template, env=environment(home)))
    done = release(template, home, version)
    assert done.returncode == 1 and says in done.stdout
    assert check_output(run("git", "rev-parse", "HEAD", cwd=template, env=environment(home))) == before


@pytest.mark.slow
def test_what_stands_in_the_way_of_a_release(template: Path, home: Path) -> None:
    unreleased(template)
    (template / "new.txt").write_text("")
    assert "working tree is not clean" in release(template, home, NEXT).stdout
    (template / "new.txt").unlink()
    check_output(release(template, home, NEXT))
    done = release(template, home, f"{NEXT[:-1]}1")
    assert done.returncode == 1 and "nothing under [Unreleased]" in done.stdout


def test_no_command_names_a_version() -> None:
    """A copy of the template need not have its tag."""
    for path in (
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        ROOT / "{{cookiecutter.function_name}}" / "README.md",
    ):
        assert not re.search(r"--checkout \d", path.read_text("utf-8")), path
