"""tools/release.py in a clone: it writes the version everywhere, commits and tags, or refuses and changes nothing."""

import re
import sys
from pathlib import Path

import pytest

from tests.support.folders import edit
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, git, require_tool, run, shell
from tests.support.questions import ROOT, VERSION
from tests.support.types import Done

NEXT = f"{int(VERSION.split('.')[0]) + 1}.0.0"


def release(clone: Path, home: Path, version: str) -> Done:
    return run(sys.executable, "-B", "tools/release.py", version, cwd=clone, env=environment(home))


def add_entry(clone: Path) -> None:
    """Commit something to release."""
    edit("CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n- Something.\n")(clone)
    git("commit", "-am", "something", cwd=clone)


def output(*command: str | Path, cwd: Path, home: Path) -> str:
    return check_output(run(*command, cwd=cwd, env=environment(home))).strip()


@pytest.mark.slow
def test_version_is_written_everywhere(template: Path, home: Path) -> None:
    add_entry(template)
    check_output(release(template, home, NEXT))
    changelog = (template / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"(?s)## \[Unreleased\]\n\n## \[{NEXT}\] - \d{{4}}-\d\d-\d\d\n\n- Something\.", changelog)
    # The release, then the commit after it.
    for revision, version in ((NEXT, NEXT), ("main", f"{NEXT}+dev")):
        output("git", "checkout", revision, cwd=template, home=home)
        assert output("git", "describe", cwd=template, home=home).startswith(NEXT)
        assert output("git", "status", "--porcelain", cwd=template, home=home) == ""
        assert f"\nVersion {version} (" in (template / "README.md").read_text("utf-8")
        assert "error" not in output(sys.executable, "-m", "uv", "lock", "--check", cwd=template, home=home)
        output(sys.executable, "-m", "cookiecutter", template, "--no-input", "-f", cwd=home, home=home)
        assert f'version = "{version}"' in (home / "hello-function" / "pyproject.toml").read_text("utf-8")


@pytest.mark.slow
def test_tag_is_signed_as_the_page_says(template: Path, home: Path) -> None:
    sign, verify = [block for block in blocks((template / "CONTRIBUTING.md").read_text("utf-8")) if "gpg" in block]
    key = home / ".ssh" / "id_ed25519"
    key.parent.mkdir()
    require_tool("ssh")
    output("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, cwd=home, home=home)
    add_entry(template)
    check_output(shell(sign, template, home))
    check_output(release(template, home, NEXT))
    verify = verify.replace("1.2.0", NEXT)
    assert 'Good "git" signature for' in check_output(shell(verify, template, home))
    git("tag", "--annotate", "--no-sign", "--force", NEXT, "--message", "another", cwd=template)
    assert shell(verify, template, home).returncode == 1


@pytest.mark.slow
def test_release_refuses(template: Path, home: Path) -> None:
    """Versions that are not higher, an unclean working tree, and a changelog without anything new."""
    add_entry(template)

    def refused(version: str) -> str:
        before = output("git", "rev-parse", "HEAD", cwd=template, home=home)
        done = release(template, home, version)
        assert done.returncode == 1
        assert output("git", "rev-parse", "HEAD", cwd=template, home=home) == before
        return done.stdout

    for version in (VERSION, VERSION.removesuffix("+dev"), "0.0.1", "v9", "next", f"{NEXT}.1"):
        assert f"{version} is not a version after {VERSION}" in refused(version)
    (template / "new.txt").touch()
    assert "working tree is not clean" in refused(NEXT)
    (template / "new.txt").unlink()
    check_output(release(template, home, NEXT))
    assert "nothing under [Unreleased]" in refused(f"{NEXT[:-1]}1")


def test_no_page_names_a_version_to_check_out() -> None:
    """A copy of the template need not have our tags."""
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "templates").glob("*/*.md")):
        assert not re.search(r"--checkout \d", path.read_text("utf-8")), path
