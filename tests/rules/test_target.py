"""A folder that already exists comes to no harm."""

import os
import re
import sys
from pathlib import Path

import pytest

from rules.target import ROOM
from tests.support.folders import contents
from tests.support.processes import check_output, environment, posix_only, run, run_unprivileged
from tests.support.questions import ROOT
from tests.support.refusals import NEVER_READ, check_refused
from tests.support.types import Bake, Cookiecutter


@pytest.mark.parametrize("name", [*NEVER_READ, "Pipfile and setup.py"])
def test_existing_folder_with_an_unread_file(cookiecutter: Cookiecutter, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "out" / "hello-function"
    mine.mkdir(parents=True)
    for one in name.split(" and "):
        (mine / one).write_text("requests = '*'")
    (mine / "main.py").write_text("mine")
    before = contents(mine)
    them, they_name = ("them", "they name") if " and " in name else ("it", "it names")
    check_refused(
        cookiecutter("--no-input", "-f"),
        f"Google's builders never read {name} in {mine}: move {them} away, try again, and then add the dependencies "
        f"that {they_name} to requirements.in.",
    )
    assert contents(mine) == before


def test_cruft_create_is_refused_too(template: Path, home: Path, tmp_path: Path) -> None:
    """`cruft create` does not tell Jinja the output folder."""
    mine = tmp_path / "out" / "hello-function"
    mine.mkdir(parents=True)
    (mine / "main.py").write_text("mine")
    command = ("cruft", "create", template, "--no-input", "--output-dir", "out")

    def said(*flags: str) -> str:
        before = contents(mine)
        done = run_unprivileged(*command, *flags, cwd=tmp_path, env=environment(home))
        assert done.returncode and contents(mine) == before
        # It breaks lines within words.
        return re.sub(r"\W+", "", done.stdout)

    # cruft has no -s.
    assert said().endswith("alreadyexistsuseanothernameorftooverwriteitsfiles")
    (mine / "setup.py").write_text("mine")
    assert "Googlesbuildersneverreadsetuppy" in said("-f")
    (mine / "setup.py").unlink()
    if sys.platform != "win32":
        (mine / "main.py").chmod(0o444)
        assert "mainpyisreadonly" in said("-f")


def test_call_from_python_is_refused_too(tmp_path: Path, home: Path) -> None:
    """One that calls cookiecutter without its command, and has loaded cruft."""
    (tmp_path / "hello-function").mkdir()
    code = f"""
import cruft
from pathlib import Path
from cookiecutter.exceptions import FailedHookException
from cookiecutter.main import cookiecutter
for name, force in (("main.py", False), ("setup.py", True)):
    Path("hello-function", name).touch()
    try:
        cookiecutter({str(ROOT)!r}, no_input=True, overwrite_if_exists=force)
    except FailedHookException as refusal:
        print(refusal)
"""
    main, setup = check_output(run(sys.executable, "-c", code, cwd=tmp_path, env=environment(home))).splitlines()
    assert "already exists: use another name" in main and "Google's builders never read setup.py" in setup
    assert contents(tmp_path / "hello-function") == {name: ("file", b"") for name in ("main.py", "setup.py")}


def test_setup_py_deeper_in_an_existing_folder_is_allowed(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    folders = [".venv", "venv", "node_modules/x", ".tox/py", "localpackage", "thirdparty"]
    mine = [tmp_path / "out" / "hello-function" / folder / "setup.py" for folder in folders]
    for file in mine:
        file.parent.mkdir(parents=True)
        file.write_text("mine")
    done = cookiecutter("--no-input", "-f")
    assert done.returncode == 0, done.stdout
    assert all(file.read_text() == "mine" for file in mine)


def test_existing_folder_is_refused_before_the_second_question(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    assert cookiecutter("--no-input", "function_name=other-name").returncode == 0
    mine = tmp_path / "out" / "hello-function"
    mine.mkdir()
    (mine / "main.py").write_text("mine")
    before = contents(tmp_path / "out")
    for flags in (("--no-input",), ("--no-input", "--skip-if-file-exists"), ()):
        done = cookiecutter(*flags, stdin="hello-function\n")
        check_refused(
            done, f"function_name: {mine} already exists: use another name, or -f to overwrite its files or -f -s"
        )
        assert "[2/" not in done.stdout
    # Nobody is asked, so cookiecutter itself says it.
    check_refused(cookiecutter("--replay"), "already exists")
    assert contents(tmp_path / "out") == before


def test_folder_that_may_not_be_used_is_refused_before_the_second_question(
    cookiecutter: Cookiecutter, tmp_path: Path
) -> None:
    place = tmp_path / "out" / "hello-function"
    place.parent.mkdir()
    place.write_text("mine")
    refusals = {f"{place} is a file": cookiecutter("-f", stdin="hello-function\n")}
    place.unlink()
    place.mkdir()
    (place / "setup.py").write_text("mine")
    # Told to use -f, they would meet it next.
    refusals["never read setup.py"] = cookiecutter(stdin="hello-function\n")
    with_braces = tmp_path / "out" / "{{ 1 }}"
    refusals["output folder: "] = cookiecutter("-o", str(with_braces), stdin="hello-function\n")
    for message, done in refusals.items():
        check_refused(done, message)
        assert "[2/" not in done.stdout


def test_folder_of_a_declined_package_is_kept(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "hello-function"
    for folder in ("localpackage", "none"):
        (mine / folder).mkdir(parents=True)
        (mine / folder / "script.py").write_text("mine")
    assert cookiecutter("--no-input", "-f", "local_package=none").returncode == 0
    for folder in ("localpackage", "none"):
        assert contents(mine / folder) == {"script.py": ("file", b"mine")}


@posix_only
def test_project_needs_less_space_than_is_checked_for(bake: Bake) -> None:
    project = bake(trigger="firestore", hashes=True, ci="github")
    # Four kilobytes are what a file or a folder takes at least.
    size = sum(len(raw) + 4096 for _, raw in contents(project).values())
    assert size < ROOM


def test_output_folder_with_jinja_in_its_path(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    for name in ("{{cookiecutter.region}}", "a{%b"):
        check_refused(
            cookiecutter("--no-input", "-o", str(tmp_path / name)),
            f"output folder: {str(tmp_path / name / 'hello-function')!r:.70}",
            "is not valid: use a path without {{ }} {% %} {# #}, which cookiecutter would act on.\n",
        )
        assert not (tmp_path / name).exists()


def test_force_twice_changes_nothing(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    assert cookiecutter("--no-input").returncode == 0
    before = contents(tmp_path / "out")
    (tmp_path / "out" / "hello-function" / ".env").write_text("mine")
    assert cookiecutter("--no-input", "-f").returncode == 0
    (tmp_path / "out" / "hello-function" / ".env").unlink()
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("answers", [(), ("local_package=none",)])
def test_bake_without_hooks(cookiecutter: Cookiecutter, tmp_path: Path, answers: tuple[str, ...]) -> None:
    done = cookiecutter("--no-input", "--accept-hooks", "no", *answers)
    assert done.returncode == 0 and (tmp_path / "out" / "hello-function" / "main.py").is_file()


def test_bake_prints_what_to_do_next(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    done = cookiecutter("--no-input")
    steps = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    assert len(steps) == 3 and steps[0] == f"cd '{tmp_path}{os.sep}out{os.sep}hello-function'"


def test_hooks_are_short_and_valid_python() -> None:
    for hook in (ROOT / "hooks").iterdir():
        text = hook.read_text("utf-8")
        assert len(text.splitlines()) <= 40
        compile(text, hook.name, "exec")
