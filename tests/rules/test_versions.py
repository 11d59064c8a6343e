"""Which Pythons and cookiecutters work, what the others print, and that other templates do not get in the way."""

import json
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.folders import contents, without_bytecode
from tests.support.processes import check_output, environment, posix_only, require_tool, run, run_module
from tests.support.questions import QUESTIONS, ROOT, typed
from tests.support.types import Answer, Bake, Cookiecutter, Done

MODULE = "fn_template_needs_cookiecutter_2_3_or_newer"
FACTS = runpy.run_path(str(ROOT / f"{MODULE}.py"))
RunCookiecutter = Callable[..., Done]


@pytest.fixture(scope="session")
def python_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return the Python of an environment that holds a cookiecutter."""
    made: dict[tuple[str, str], Path] = {}

    def python_with(python: str, cookiecutter: str) -> Path:
        if (python, cookiecutter) not in made:
            folder = tmp_path_factory.mktemp("old")
            env, uv, venv = environment(folder), (sys.executable, "-m", "uv"), folder / "venv"
            check_output(run(*uv, "venv", "-q", "--python", require_tool(python), venv, cwd=folder, env=env))
            check_output(
                run(*uv, "pip", "install", "-q", "--python", venv, f"cookiecutter{cookiecutter}", cwd=folder, env=env)
            )
            scripts = venv / ("Scripts" if sys.platform == "win32" else "bin")
            made[python, cookiecutter] = scripts / "python"
        return made[python, cookiecutter]

    return python_with


@pytest.fixture
def run_cookiecutter(tmp_path: Path, home: Path) -> RunCookiecutter:
    """Run a Python's cookiecutter into tmp_path / 'out'."""

    def run_cookiecutter(python: Path, *arguments: str, stdin: str = "") -> Done:
        arguments = (str(ROOT), "-o", str(tmp_path / "out"), *arguments)
        # Compile nothing into the template, and take no module from the folder that we are in.
        options = ("-B", "-I")
        return run_module(
            "cookiecutter", *arguments, cwd=tmp_path, env=environment(home), stdin=stdin, python=python, options=options
        )

    return run_cookiecutter


@pytest.mark.slow
@pytest.mark.parametrize(
    ("python", "cookiecutter"),
    [("python3.9", "<3"), ("python3.11", "==2.1.1"), ("python3.11", "==2.2.3")],
)
def test_too_old_versions_are_refused_in_one_line(
    python_with: Callable[[str, str], Path],
    run_cookiecutter: RunCookiecutter,
    tmp_path: Path,
    python: str,
    cookiecutter: str,
) -> None:
    done = run_cookiecutter(python_with(python, cookiecutter), "--no-input")
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1), done.stdout
    assert "needs Python 3.10 or newer and cookiecutter 2.3 or newer; this is Python " in done.stdout
    assert python.removeprefix("python") in done.stdout and cookiecutter.strip("=<") in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_cookiecutter_1_7_prints_the_module_name(
    python_with: Callable[[str, str], Path], run_cookiecutter: RunCookiecutter, tmp_path: Path
) -> None:
    done = run_cookiecutter(python_with("python3.11", "==1.7.3"), "--no-input")
    assert (done.returncode, done.stdout) == (1, f"Unable to load extension: No module named '{MODULE}'\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("python", "cookiecutter"),
    [("python3.10", "<3"), *(("python3.11", f"=={version}") for version in ("2.3.0", "2.4.0", "2.5.0", "2.6.0"))],
)
def test_every_supported_version_makes_the_same_project(
    bake: Bake,
    python_with: Callable[[str, str], Path],
    run_cookiecutter: RunCookiecutter,
    tmp_path: Path,
    home: Path,
    python: str,
    cookiecutter: str,
) -> None:
    command = python_with(python, cookiecutter)
    answers: dict[str, Answer] = {
        "description": "Says hello.",
        "python_version": "3.12",
        "local_package": "logic",
        "ci": "github",
        "hashes": True,
    }
    check_output(run_cookiecutter(command, stdin=typed(**answers)))
    newest = without_bytecode(bake(**answers))
    assert contents(tmp_path / "out" / "hello-function") == newest
    # Nobody answers a second question.
    assert f"{tmp_path / 'out' / 'hello-function'} already exists" in run_cookiecutter(command, stdin="\n").stdout
    check_output(run_cookiecutter(command, "--replay", "-f"))
    assert contents(tmp_path / "out" / "hello-function") == newest
    mine = tmp_path / "out" / "hello-function" / ".gitattributes"
    mine.write_text("mine")
    replay = home / ".cookiecutter_replay" / f"{ROOT.name}.json"
    answers_without_checks = json.loads(replay.read_text("utf-8"))
    answers_without_checks["cookiecutter"]["_extensions"] = []
    replay.write_text(json.dumps(answers_without_checks), "utf-8")
    assert run_cookiecutter(command, "--replay", "-f").returncode and mine.read_text() == "mine"
    refused = run_cookiecutter(command, "--no-input", "-f", "local_package={{ 7 }}")
    assert refused.stdout.startswith("local_package: '{{ 7 }}' is not valid") and len(refused.stdout.splitlines()) == 1


