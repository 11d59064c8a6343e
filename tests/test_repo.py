"""The repository itself: what its README says is so, and it works from a clone and from a zip file."""

import json
import re
import runpy
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader
from support import QUESTIONS, ROOT, SKELETON, blocks, contents, environment, git, must, posix_only, run, served

README = (ROOT / "README.md").read_text("utf-8")


def test_the_table_of_questions_is_that_of_cookiecutter_json() -> None:
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in README.splitlines() if row.startswith("| `")
    ]
    table = {row[0].strip("`"): row for row in rows if row[0].strip("`") in QUESTIONS}
    assert list(table) == list(QUESTIONS)
    for question, default in QUESTIONS.items():
        first = default[0] if isinstance(default, list) else default
        assert table[question][1] == f"`{first}`"
        if isinstance(default, list):
            assert table[question][2] == ", ".join(f"`{choice}`" for choice in default)


def test_the_tree_is_what_comes_out(bake: Any) -> None:
    names = re.findall(r"^[│ ]*[├└]── (\S+)", blocks(README, "text")[0], re.MULTILINE)
    made = contents(bake())
    assert sorted(name.strip("/") for name in names) == sorted(path.rpartition("/")[2] for path in made)


def test_the_first_command_stands_in_the_first_twenty_lines() -> None:
    assert "cookiecutter gh:org/fn-template" in "\n".join(README.splitlines()[:20])


def test_no_offered_runtime_ends_within_90_days() -> None:
    runtimes = json.loads((ROOT / "rules" / "runtimes.json").read_text("utf-8"))
    for version in QUESTIONS["python_version"]:
        assert ends_late_enough(runtimes[version]["decommissioned"], date.today()), f"Python {version} ends soon"
    assert set(runtimes) == set(QUESTIONS["python_version"])


def ends_late_enough(end: str, today: date) -> bool:
    return date.fromisoformat(end) - today > timedelta(days=90)


def test_a_runtime_that_ends_soon_is_seen() -> None:
    assert ends_late_enough("2028-04-24", date(2028, 1, 24))
    assert not ends_late_enough("2028-04-24", date(2028, 1, 25))


def test_the_labels_tell_the_end_of_each_runtime() -> None:
    runtimes = json.loads((ROOT / "rules" / "runtimes.json").read_text("utf-8"))
    labels = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))["__prompts__"]["python_version"]
    for version, dates in runtimes.items():
        assert date.fromisoformat(dates["decommissioned"]).strftime("%B %Y") in labels[version]


@posix_only
@pytest.mark.slow
def test_the_readmes_first_command(template: Path, tmp_path: Path, home: Path) -> None:
    """From nothing but Python and pip: the command, its next steps, the README of what it made."""
    place = tmp_path / "ein Ordner mit Zoë"
    place.mkdir()
    env = environment(home)
    must(run(sys.executable, "-m", "venv", home / "start", cwd=place, env=env))
    env["PATH"] = f"{home / 'start' / 'bin'}:{env['PATH']}"
    command = blocks(README)[0].strip()
    made = must(run("bash", "-euc", command, cwd=place, env=env, stdin="\n" * len(QUESTIONS)))
    steps = [line.strip() for line in made.splitlines() if line.startswith("  ") and "[" not in line][-3:]
    assert steps[0].startswith("cd ") and "functions-framework" in steps[2]
    must(run("bash", "-euc", "\n".join(steps[:2]), cwd=home, env=env))
    project = place / "hello-function"
    with served(project / ".venv" / "bin", project, "hello_function", home) as function:
        assert json.loads(function.ask("/?name=Ada")[1]) == {"message": "Hello, Ada!"}
    test = blocks((project / "README.md").read_text("utf-8"))
    checks = next(block for block in test if block.startswith("pytest"))
    must(run("bash", "-euc", f". .venv/bin/activate\n{checks}", cwd=project, env=env))
    git("init", cwd=project)
    git("add", ".", cwd=project)
    must(run("git", "status", cwd=project, env=env))
    assert ".venv" not in must(run("git", "ls-files", cwd=project, env=env))


