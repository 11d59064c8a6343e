"""What CI runs to test a project, command by command in a fresh clone; and which command sees which mistake."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.folders import edit
from tests.support.package_index import Advisories, advisories
from tests.support.pages import blocks, both_pages
from tests.support.processes import check_output, environment, git, posix_only, require_tool, run
from tests.support.types import Bake, Change, Done
from tests.support.workflows import read, scripts

pytestmark = [pytest.mark.slow, posix_only]


class Runner:
    """Does what GitHub does to test a project: a clean clone, its Python, and one command after the other."""

    def __init__(self, project: Path, folder: Path, service: Advisories) -> None:
        self.clone, self.home, self.service = folder / "clone", folder / "runner", service
        self.home.mkdir()
        git("init", cwd=project)
        git("add", ".", cwd=project)
        git("commit", "-m", "all", cwd=project)
        self.environment = environment(self.home)
        check_output(run("git", "clone", "-q", project, self.clone, cwd=self.home, env=self.environment))
        used = [step for step in read(self.clone, "github")["jobs"]["test"]["steps"] if "uses" in step]
        assert [step["uses"].partition("@")[0] for step in used] == ["actions/checkout", "actions/setup-python"]
        version = (self.clone / used[1]["with"]["python-version-file"]).read_text("utf-8").strip()
        venv = self.home / "python"
        uv = (sys.executable, "-m", "uv", "venv", "-q", "--seed", "--python", require_tool(f"python{version}"))
        check_output(run(*uv, venv, cwd=self.home, env=self.environment))
        self.environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"

    def do(self, script: str) -> Done:
        """Carry out a script that is run to its first failure."""
        file = self.home / "step.sh"
        file.write_text(script)
        env = self.environment
        if "audit.py" in script:
            check_output(run("uv", "sync", "--script", "tests/audit.py", cwd=self.clone, env=env))
            env = {**env, **self.service.variables}
        return run("bash", "-e", file, cwd=self.clone, env=env)


# The step that must see what a developer breaks, what it says then, and what is broken.
MISTAKES: list[tuple[str, list[str], list[Change]]] = [
    ("pip", ["No matching dist"], [edit("requirements.txt", "functions-framework==", "functions-framework==0.0.")]),
    ("ruff", ["unused import"], [edit("main.py", "import logging\n", "import logging\nimport os\n")]),
    ("ruff", ["would be reformatted"], [edit("main.py", "logger = ", "logger  = ")]),
    ("mypy", ["[assignment]"], [edit("main.py", "logger = ", "count: int = 'many'\nlogger = ")]),
    (
        "pytest",
        ["No module named 'nowhere'", "test_lock_has_what_is_asked_for"],
        [
            edit("main.py", "import logging\n", "import logging\nimport nowhere\n"),
            edit("requirements.in", "watchdog<7", "watchdog<7\nrequests"),
        ],
    ),
]


@contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Put the tracked files of a clone back at the end."""
    yield
    git("checkout", ".", cwd=folder)


def test_commands_of_the_test_job(fresh: Bake, tmp_path: Path) -> None:
    """Each command as it stands, in order, from a clean clone; then each mistake is seen by its command.

    The commands of every system are the same: test_ci_systems_run_the_same_commands.
    """
    require_tool("git")
    with advisories(tmp_path) as service:
        runner = Runner(fresh(ci="github"), tmp_path, service)
        commands = scripts(runner.clone, "github")[0].splitlines()
        for command in commands:
            check_output(runner.do(command))
        assert service.asked
        # test_audit.py sees this command fail.
        assert any(commands[-1] in block for block in blocks(both_pages(runner.clone)))
        for part, said, changes in MISTAKES:
            with kept(runner.clone):
                for change in changes:
                    change(runner.clone)
                ends = [runner.do(command) for command in commands if part in command]
                [seen] = [done.stdout for done in ends if done.returncode]
                assert all(words in seen for words in said), seen


def test_cloud_build_stops_at_the_first_failure(fresh: Bake, home: Path) -> None:
    """The file is run as it is, by what its first line names."""
    project = fresh(ci="cloudbuild")
    script = home / "script"
    script.write_text(scripts(project, "cloudbuild")[0].replace("python -m pip", "false"))
    script.chmod(0o755)
    done = run(script, cwd=project, env=environment(home))
    assert done.returncode and "ruff" not in done.stdout