@posix_only
@pytest.mark.slow
def test_steps_never_name_a_python_that_the_locks_are_not_for(
    python_with: Callable[[str, str], Path], tmp_path: Path, home: Path
) -> None:
    """cookiecutter's own, if nothing else is on the PATH."""
    command = (python_with("python3.10", "<3"), "-B", "-I", "-m", "cookiecutter", ROOT, "--no-input")
    done = run(*command, cwd=tmp_path, env=environment(home, PATH=str(tmp_path)))
    assert f"\n  python{QUESTIONS['python_version'][0]} -m venv .venv && " in check_output(done)


def test_module_name_states_the_least_version() -> None:
    least = "_".join(map(str, FACTS["LEAST_COOKIECUTTER"]))
    assert f"fn_template_needs_cookiecutter_{least}_or_newer" == MODULE
    asked = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    assert asked["_extensions"] == [f"{MODULE}.FnTemplate"]


@pytest.mark.parametrize("name", [MODULE, "local_extensions"])
def test_rules_load_once(name: str) -> None:
    """Under the name of the first releases too, which replay files hold."""
    code = f"""
from cookiecutter.utils import create_env_with_context
environment = create_env_with_context({{"cookiecutter": {{"_extensions": ["{name}.FnTemplate"]}}}})
print([type(extension).__name__ for extension in environment.iter_extensions()])
"""
    done = check_output(run(sys.executable, "-c", code, cwd=ROOT, env=environment(ROOT, PYTHONDONTWRITEBYTECODE="1")))
    assert re.findall("Rules", done) == ["Rules"]


def test_rules_are_loaded_afresh(fork: Path) -> None:
    """As in `cruft update`, even if the newer file has the size and the time of the older one."""
    code = f"""
import os
from pathlib import Path
from cookiecutter.exceptions import FailedHookException
from cookiecutter.utils import create_env_with_context
questions = Path("rules", "questions.py")
for old, new in ("", ""), ("use one line of", "USE ONE LINE OF"):
    before = questions.stat()
    questions.write_text(questions.read_text().replace(old, new))
    os.utime(questions, ns=(before.st_atime_ns, before.st_mtime_ns))
    environment = create_env_with_context({{"cookiecutter": {{"_extensions": ["{MODULE}.FnTemplate"]}}}})
    try:
        environment.from_string("").render(cookiecutter={{"description": " "}})
    except FailedHookException as refusal:
        print(refusal)
"""
    env = environment(fork)
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    first, second = check_output(run(sys.executable, "-c", code, cwd=fork, env=env)).splitlines()
    assert "use one line of" in first and "USE ONE LINE OF" in second


def test_replay_file_of_an_older_release(cookiecutter: Cookiecutter, home: Path, tmp_path: Path) -> None:
    check_output(cookiecutter("--no-input"))
    before = contents(tmp_path / "out")
    replay = home / ".cookiecutter_replay" / f"{ROOT.name}.json"
    context = json.loads(replay.read_text("utf-8"))
    context["cookiecutter"] |= {"_extensions": ["local_extensions.FnTemplate"], "__before": "", "__after": ""}
    replay.write_text(json.dumps(context), "utf-8")
    check_output(cookiecutter("--replay", "-f"))
    assert contents(tmp_path / "out") == before
