"""The settings of docs/root.md: tools that run at the root of a repository check each of its functions."""

import re
from pathlib import Path

import pytest

from tests.support.folders import append, commit
from tests.support.pages import COPY, blocks
from tests.support.processes import check_output, git, posix_only, require_tool, shell
from tests.support.questions import ROOT
from tests.support.types import Bake, Done

pytestmark = [pytest.mark.slow, posix_only]
PAGE = (ROOT / "docs" / "root.md").read_text("utf-8")
ENVIRONMENT, PYTEST_AND_RUFF, MYPY, PRE_COMMIT = blocks(PAGE)
PYTEST_SETTINGS, RUFF_SETTINGS, WORKSPACE = blocks(PAGE, "toml")
[HOOKS] = blocks(PAGE, "yaml")
FUNCTIONS = ("report", "daily-report")


class Repository:
    """Two functions in a git repository, and an environment at its root."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        self.python = Path(require_tool("python3.13")).parent

    def run(self, commands: str) -> Done:
        """Run commands of the page."""
        return shell(commands, self.folder, self.home, self.python)

    def fails_for(self, function: str, file: str, line: str, commands: str, *says: str) -> None:
        """Add a line to a function's file, see the commands name it and fail, and take it back."""
        append(f"{function}/{file}", line)(self.folder)
        done = self.run(commands)
        assert done.returncode != 0 and all(words in done.stdout for words in says), done.stdout
        git("stash", "-u", "-q", cwd=self.folder)

    def keep_one_rule(self, file: str) -> None:
        """Commit each function with a guard of one rule, which is enough and quicker."""
        for other in self.folder.glob("*/tests/guard/test_*.py"):
            if other.name != file:
                other.unlink()
        commit(self.folder)


@pytest.fixture
def repository(fresh: Bake, tmp_path: Path, home: Path) -> Repository:
    folder = tmp_path / "fresh"
    fresh(function_name=FUNCTIONS[0])
    fresh(function_name=FUNCTIONS[1], trigger="pubsub", local_package="none", deploy_with="firebase")
    (folder / ".gitignore").write_text(".venv/\n")
    (folder / ".pre-commit-config.yaml").write_text(HOOKS)
    git("init", "-q", cwd=folder)
    commit(folder)
    return Repository(folder, home)


def test_tools_check_each_function(repository: Repository) -> None:
    check_output(repository.run(ENVIRONMENT))
    red = repository.run(".venv/bin/pytest")
    assert red.returncode != 0 and "import file mismatch" in red.stdout, "the page's setting is not needed any more"
    (repository.folder / "pyproject.toml").write_text(PYTEST_SETTINGS)
    said = check_output(repository.run(f"{PYTEST_AND_RUFF}\n{MYPY}"))
    tests = {path.relative_to(repository.folder).as_posix() for path in repository.folder.glob("*/tests/**/test_*.py")}
    assert tests == set(re.findall(r"(?m)^(\S+\.py) s*\.", said)) and len(tests) > len(FUNCTIONS)
    repository.keep_one_rule("test_layout.py")

    # In the order of the names, so the first one has been checked before this goes red.
    one, other = sorted(FUNCTIONS)
    test = "\n\ndef test_red() -> None:\n    raise RuntimeError\n"
    repository.fails_for(other, "tests/test_main.py", test, PYTEST_AND_RUFF, f"{other}/tests/test_main.py::test_red")
    repository.fails_for(other, "main.py", 'x: int = ""\n', MYPY, "main.py:")
    check_output(repository.run(PRE_COMMIT))
    repository.fails_for(one, "main.py", "import os\n", ".venv/bin/ruff check", f"{one}/main.py:")
    repository.fails_for(one, "main.py", 'x: int=""\n', PRE_COMMIT, "files were modified by this hook", "[assignment]")
    # No tool but the guard sees this.
    repository.fails_for(other, "Pipfile", "[packages]\n", PRE_COMMIT, "FAILED tests/guard")


def test_shared_code_is_treated_as_its_copies(repository: Repository) -> None:
    """The flags that the functions share make no function of it."""
    check_output(repository.run(ENVIRONMENT))
    (repository.folder / "pyproject.toml").write_text(PYTEST_SETTINGS)
    shared = "shared/ourlib/__init__.py"
    # A module that only a function has, and a line of 118 columns.
    code = 'import flask\n\nimport cloud_logging\n\n__all__ = ["cloud_logging", "flask"]\n'
    append(shared, f"{code}NUMBERS = {list(range(30))}\n")(repository.folder)
    append("shared/deploy.yaml", "--update-labels:\n  team: ours\n")(repository.folder)
    for function in FUNCTIONS:
        check_output(repository.run(COPY.replace("thumbnails", function)))
    repository.keep_one_rule("test_shared_code.py")
    red = repository.run(".venv/bin/ruff check || .venv/bin/ruff format --check").stdout
    assert red.count(f"--> {shared}:1:1") == 1 and "1 file would be reformatted" in red, "the settings are not needed"
    append("pyproject.toml", f"\n{RUFF_SETTINGS}")(repository.folder)
    commit(repository.folder)
    check_output(repository.run(PRE_COMMIT))

    # A commit that changes no function.
    append(shared, "# Newer.\n")(repository.folder)
    git("add", "-A", cwd=repository.folder)
    done = repository.run("uvx pre-commit run")
    said = re.findall(r"(?m)^[\w-]+:$|^ourlib differs from ../shared/ourlib", done.stdout)
    differs = "ourlib differs from ../shared/ourlib"
    assert done.returncode and said == ["daily-report:", differs, "report:", differs], done.stdout


def test_workspace_leaves_functions_out(repository: Repository) -> None:
    project = '[project]\nname = "functions"\nversion = "1"\nrequires-python = ">=3.13"\n\n'
    members = '[tool.uv.workspace]\nmembers = ["*"]\n'
    assert members in WORKSPACE
    (repository.folder / "pyproject.toml").write_text(project + members)
    red = repository.run("uv sync")
    assert red.returncode != 0 and "No `project` table found" in red.stdout
    (repository.folder / "pyproject.toml").write_text(project + WORKSPACE)
    # As the page says, or `uv sync` would remove what the functions need.
    check_output(repository.run(f"{ENVIRONMENT}\nuv sync --inexact\n.venv/bin/functions-framework --help"))
    assert repository.run("uv sync && .venv/bin/functions-framework --help").returncode != 0
