"""A function that exists already comes under the template by the steps of docs/fleet.md, and loses nothing."""

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, blocks, environment, must, run
from test_update import own_tests, update

pytestmark = pytest.mark.slow
BLOCKS = [block.splitlines() for block in blocks((ROOT / "docs" / "fleet.md").read_text("utf-8"))]
STEPS, COMMANDS = BLOCKS[:2]
MAIN = """import functions_framework
import requests


@functions_framework.http
def my_function(request):
    return requests.__version__
"""
# What Google's documentation shows.
GOOGLES = "functions-framework\nrequests==2.20.0\nnumpy\n"


def step(number: int, cwd: Path, home: Path) -> Any:
    """Run one line of the steps."""
    program, *arguments = shlex.split(STEPS[number])
    return run(sys.executable, "-m", program, *arguments, cwd=cwd, env=environment(home))


@pytest.mark.parametrize(
    ("requirements", "besides"),
    [
        ("functions-framework==3.*\nrequests\n", {}),
        ("functions-framework\nrequests\n", {"Pipfile": "[packages]\nrequests = '*'\n"}),
        ("functions-framework\nrequests\n", {"setup.py": "raise SystemExit\n", "Pipfile.lock": "{}\n"}),
        (
            GOOGLES,
            {"README.md": "# Mine\n", "helpers/__init__.py": "", "tests/test_mine.py": "def test() -> None: ...\n"},
        ),
    ],
    ids=["plain", "Pipfile", "setup.py", "Google's"],
)
def test_by_the_readmes_steps(
    template: Path,
    installed: Any,
    scripts: Path,
    home: Path,
    tmp_path: Path,
    requirements: str,
    besides: dict[str, str],
) -> None:
    project = tmp_path / "my-function"
    theirs = {"main.py": MAIN, "requirements.txt": requirements, **besides}
    for name, text in theirs.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    unread = sorted({"Pipfile", "Pipfile.lock", "setup.py"} & theirs.keys())
    for name in unread:
        refused = step(0, tmp_path, home)
        assert refused.returncode == 1 and len(refused.stdout.splitlines()) == 1
        assert (
            f"{name} is never read by Google's builders" in refused.stdout
            and "remove it and try again" in refused.stdout
        )
        assert {p.relative_to(project).as_posix() for p in project.rglob("*") if p.is_file()} == theirs.keys()
        (project / name).unlink()
        del theirs[name]
    must(step(0, tmp_path, home))
    assert STEPS[1] == f"cd {project.name}"
    must(step(2, project, home))
    assert theirs == {name: (project / name).read_text("utf-8") for name in theirs}

    asked = project / "requirements.in"
    asked.write_text(asked.read_text("utf-8") + requirements, "utf-8")
    env = environment(home)
    first, second = locking(project, scripts)
    done = run(*first, cwd=project, env=env)
    if requirements == GOOGLES:
        last = done.stdout[done.stdout.index("And because you require") :]
        assert done.returncode and "requests==2.20.0" in last
        assert "to `requests>=2.20.0`" in (ROOT / "docs" / "fleet.md").read_text("utf-8")
        asked.write_text(asked.read_text("utf-8").replace("requests==2.20.0", "requests>=2.20.0"), "utf-8")
        done = run(*first, cwd=project, env=env)
    must(done)
    must(run(*second, cwd=project, env=env))

    (project / "tests" / "test_main.py").write_text(
        "def test(client) -> None:\n    assert client.get('/').status_code == 200\n"
    )
    must(own_tests(installed(project, quick=True), project, home))
    for command in (("init",), ("add", "."), ("commit", "-m", "adopted")):
        must(run("git", *command, cwd=project, env=env))
    # What comes later, comes here too.
    logging = template / "{{cookiecutter.function_name}}" / "cloud_logging.py"
    logging.write_text(f"# Newer.\n{logging.read_text('utf-8')}", "utf-8")
    must(run("git", "commit", "-am", "newer", cwd=template, env=env))
    assert update(project, home) == ""
    assert (project / "cloud_logging.py").read_text("utf-8").startswith("# Newer.")
    assert (project / "main.py").read_text("utf-8") == MAIN


def locking(project: Path, scripts: Path) -> list[list[str | Path]]:
    """Return the commands of docs/fleet.md that lock; the second stands in the head of the template's lock too."""
    commands = [line.removeprefix(".venv/bin/") for line in COMMANDS if "compile" in line]
    assert (project / "requirements-dev.txt").read_text("utf-8").splitlines()[1] == f"#    {commands[1]}"
    return [[scripts / command.split()[0], *command.split()[1:]] for command in commands]


def test_a_function_of_another_name_is_told_so(template: Path, scripts: Path, home: Path, tmp_path: Path) -> None:
    project = tmp_path / "my-function"
    project.mkdir()
    (project / "main.py").write_text("def handler(request):\n    return 'hi'\n")
    must(step(0, tmp_path, home))
    done = own_tests(scripts, project, home, "tests/test_layout.py")
    assert done.returncode == 1 and "my_function" in done.stdout
    (project / "main.py").write_text("def my_function(request):\n    return 'hi'\n")
    done = own_tests(scripts, project, home, "tests/test_layout.py")
    assert done.returncode == 1 and "Decorate my_function with @functions_framework.http" in done.stdout
