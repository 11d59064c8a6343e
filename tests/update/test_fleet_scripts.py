"""update.sh of docs/fleet.md, with a `uv` and a `uvx` that write down how they were called.

test_fleet.py runs them with the real ones.
"""

from pathlib import Path

import pytest

from tests.support.fleet_scripts import Repository
from tests.support.folders import append, commit, edit
from tests.support.processes import check_output, git, posix_only

pytestmark = posix_only


@pytest.fixture
def repository(tmp_path: Path, home: Path) -> Repository:
    return Repository(tmp_path / "there", home)


@pytest.fixture
def fleet(repository: Repository) -> Repository:
    """One function is green, the next is red."""
    repository.add("green")
    repository.add("red", "red")
    return repository.start()


def test_branch_of_a_red_function_has_no_other(fleet: Repository) -> None:
    before = fleet.git("rev-parse", "HEAD")
    done = fleet.bash("update.sh", "locks")
    assert done.returncode == 1 and done.stdout.endswith("\nNot updated: red\n")
    assert fleet.git("log", "--format=%s", f"{before[0]}..main") == ["Update the locks of green"]
    assert fleet.git("log", "--format=%s", f"{before[0]}..updates/locks-red") == ["Update the locks of red"]
    assert fleet.git("diff", "--name-only", before[0], "updates/locks-red") == ["red/requirements.txt"]
    assert fleet.git("status", "--porcelain", "--branch") == ["## main"]


def test_branch_of_an_earlier_run_is_deleted(fleet: Repository) -> None:
    fleet.bash("update.sh", "locks")
    git("branch", "updates/template-red", cwd=fleet.folder)
    commit(fleet.folder, edit("red/main.py", "red", ""))
    check_output(fleet.bash("update.sh", "locks"))
    assert fleet.git("branch", "--format=%(refname:short)") == ["main", "updates/template-red"]


def test_each_update_that_git_cannot_commit_is_named(fleet: Repository) -> None:
    git("config", "user.name", "", cwd=fleet.folder)
    done = fleet.bash("update.sh", "locks")
    assert done.returncode == 1 and done.stdout.endswith("\nNot updated: green red\n"), done.stdout
    assert "empty ident name" in done.stdout
    assert fleet.git("status", "--porcelain", "--branch") == ["## main"] and len(fleet.git("log", "--format=%s")) == 1


@pytest.mark.parametrize(("function", "other"), [("two words", "mine"), ("red", "updates")])
def test_function_without_a_branch_is_named(repository: Repository, function: str, other: str) -> None:
    """git accepts no such name for a branch, or has another of that name."""
    repository.add("green")
    repository.add(function, "red")
    repository.start()
    repository.git("branch", other)
    done = repository.bash("update.sh", "locks")
    assert done.returncode == 1 and done.stdout.endswith(f"\nNot updated: {function}\n")
    assert repository.git("log", "--format=%s", "-1") == ["Update the locks of green"]
    assert repository.git("status", "--porcelain", "--branch") == ["## main"]


@pytest.mark.parametrize("where", [("--detach",), ("--create", "updates/locks-red")])
def test_nothing_is_updated_off_a_branch(fleet: Repository, where: tuple[str, ...]) -> None:
    """A run that was stopped may leave you on a branch of its own."""
    fleet.git("switch", *where)
    done = fleet.bash("update.sh", "locks")
    assert done.returncode == 1 and done.stdout == "Switch to the branch that you want to update first.\n"
    assert len(fleet.git("log", "--all", "--format=%s")) == 1


def test_hooks_of_the_repository_refuse_no_update(fleet: Repository) -> None:
    """They would see the conflicts in a red function."""
    hook = fleet.folder / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert fleet.bash("update.sh", "locks").stdout.endswith("\nNot updated: red\n")
    assert fleet.git("log", "-1", "--format=%s") == ["Update the locks of green"]


def test_locks_are_a_week_old_and_made_as_before(fleet: Repository) -> None:
    fleet.bash("update.sh", "locks")
    locks = "7 days, {} uv pip compile --quiet --upgrade --universal {}.in -o {}.txt"
    pairs = [(function, lock) for function in ("green", "red") for lock in ("requirements", "requirements-dev")]
    assert fleet.calls() == [locks.format(function, lock, lock) for function, lock in pairs]


def test_run_without_anything_newer_says_so(repository: Repository) -> None:
    repository.add("green")
    repository.start()
    assert "Nothing" not in check_output(repository.bash("update.sh", "locks", PER_FUNCTION="true"))
    repository.program("uvx", "")
    has = "Nothing to update: each function with a .cruft.json has"
    template = f"{has} at least its template's newest release, or its newest commit if there is no release.\n"
    assert check_output(repository.bash("update.sh")) == template
    assert check_output(repository.bash("update.sh", "locks")) == f"{has} the newest versions that are a week old.\n"


