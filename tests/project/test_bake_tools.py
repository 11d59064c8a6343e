"""The code of each project compiles on each Python, and is clean under the project's own tools."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.combinations import SOME_OR_ALL, together
from tests.support.processes import check_output, environment, require_tool, run
from tests.support.questions import LONGEST_NAME, LONGEST_PACKAGE, QUESTIONS, TRIGGERS
from tests.support.types import Bake, Installed

NAMES = [("abcd", "p"), (LONGEST_NAME, LONGEST_PACKAGE), ("hello-function", "localpackage")]


@together
@SOME_OR_ALL
@pytest.mark.parametrize("version", QUESTIONS["python_version"])
def test_code_compiles_on_each_python(
    bake: Bake, version: str, combinations: list[dict[str, Any]], tmp_path: Path
) -> None:
    python = require_tool(f"python{version}")
    projects = [bake(**answers) for answers in combinations]
    # Most files are in many of them.
    distinct = {path.read_bytes(): path for project in projects for path in project.rglob("*.py")}
    code = "import ast, pathlib, sys; [ast.parse(pathlib.Path(name).read_bytes(), name) for name in sys.argv[1:]]"
    check_output(run(python, "-c", code, *distinct.values(), cwd=tmp_path, env=environment(tmp_path)))


def ruff(projects: list[Path], home: Path) -> None:
    """Assert that ruff finds nothing to say of some projects, and nothing to format."""
    for command in (("check",), ("format", "--check")):
        check_output(
            run(sys.executable, "-m", "ruff", *command, "--no-cache", *projects, cwd=home, env=environment(home))
        )


@together
@SOME_OR_ALL
def test_ruff_passes(bake: Bake, combinations: list[dict[str, Any]], tmp_path: Path) -> None:
    ruff([bake(**answers) for answers in combinations], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("function_name", "package"), NAMES[:2])
def test_ruff_passes_with_the_shortest_and_longest_names(
    bake: Bake, tmp_path: Path, function_name: str, package: str
) -> None:
    names = [(trigger, local) for trigger in TRIGGERS for local in (package, "none")]
    ruff([bake(function_name=function_name, trigger=t, local_package=local) for t, local in names], tmp_path)


# Each process has a cache of mypy, which this one fills once.
@pytest.mark.xdist_group("mypy")
@pytest.mark.slow
@pytest.mark.parametrize(("function_name", "package", "local"), [(*NAMES[1], False), (*NAMES[2], True)])
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_mypy_passes(
    bake: Bake, installed: Installed, home: Path, trigger: str, local: bool, function_name: str, package: str
) -> None:
    answers = {"local_package": package, "deploy_with": "firebase"} if local else {"local_package": "none"}
    project = bake(function_name=function_name, trigger=trigger, **answers)
    scripts = installed(project)
    check_output(run(scripts / "mypy", ".", cwd=project, env=environment(home)))
