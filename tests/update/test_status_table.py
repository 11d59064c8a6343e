"""tools/template_status.py prints a table and an exit code, whatever the names, and docs/status.md shows them."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from template_status import BEGIN, END

from tests.support.folders import commit, edit
from tests.support.loopback import loopback
from tests.support.pages import blocks
from tests.support.processes import check_output, git, shell
from tests.support.questions import ROOT, VERSION
from tests.support.status import ENDS, NEWEST, SCRIPT, by_name, link, rows, runtime, status
from tests.support.types import Bake

PAGE = (ROOT / "docs" / "status.md").read_text("utf-8")
PLAIN, WRITE = blocks(PAGE)


def test_printed_table_and_exit_code(bake: Bake, home: Path, tmp_path: Path) -> None:
    fleet = tmp_path / "fleet"
    for name in ("one", "other-function"):
        shutil.copytree(bake(trigger="storage", python_version=NEWEST), fleet / name)
        link(fleet / name)
    git("init", cwd=fleet)
    commit(fleet)
    git("commit", "--amend", "--no-edit", "--date=2020-01-01T00:00:00Z", cwd=fleet)
    day = git("log", "-1", "--format=%cs", cwd=fleet)
    done = status(fleet, home)
    assert done.returncode == 0 and len(set(map(len, done.stdout.strip().splitlines()))) == 1
    assert rows(done.stdout)[1:] == [
        [name, "http", runtime(NEWEST), ENDS[NEWEST], VERSION, "?", day, "not run"]
        for name in ("one", "other-function")
    ]
    newer = status(fleet, home, "--newest", "99.0.0")
    finding = f"version {VERSION} made it, and 99.0.0 is newer: update it"
    assert (
        newer.returncode == 1
        and newer.stdout == f"{done.stdout.strip()}\n\none: {finding}\nother-function: {finding}\n"
    )
    # A runtime that has ended.
    ended = status(fleet, home, ends={NEWEST: "2000-01-01"})
    assert ended.returncode == 1 and "one: its runtime ends on 2000-01-01: choose a newer Python\n" in ended.stdout
    # A function alone.
    assert rows(status(fleet / "one", home).stdout) == rows(done.stdout)[:2]
    # What another template made says nothing about this one.
    link(fleet / "other-function", template="https://github.com/acme/other")
    edit("other-function/pyproject.toml", f'version = "{VERSION}"', 'version = "98.0.0"')(fleet)
    assert status(fleet, home).returncode == 0
    # A clone without the history does not know when a file changed.
    git("clone", "-q", "--depth=1", fleet.as_uri(), str(fleet / "clone"), cwd=fleet)
    assert [row[6] for row in rows(status(fleet / "clone", home).stdout)[1:]] == ["?", "?"]


HOSTILE = ["a|b", "a`b`", "*a*", "<b>", "[a](b)", "line\nbreak", "\x1b[31mred", "\u202eright", "--guard", "a b", "ü"]


def test_hostile_names_and_records(bake: Bake, home: Path, tmp_path: Path) -> None:
    """Nothing acts on the terminal, the table or git, and without git the rest is told."""
    fleet = tmp_path / "fleet"
    for name in HOSTILE if sys.platform != "win32" else HOSTILE[-2:]:
        shutil.copytree(bake(), fleet / name)
        link(fleet / name, template=name, commit="--output=pwned", context={"cookiecutter": {"trigger": name}})
    found = by_name(fleet, home, "--fetch")
    assert sorted(found) == sorted(path.name for path in fleet.iterdir())
    assert all("git cannot read its template" in one["findings"][0] for one in found.values())
    assert {one["locks_changed"] for one in found.values()} == {""}
    said = status(fleet, home).stdout
    assert said.replace("\n", "").isprintable() and "--guard" in said
    shown = {name.replace("\n", "\\n").replace("\x1b", "\\x1b").replace("\u202e", "\\u202e") for name in found}
    assert {row[0] for row in rows(said)[1:]} == {row[1] for row in rows(said)[1:]} == shown
    assert not list(tmp_path.rglob("pwned"))


def test_usage_errors(bake: Bake, home: Path, tmp_path: Path) -> None:
    project = bake()
    (tmp_path / "page.md").write_text(f"{BEGIN}\n")
    for arguments, said in (
        ([tmp_path], "there is no function in "),
        ([project, "--newest", "next"], "next is not a version"),
        ([project, "--write", tmp_path / "page.md"], f"has no lines {BEGIN} and {END}"),
        ([project, "--write", tmp_path / "none.md"], "none.md has no lines"),
    ):
        done = status(tmp_path, home, *arguments)
        assert done.returncode == 2 and said in " ".join(done.stdout.split())
    assert (tmp_path / "page.md").read_text() == f"{BEGIN}\n"


@pytest.mark.slow
def test_page_commands(fresh: Bake, home: Path) -> None:
    """uv runs the script from its address; the table goes into a README once, and the rest of it stays."""
    fleet = fresh().parent
    [marks] = blocks(PAGE, "markdown")
    before, after = "# Ours\n\n", "\nMore.\n"
    (fleet / "README.md").write_text(before + marks + after)
    raw = SCRIPT.read_bytes()

    def answer(method: str, path: str, body: bytes, headers: object) -> tuple[int, bytes | str]:
        asked = (method, path) == ("GET", "/org/fn-template/main/tools/template_status.py")
        return (200, raw) if asked else (404, "")

    with loopback(answer) as address:
        plain, write = (block.replace("https://raw.githubusercontent.com", address) for block in (PLAIN, WRITE))
        done = shell(plain, fleet, home)
        assert done.returncode == 1 and rows(done.stdout)[1][0] == "hello-function", done.stdout
        for _ in range(2):
            shell(write, fleet, home)
            page = (fleet / "README.md").read_text("utf-8")
            assert page.startswith(f"{before}{BEGIN}\n") and page.endswith(f"{END}\n{after}")
            assert rows(page) == rows(done.stdout)


def test_page_shows_the_table_and_the_options(home: Path) -> None:
    [shown] = blocks(PAGE, "text")
    options = check_output(status(ROOT, home, "--help"))
    assert set(re.findall(r"^\| `(--[a-z]+)", PAGE, re.MULTILINE)) == set(re.findall(r"(?m)^  (--[a-z]+)", options))
    assert rows(shown)[0] == ["function", "trigger", "runtime", "ends", "template", "behind", "locks changed", "guard"]
