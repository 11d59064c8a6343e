"""Projects that cruft creates and updates."""

import json
from pathlib import Path

from tests.support.folders import commit, edit
from tests.support.processes import check_output, environment, git, run, run_module
from tests.support.types import Change, Done

# A change of the template that an update brings.
NEWER = edit("{{cookiecutter.function_name}}/cloud_logging.py", "import json\n", "# Newer.\nimport json\n")
NEWER = edit("{{cookiecutter.function_name}}/cloud_logging.py", "import json\n", "# Newer.\nimport json\n")


def cruft(*arguments: str | Path, cwd: Path, home: Path) -> Done:
    """Run cruft's command."""
    return run_module("cruft", *arguments, cwd=cwd, env=environment(home))


def create_function(template: Path, home: Path, checkout: str = "", *changes: Change, **answers: str | bool) -> Path:
    """Create a function with `cruft create`, in a repository with one commit of it and of these changes."""
    at = ("--checkout", checkout) if checkout else ()
    answers = {"function_name": "hello-function", **answers}
    create = ("create", template, *at, "--no-input", "--extra-context", json.dumps(answers))
    check_output(cruft(*create, cwd=home.parent, home=home))
    project = home.parent / str(answers["function_name"])
    git("init", cwd=project)
    commit(project, *changes)
    return project


def update(project: Path, home: Path, *arguments: str) -> str:
    """Update a project; return the files in conflict, one a line."""
    check_output(cruft("update", "--skip-apply-ask", *arguments, cwd=project, home=home))
    marked = run("git", "diff", "--name-only", "--diff-filter=U", cwd=project, env=environment(home))
    return check_output(marked) + "".join(path.name for path in project.rglob("*.rej"))


def own_tests(scripts: Path, project: Path, home: Path, *which: str) -> Done:
    """Run a project's own tests, or some of them, in an environment with its locks."""
    options = ("-q", "-p", "no:cacheprovider", "--tb=short")
    python, env = scripts / "python", environment(home)
    return run_module("pytest", *options, *which, python=python, options=("-B",), cwd=project, env=env)