def test_lock_is_no_script(repository: Repository) -> None:
    """Its comment gives the arguments of `uv pip compile` and nothing else."""
    repository.add("green")
    edit("green/requirements.txt", " -o", ' $(touch one) -o x; touch "two" #')(repository.folder)
    repository.start()
    repository.bash("update.sh", "locks")
    assert not [path.name for path in repository.folder.rglob("*") if path.name in ("one", "two")]
    assert "--universal requirements.in $(touch one) -o x; touch" in repository.calls()[0]


@pytest.mark.parametrize(
    ("folder", "guard_is_red", "said"),
    [
        ("tests/guard", True, "guard: red\n"),
        ("tests/guard", False, "tests: red\n"),
        ("tests", False, "tests: red\n"),
    ],
)
def test_message_of_a_red_function(repository: Repository, folder: str, guard_is_red: bool, said: str) -> None:
    """If the guard is red, the tests have nothing to add. A function of 0.3.0 or older has no folder of that name."""
    repository.add("function")
    append(f"function/{folder}/test_it.py", "")(repository.folder)
    repository.start()
    guard = "false" if guard_is_red else "{ echo guard: green; exit; }"
    script = f'[ -n "${{TESTS:-}}" ] || {guard} || {{ echo guard: red; exit 1; }}\necho tests: red >&2\nexit 1\n'
    commit(repository.folder, lambda there: (there / "guard.sh").write_text(script))
    assert repository.bash("update.sh", "locks").returncode == 1
    assert repository.git("log", "-1", "--format=%b", "updates/locks-function") == said.splitlines()


def test_template_is_rendered_only_if_it_has_a_newer_release(repository: Repository, tmp_path: Path) -> None:
    """The newest is not the last by the alphabet, and its tag is annotated or not."""
    template = tmp_path / "template"
    append("README.md", "")(template)
    git("init", cwd=template)
    commit(template)
    git("tag", "1.9.0", cwd=template)
    for tag in (("1.10.0",), ("--annotate", "--message=x", "1.11.0")):
        git("commit", "-q", "--allow-empty", "-m", "more", cwd=template)
        git("tag", *tag, cwd=template)
    git("commit", "-q", "--allow-empty", "-m", "more", cwd=template)
    git("tag", "later", cwd=template)
    for function, commit_of in {"older": "1.9.0", "old": "1.10.0", "new": "1.11.0"}.items():
        repository.add(function)
        known = git("rev-parse", f"{commit_of}^{{}}", cwd=template)
        text = f'{{\n  "template": "{template}",\n  "commit": "{known}",\n  "skip": []\n}}\n'
        (repository.folder / function / ".cruft.json").write_text(text)
    repository.start()
    check_output(repository.bash("update.sh"))
    update = "cruft update --skip-apply-ask --not-strict --checkout=1.11.0"
    assert repository.calls() == [f", old {update}", f", older {update}"]
    git("tag", "--delete", "1.11.0", cwd=template)
    check_output(repository.bash("update.sh"))
    assert repository.calls()[2:] == [f", {name} {update.replace('11', '10')}" for name in ("new", "older")]
    # git sorts the commit of this tag before 1.10.0.
    git("tag", "--annotate", "--message=x", "1.10", cwd=template)
    check_output(repository.bash("update.sh"))
    assert repository.calls()[4:] == repository.calls()[2:4]
    # Not the newest commit, if the template cannot be reached.
    template.rename(tmp_path / "elsewhere")
    done = repository.bash("update.sh")
    assert done.returncode == 1 and done.stdout.endswith("\nNot updated: new old older\n")
    assert "does not appear to be a git repository" in done.stdout and len(repository.calls()) == 6


@pytest.mark.parametrize(
    ("update", "locks", "left"),
    [
        ("echo '<<<<<<< ours' >>requirements-dev.txt", True, []),
        ("echo '@@ -1 +1 @@' | tee requirements.in.rej >requirements.txt.rej", True, ["requirements.in.rej"]),
        ("echo '@@ -1 +1 @@' >requirements.in.rej", False, ["requirements.in.rej"]),
    ],
)
def test_lock_in_conflict_is_locked_again(repository: Repository, update: str, locks: bool, left: list[str]) -> None:
    """As cruft leaves it: with markers, or with a file beside it."""
    again = "sed -i.old /^\\<\\</d requirements*.txt && rm *.old"
    repository.program("uvx", f'echo "$*" >>"$CALLS"\nif [ "$1" = cruft ]; then {update}; else {again}; fi')
    repository.add("function")
    repository.start()
    check_output(repository.bash("update.sh"))
    assert [call.split()[-1] for call in repository.calls()][1:] == ["requirements.txt", "requirements-dev.txt"] * locks
    assert [path.name for path in (repository.folder / "function").glob("*.rej")] == left
    assert "<<<" not in (repository.folder / "function" / "requirements-dev.txt").read_text()


def test_lock_that_says_no_command_is_red(repository: Repository) -> None:
    repository.add("green")
    (repository.folder / "green" / "requirements-dev.txt").write_text("six==1.17.0\n")
    repository.start()
    done = repository.bash("update.sh", "locks")
    message = "requirements-dev.txt does not say how it was locked: lock it with uv pip compile.\n"
    assert done.returncode == 1 and done.stdout.startswith(message) and done.stdout.endswith("\nNot updated: green\n")
