"""A project's own tests, and its guard, which is a part of them."""

import re
from pathlib import Path

from tests.support.pages import both_pages
from tests.support.processes import check_output, environment, run, run_module
from tests.support.types import Done


def guard(scripts: Path, project: Path, home: Path, **variables: str) -> Done:
    """Run a project's guard, from its folder."""
    options = ("-q", "-p", "no:cacheprovider", "--tb=short", "tests/guard")
    env = environment(home, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **variables)
    python, flags = scripts / "python", ("-B", "-P")
    if variables:
        # Python reads PYTHONPATH as it starts.
        return run(python, *flags, "-m", "pytest", *options, cwd=project, env=env)
    return run_module("pytest", *options, python=python, options=flags, cwd=project, env=env)


# Warnings from our own code are errors. The framework has deprecations of its own.
WARNINGS = "filterwarnings=error:::(main|cloud_logging|delivery|localpackage)"
OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-o", WARNINGS)


def own_tests(scripts: Path, project: Path, home: Path, *which: str, plugins: bool = False) -> Done:
    """Run a project's own tests, or some of them, until one fails; `plugins`: with those that packages bring."""
    env = environment(home) if plugins else environment(home, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    return run_module("pytest", *OPTIONS, *which, python=scripts / "python", options=("-B",), cwd=project, env=env)


def fill_vendor(project: Path, scripts: Path, home: Path) -> None:
    """Run the commands of REFERENCE.md that fill vendor/."""
    commands = re.findall(r"(?m)^uv.* \.venv/vendor.txt.*$", both_pages(project))
    assert len(commands) == 2
    (project / ".venv").mkdir()
    for command in commands:
        tool, *arguments = command.split()
        check_output(run(scripts / tool, *arguments, cwd=project, env=environment(home)))