def test_from_a_zip_file(cookiecutter: Any, tmp_path: Path, template: Path) -> None:
    archive = tmp_path / "fn-template.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.mkdir("fn-template")
        for path in sorted(template.rglob("*")):
            if ".git" not in path.parts:
                zipped.write(path, Path("fn-template") / path.relative_to(template))
    done = cookiecutter("--no-input", template=archive)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "out" / "hello-function" / "localpackage" / "script.py").is_file()


def test_names_that_every_system_takes() -> None:
    for path in [*SKELETON.rglob("*"), *(ROOT / "templates").rglob("*")]:
        name = path.relative_to(ROOT).as_posix()
        assert not re.search(r'[<>:"|?*\\]', name) and len(name) <= 120, name


@pytest.mark.parametrize("made", [False, True])
def test_each_text_has_the_same_line_ends_everywhere(fresh: Any, made: bool) -> None:
    repository = fresh(trigger="firestore") if made else ROOT
    if made:
        git("init", cwd=repository)
        git("add", ".", cwd=repository)
    names = must(run("git", "ls-files", "-co", "--exclude-standard", cwd=repository, env=environment(ROOT)))
    told = must(run("git", "check-attr", "eol", "--stdin", cwd=repository, env=environment(ROOT), stdin=names))
    assert len(told.splitlines()) > 10 and {line.rpartition(": ")[2] for line in told.splitlines()} == {"lf"}


def test_python_is_called_as_windows_calls_it() -> None:
    for path in [ROOT / "README.md", *SKELETON.rglob("*"), *(ROOT / "templates").rglob("*")]:
        if path.is_file():
            assert not re.search(r"\bpython3(?![.\d])", path.read_text("utf-8")), path


def of_hooks_and_rules(folder: Path, more: str = "") -> Any:
    """Let mypy read what runs in a user's cookiecutter as Windows would run it."""
    loader = FileSystemLoader(ROOT / "hooks")
    rules = runpy.run_path(str(ROOT / "rules" / "answers.py"))["Rules"]
    answers = {name: default[0] if isinstance(default, list) else default for name, default in QUESTIONS.items()}
    for name in loader.list_templates():
        hook = Environment(loader=loader, extensions=[rules]).get_template(name).render(cookiecutter=answers)
        (folder / name).write_text(f"{more}{hook}\n", "utf-8")
    files = [*folder.glob("*.py"), *(ROOT / "rules").glob("*.py"), ROOT / "local_extensions.py"]
    command = (sys.executable, "-m", "mypy", "--platform=win32", "--strict", "--cache-dir", folder / "cache")
    options = ("--ignore-missing-imports", "--scripts-are-modules")
    return run(*command, *options, *files, cwd=folder, env=environment(folder))


def test_no_hook_calls_what_windows_lacks(tmp_path: Path) -> None:
    must(of_hooks_and_rules(tmp_path))


def test_a_hook_that_calls_what_windows_lacks_is_seen(tmp_path: Path) -> None:
    done = of_hooks_and_rules(tmp_path, "import os\n\nos.getuid()\n")
    assert done.returncode == 1 and 'has no attribute "getuid"' in done.stdout


def test_no_registry_and_no_path_of_a_machine_is_named() -> None:
    tracked = must(run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT, env=environment(ROOT))).splitlines()
    # uv.lock cannot be written without its source.
    for name in set(tracked) - {"uv.lock", "tests/test_repo.py", "tests/test_bake.py"}:
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"pypi\.org|pythonhosted|npmjs|deb\.debian|/root/|/home/[a-z]", text), name


def test_clean_by_its_own_tools() -> None:
    for command in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)):
        must(run(sys.executable, "-m", *command, cwd=ROOT, env=environment(ROOT)))
