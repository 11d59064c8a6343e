"""The repository itself: what its README says is so, and each of its commands that start a function does."""

import json
import os
import re
import shutil
import signal
import sys
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from jinja2 import Template

from tests.support.pages import blocks
from tests.support.processes import check_output, environment, git, posix_only, require_tool, run
from tests.support.questions import QUESTIONS, ROOT, SKELETON
from tests.support.serving import Served, served
from tests.support.types import Bake, Done
from tests.support.waiting import PATIENCE

README = (ROOT / "README.md").read_text("utf-8")
OTHER_WAYS = (
    (ROOT / "docs" / "questions.md").read_text("utf-8").partition("\n## Other ways to start\n")[2].partition("\n## ")[0]
)
# Each command that starts a function, as it is printed.
WAYS = [
    *(block.strip() for block in (blocks(README)[0], *blocks(OTHER_WAYS))),
    *re.findall(r"`((?:pipx run )?cookiecutter [^`]+)`", OTHER_WAYS),
]


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


@pytest.fixture
def nothing_but_python(pip_and_pipx: Path, home: Path) -> dict[str, str]:
    """The environment of a person who has pip, pipx, uv and cookiecutter's command."""
    # uv would fetch a Python that is not on the path.
    python = Path(require_tool(f"python{QUESTIONS['python_version'][0]}")).parent
    path = os.pathsep.join(map(str, (pip_and_pipx, Path(sys.executable).parent, python, os.environ["PATH"])))
    return environment(home, PATH=path)


@posix_only
@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "git_stays"),
    [*((way, True) for way in WAYS), *((way, False) for way in WAYS if way.endswith("path/to/fn-template"))],
)
def test_each_way_to_start(
    template: Path, tmp_path: Path, nothing_but_python: dict[str, str], command: str, git_stays: bool
) -> None:
    """From the template's address, a clone, a folder or a zip, none of which has a tag."""
    place, env = tmp_path / "ein Ordner mit Zoë", nothing_but_python
    local = place / "path" / "to" / "fn-template"
    local.parent.mkdir(parents=True)
    git("archive", "--prefix=fn-template/", "-o", f"{local}.zip", "HEAD", cwd=template)
    git("clone", "-q", str(template), str(local), cwd=place)
    assert check_output(run("git", "tag", cwd=local, env=env)) == ""
    if not git_stays:
        shutil.rmtree(local / ".git")
    check_output(run("bash", "-euc", command, cwd=place, env=env, stdin="\n" * len(QUESTIONS)))
    assert (place / "hello-function" / "localpackage" / "script.py").is_file()


def test_the_ways_to_start_are_all_that_the_readme_promises() -> None:
    ways = "\n".join(WAYS)
    for word in (
        "uvx ",
        "python3 -m pip ",
        "pipx run ",
        "python3 -m venv ",
        "path/to/fn-template\n",
        "fn-template.zip",
    ):
        assert ways.count(word) == 1, word


@posix_only
@pytest.mark.slow
def test_the_least_versions_that_the_readme_names(template: Path, home: Path, tmp_path: Path) -> None:
    [(python, cookiecutter)] = re.findall(
        r"Python (3\.\d+) or newer; a cookiecutter .* must be ([\d.]+) or newer", " ".join(OTHER_WAYS.split())
    )
    env, venv = environment(home), home / "least"
    check_output(run(require_tool(f"python{python}"), "-m", "venv", venv, cwd=tmp_path, env=env))
    check_output(run(venv / "bin" / "pip", "install", "-q", f"cookiecutter=={cookiecutter}.*", cwd=tmp_path, env=env))
    check_output(run(venv / "bin" / "cookiecutter", "gh:org/fn-template", "--no-input", cwd=tmp_path, env=env))
    assert (tmp_path / "hello-function" / "localpackage" / "script.py").is_file()


@posix_only
@pytest.mark.slow
def test_the_readmes_first_command(
    template: Path, tmp_path: Path, home: Path, nothing_but_python: dict[str, str]
) -> None:
    """The command, what it prints, the next steps, what curl answers, the README of what it made."""
    place, env = tmp_path / "ein Ordner mit Zoë", nothing_but_python
    place.mkdir()
    made = check_output(run("bash", "-euc", WAYS[0], cwd=place, env=env, stdin="\n" * len(QUESTIONS)))
    steps = [line.strip() for line in made.splitlines() if line.startswith("  ") and "[" not in line][-3:]
    assert steps[0].startswith("cd ") and "functions-framework" in steps[2]
    printed = made[made.index("Made ") :].replace(f"'{place / 'hello-function'}'", "~/hello-function")
    assert printed == next(block for block in blocks(README, "text") if block.startswith("Made "))
    check_output(run("bash", "-euc", "\n".join(steps[:2]), cwd=home, env=env))
    project = place / "hello-function"
    with served(project / ".venv" / "bin", project, "hello_function", home) as function:
        [asked] = blocks(README, "console")
        curl = asked.splitlines()[0].removeprefix("$ ").replace("http://127.0.0.1:8080", function.url)
        require_tool("curl")
        answer = check_output(run("bash", "-euc", f"{curl} 2>/dev/null", cwd=home, env=env))
        assert answer.strip() == asked.splitlines()[1]
    test = blocks((project / "README.md").read_text("utf-8"))
    checks = next(block for block in test if block.startswith("pytest"))
    check_output(run("bash", "-euc", f". .venv/bin/activate\n{checks}", cwd=project, env=env))
    git("init", cwd=project)
    git("add", ".", cwd=project)
    check_output(run("git", "status", cwd=project, env=env))
    assert ".venv" not in check_output(run("git", "ls-files", cwd=project, env=env))


