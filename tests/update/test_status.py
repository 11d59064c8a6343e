"""tools/template_status.py: what it says of real functions in a repository, and of folders that are broken or hostile."""

import json
import re
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import template_status
from markdown_it import MarkdownIt
from template_status import BEGIN, END, ends_soon, failures, numbers

from tests.support.folders import append, commit, edit
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, git, require_tool, run, shell
from tests.support.questions import ROOT, VERSION
from tests.support.serving import loopback
from tests.support.types import Bake, Done
from tests.support.updates import cruft

SCRIPT = ROOT / "tools" / "template_status.py"
PAGE = (ROOT / "docs" / "status.md").read_text("utf-8")
ADDRESS = "https://github.com/org/fn-template"
PLAIN, WRITE = blocks(PAGE)
# A thousand years later, so that no runtime ends on the day of a test.
ENDS = {version: f"3{end[1:]}" for version, end in template_status.ENDS.items()}
OLDEST, *_, NEWEST = ENDS


def status(fleet: Path, home: Path, *options: str | Path, ends: dict[str, str] = ENDS, **variables: str) -> Done:
    """Run the script in a folder, with some ends of the runtimes."""
    script = home / "template_status.py"
    script.write_text(re.sub("(?m)^ENDS = .*", f"ENDS = {ends}", SCRIPT.read_text("utf-8")), "utf-8")
    return run(sys.executable, script, *options, cwd=fleet, env=environment(home, **variables))


def by_name(fleet: Path, home: Path, *options: str | Path, code: int = 1) -> dict[str, dict[str, Any]]:
    """Return what the script prints as JSON, by the names of the functions."""
    done = status(fleet, home, "--json", *options)
    assert done.returncode == code, done.stdout
    return {one["function"]: one for one in json.loads(done.stdout)}


def link(project: Path, **record: Any) -> None:
    """Write a .cruft.json as cruft does."""
    answers = {"trigger": "http", "python_version": "3.13"}
    text = json.dumps({"template": ADDRESS, "commit": "0" * 40, "context": {"cookiecutter": answers}, **record})
    (project / ".cruft.json").write_text(text, "utf-8")


def runtime(python: str) -> str:
    return f"python{python.replace('.', '')}"


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


def rows(text: str) -> list[list[str]]:
    """Return the cells of the table in a Markdown text, as a reader sees them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    found: list[list[str]] = []
    for token, inside in zip(tokens, tokens[1:], strict=False):
        if token.type == "tr_open":
            found.append([])
        elif token.type in ("th_open", "td_open"):
            found[-1].append("".join(child.content for child in inside.children or []))
    return found


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

    def answer(method: str, path: str, body: bytes, headers: object) -> tuple[int, Any]:
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


def test_dates() -> None:
    runtimes = json.loads((ROOT / "rules" / "runtimes.json").read_text("utf-8"))
    assert {version: dates["decommissioned"] for version, dates in runtimes.items()} == template_status.ENDS
    assert ends_soon("2028-04-24", date(2027, 4, 25)) and not ends_soon("2028-04-24", date(2027, 4, 24))


def test_versions_are_ordered() -> None:
    assert numbers("0.9.0") < numbers("0.10.0") == numbers("0.10.0+dev") and numbers("next") == numbers("1.2") == ()
