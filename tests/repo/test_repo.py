"""The repository itself: runtimes, file names, the Pythons that pages call, and what its own tools find."""

import json
import re
import sys
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Template

from tests.support.processes import check_output, environment, git, run
from tests.support.questions import QUESTIONS, ROOT, SKELETON
from tests.support.types import Bake, Done


def test_offered_runtimes_last_90_days() -> None:
    runtimes = json.loads((ROOT / "rules" / "runtimes.json").read_text("utf-8"))
    for version in QUESTIONS["python_version"]:
        assert ends_late_enough(runtimes[version]["decommissioned"], date.today()), f"Python {version} ends soon"
    assert set(runtimes) == set(QUESTIONS["python_version"])


def ends_late_enough(end: str, today: date) -> bool:
    return date.fromisoformat(end) - today > timedelta(days=90)


def test_runtime_that_ends_soon_is_found() -> None:
    assert ends_late_enough("2028-04-24", date(2028, 1, 24))
    assert not ends_late_enough("2028-04-24", date(2028, 1, 25))


def test_labels_state_when_runtimes_end() -> None:
    runtimes = json.loads((ROOT / "rules" / "runtimes.json").read_text("utf-8"))
    labels = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))["__prompts__"]["python_version"]
    for version, dates in runtimes.items():
        assert date.fromisoformat(dates["decommissioned"]).strftime("%B %Y") in labels[version]


def test_file_names_are_portable() -> None:
    for path in [*SKELETON.rglob("*"), *(ROOT / "templates").rglob("*")]:
        name = path.relative_to(ROOT).as_posix()
        assert not re.search(r'[<>:"|?*\\]', name) and len(name) <= 120, name


@pytest.mark.xdist_group("one")
def test_groups_of_tests_are_kept_together(request: pytest.FixtureRequest, worker_id: str) -> None:
    """xdist puts a test's group into its name, and says nothing if a newer pytest does not let it."""
    assert worker_id == "master" or request.node.nodeid.endswith("@one")


@pytest.mark.parametrize("made", [False, True])
def test_text_files_have_lf_line_ends(fresh: Bake, made: bool) -> None:
    repository = fresh(trigger="firestore") if made else ROOT
    if made:
        git("init", cwd=repository)
        git("add", ".", cwd=repository)
    names = check_output(run("git", "ls-files", "-co", "--exclude-standard", cwd=repository, env=environment(ROOT)))
    told = check_output(run("git", "check-attr", "eol", "--stdin", cwd=repository, env=environment(ROOT), stdin=names))
    assert len(told.splitlines()) > 10 and {line.rpartition(": ")[2] for line in told.splitlines()} == {"lf"}


# If no environment is active, Debian and macOS have no `python`, and Windows has `py`.
OUTSIDE = re.compile(r"python3 -m (?:venv|pip install cookiecutter|cookiecutter)\b|`python3`")


def python_commands_are_portable(text: str) -> bool:
    inside = OUTSIDE.sub("", text)
    return not re.search(r"\bpython3(?![.\d])", inside) and (inside == text or "`py" in text)


def test_python_commands_are_portable() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("fleet", "questions", "updating"))]
    for path in [*pages, *SKELETON.rglob("*"), *(ROOT / "templates").rglob("*")]:
        if path.is_file():
            assert python_commands_are_portable(path.read_text("utf-8")), path


def test_unportable_python_command_is_found() -> None:
    assert python_commands_are_portable("python3 -m venv .venv (on Windows `py -m venv .venv`), then python -m pip")
    assert not python_commands_are_portable("python3 -m venv .venv")
    assert not python_commands_are_portable("`py` or python3 -m pytest")


def type_check_hooks_and_rules(folder: Path, more: str) -> Done:
    """Type-check for Windows what runs in a user's cookiecutter, with `more` at the top of each hook."""
    fn = SimpleNamespace(root=str(ROOT), last_words=lambda: "")
    for path in (ROOT / "hooks").glob("*.py"):
        hook = Template(path.read_text("utf-8")).render(fn=fn, cookiecutter={"local_package": "localpackage"})
        (folder / path.name).write_text(f"{more}{hook}\n", "utf-8")
    files = [*folder.glob("*.py"), *(ROOT / "rules").glob("*.py"), *ROOT.glob("*.py")]
    command = (sys.executable, "-m", "mypy", "--platform=win32", "--strict")
    options = ("--ignore-missing-imports", "--scripts-are-modules")
    return run(*command, *options, *files, cwd=folder, env=environment(folder))


def test_hooks_type_check_on_windows(tmp_path: Path) -> None:
    """mypy finds nothing but the call that is added to each hook."""
    done = type_check_hooks_and_rules(tmp_path, "import os\n\nos.getuid()\n")
    *errors, _ = done.stdout.splitlines()
    assert len(errors) == len(list((ROOT / "hooks").glob("*.py"))), done.stdout
    assert all('has no attribute "getuid"' in error for error in errors), done.stdout


def test_no_registry_or_local_path_is_named() -> None:
    tracked = check_output(
        run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT, env=environment(ROOT))
    ).splitlines()
    # uv.lock names its source.
    for name in set(tracked) - {"uv.lock", "tests/repo/test_repo.py", "tests/project/test_bake.py"}:
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"pypi\.org|pythonhosted|npmjs|deb\.debian|/root/|/home/[a-z]", text), name


def test_linters_pass() -> None:
    [commands] = re.findall(r"\| lint \| `(.+)` \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    for command in commands.split(" && "):
        tool = command.removeprefix("uv run ").split()
        check_output(run(sys.executable, "-m", *tool, cwd=ROOT, env=environment(ROOT)))