@posix_only
@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1], ids=["uv", "pip"])
def test_a_function_is_run_as_its_readme_says(fresh: Bake, home: Path, number: int) -> None:
    project = fresh()
    *install, start = blocks(
        (project / "README.md").read_text("utf-8").partition("## Run it")[2].partition("\n## ")[0]
    )[:3]
    pythons = Path(require_tool(f"python{QUESTIONS['python_version'][0]}")).parent
    env = environment(home, PATH=os.pathsep.join(map(str, (pythons, Path(sys.executable).parent, os.environ["PATH"]))))
    assert ("uv " in install[0], "python3 " in install[1]) == (True, True)
    check_output(run("bash", "-euc", install[number], cwd=project, env=env))
    with (home / "log").open("wb") as log:
        process = psutil.Popen(
            ["bash", "-euc", f". .venv/bin/activate; {start.strip()} --port 0"], cwd=project, env=env, stdout=log, stderr=log, start_new_session=True
        )  # fmt: skip
    try:
        assert json.loads(Served(process, home / "log").ask("/?name=Ada")[1]) == {"message": "Hello, Ada!"}
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)


def test_names_that_every_system_takes() -> None:
    for path in [*SKELETON.rglob("*"), *(ROOT / "templates").rglob("*")]:
        name = path.relative_to(ROOT).as_posix()
        assert not re.search(r'[<>:"|?*\\]', name) and len(name) <= 120, name


@pytest.mark.parametrize("made", [False, True])
def test_each_text_has_the_same_line_ends_everywhere(fresh: Bake, made: bool) -> None:
    repository = fresh(trigger="firestore") if made else ROOT
    if made:
        git("init", cwd=repository)
        git("add", ".", cwd=repository)
    names = check_output(run("git", "ls-files", "-co", "--exclude-standard", cwd=repository, env=environment(ROOT)))
    told = check_output(run("git", "check-attr", "eol", "--stdin", cwd=repository, env=environment(ROOT), stdin=names))
    assert len(told.splitlines()) > 10 and {line.rpartition(": ")[2] for line in told.splitlines()} == {"lf"}


# Where no environment is active: Debian and macOS have no `python` there, and Windows has `py`.
OUTSIDE = re.compile(r"python3 -m (?:venv|pip install cookiecutter|cookiecutter)\b|`python3`")


def python_is_called_right(text: str) -> bool:
    inside = OUTSIDE.sub("", text)
    return not re.search(r"\bpython3(?![.\d])", inside) and (inside == text or "`py" in text)


def test_python_is_called_as_each_system_calls_it() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("fleet", "questions", "updating"))]
    for path in [*pages, *SKELETON.rglob("*"), *(ROOT / "templates").rglob("*")]:
        if path.is_file():
            assert python_is_called_right(path.read_text("utf-8")), path


def test_python_that_some_system_calls_otherwise_is_seen() -> None:
    assert python_is_called_right("python3 -m venv .venv (on Windows `py -m venv .venv`), then python -m pip")
    assert not python_is_called_right("python3 -m venv .venv")
    assert not python_is_called_right("`py` or python3 -m pytest")


def of_hooks_and_rules(folder: Path, more: str) -> Done:
    """Let mypy read what runs in a user's cookiecutter as Windows would run it, with `more` at the top of each hook."""
    fn = SimpleNamespace(root=str(ROOT), last_words=lambda: "")
    for path in (ROOT / "hooks").glob("*.py"):
        hook = Template(path.read_text("utf-8")).render(fn=fn, cookiecutter={"local_package": "localpackage"})
        (folder / path.name).write_text(f"{more}{hook}\n", "utf-8")
    files = [*folder.glob("*.py"), *(ROOT / "rules").glob("*.py"), *ROOT.glob("*.py")]
    command = (sys.executable, "-m", "mypy", "--platform=win32", "--strict", "--cache-dir", folder / "cache")
    options = ("--ignore-missing-imports", "--scripts-are-modules")
    return run(*command, *options, *files, cwd=folder, env=environment(folder))


def test_no_hook_calls_what_windows_lacks(tmp_path: Path) -> None:
    """The call that is added to each hook is all that mypy finds."""
    done = of_hooks_and_rules(tmp_path, "import os\n\nos.getuid()\n")
    *errors, _ = done.stdout.splitlines()
    assert len(errors) == len(list((ROOT / "hooks").glob("*.py"))), done.stdout
    assert all('has no attribute "getuid"' in error for error in errors), done.stdout


def test_no_registry_and_no_path_of_a_machine_is_named() -> None:
    tracked = check_output(
        run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT, env=environment(ROOT))
    ).splitlines()
    # uv.lock cannot be written without its source.
    for name in set(tracked) - {"uv.lock", "tests/repo/test_repo.py", "tests/project/test_bake.py"}:
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"pypi\.org|pythonhosted|npmjs|deb\.debian|/root/|/home/[a-z]", text), name


def test_clean_by_its_own_tools() -> None:
    [commands] = re.findall(r"\| lint \| `(.+)` \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    for command in commands.split(" && "):
        tool = command.removeprefix("uv run ").split()
        check_output(run(sys.executable, "-m", *tool, cwd=ROOT, env=environment(ROOT)))
