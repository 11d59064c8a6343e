"""Bake: from the command to the folder, against other ways to a folder; and on to tests that have passed."""

import json
import shutil
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import measure
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT

SKELETON = "{{cookiecutter.function_name}}"
COOKIECUTTER = (sys.executable, "-m", "cookiecutter", "--no-input")
RUNS = 15
Maker = Callable[[], measure.Cost]


def empty(folder: Path) -> Path:
    """Return a template of one file, without hooks."""
    (folder / SKELETON).mkdir(parents=True)
    (folder / "cookiecutter.json").write_text('{"function_name": "hello-function"}')
    (folder / SKELETON / "main.py").write_text("print('hello')\n")
    return folder


def literal(folder: Path, made: Path) -> Path:
    """Return a template of the files that ours makes, as they came out, with two hooks that do nothing."""
    shutil.copytree(made, empty(folder) / SKELETON, dirs_exist_ok=True)
    (folder / "hooks").mkdir()
    for hook in ("pre_gen_project.py", "post_gen_project.py"):
        (folder / "hooks" / hook).write_text("")
    return folder


def for_copier(folder: Path, made: Path) -> Path:
    """Return the files that ours makes as a template of copier's, which fills in the entry point."""
    shutil.copytree(made, folder / "{{ function_name }}")
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        text = path.read_text("utf-8").replace("hello_function", "{{ function_name | replace('-', '_') }}")
        path.with_name(f"{path.name}.jinja").write_text(text, "utf-8")
        path.unlink()
    question = {"type": "str", "default": "hello-function"}
    (folder / "copier.yml").write_text(json.dumps({"function_name": question}))
    return folder


def maker(work: Path, *command: str | Path, **variables: str) -> Maker:
    """Return what runs a command in a new empty folder, with a home of its own and without telemetry."""
    home = work / "home"
    home.mkdir(exist_ok=True)
    env = environment(home, SAM_CLI_TELEMETRY="0", **variables)

    def make() -> measure.Cost:
        folder = work / "out"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return measure.process(command, folder, env)

    return make


def row(name: str, number: int, other: Maker, ours: Maker) -> Sequence[object]:
    """Return a row: what another way takes, and how much more ours does."""
    found = measure.pairs(number, other, ours)
    seconds = statistics.median(other.seconds for other, _ in found)
    memory = statistics.median(other.bytes for other, _ in found) / 1e6
    times = measure.ratio((other.seconds, ours.seconds) for other, ours in found)
    more = measure.ratio((other.bytes, ours.bytes) for other, ours in found)
    return name, f"{seconds * 1000:.0f} ms", times, f"{memory:.0f} MB", more


def against_others(work: Path, made: Path, templates: Mapping[str, Path]) -> str:
    """Return the table of a bake, whole processes, against each other way."""
    ours = maker(work, *COOKIECUTTER, ROOT)
    copier = measure.installed(work / "copier-env", "copier") / "copier"
    sam = measure.installed(work / "sam-env", "aws-sam-cli") / "sam"
    pack = measure.installed(work / "pack-env", "agent-starter-pack") / "agent-starter-pack"
    sam_init = "init --no-input --name hello --runtime python3.13 --app-template hello-world --dependency-manager pip"
    create = "create hello --agent adk --prototype --deployment-target none --session-type in_memory -s -y"
    rows = [
        *((name, 40, maker(work, *COOKIECUTTER, template)) for name, template in templates.items()),
        (
            "our files under copier, one name filled in",
            12,
            maker(work, copier, "copy", "--defaults", "--quiet", for_copier(work / "for-copier", made), "."),
        ),
        ("`sam init`, its hello-world", 12, maker(work, sam, *sam_init.split())),
        ("`agent-starter-pack create`, its smallest", 6, maker(work, pack, *create.split())),
    ]
    return measure.table(
        ("against", "takes", "ours takes times as long", "at its peak", "ours times as much"),
        [row(name, number, other, ours) for name, number, other in rows],
    )


def where_it_goes(work: Path, templates: Mapping[str, Path]) -> str:
    """Return the table of what takes how long within a bake of each template, medians of some runs."""
    rows = []
    for name, template in templates.items():
        found: defaultdict[str, list[float]] = defaultdict(list)
        command = (sys.executable, "-m", "benchmarks.profiled", template, "--no-input")
        make = maker(work, *command, PYTHONPATH=str(ROOT))
        for _ in range(RUNS):
            make()
            said = (work / "out" / "output").read_text("utf-8").splitlines()[-1]
            for part, seconds in json.loads(said).items():
                found[part].append(seconds)
        part = defaultdict(float, {part: statistics.median(values) for part, values in found.items()})
        rest = part["all"] - part["compile"] - part["hooks"]
        times = f"{part['compile, times']:.0f} times"
        parts = (part["import"], part["hooks"], part["compile"], rest)
        shown = [f"{seconds * 1000:.0f} ms" for seconds in parts]
        rows.append((name, shown[0], shown[1], f"{shown[2]}, {times}", shown[3]))
    return measure.table(("template", "imports", "processes of hooks", "Jinja compiles", "the rest"), rows)


def to_green_tests(work: Path) -> str:
    """Return the table of the whole way by the steps that a bake prints, with an empty cache of pip, and a full one."""
    env = environment(work / "home", PIP_CACHE_DIR=str(work / "cache"))
    rows = []
    for cache in ("empty", "full"):
        folder = work / f"way-{cache}"
        folder.mkdir()
        steps = [(*COOKIECUTTER, ROOT), (sys.executable, "-m", "venv", "hello-function/.venv")]
        python = folder / "hello-function" / ".venv" / "bin" / "python"
        locks = ("-r", "hello-function/requirements.txt", "-r", "hello-function/requirements-dev.txt")
        steps += [(python, "-m", "pip", "install", *locks), (python, "-m", "pytest", "hello-function")]
        seconds = [measure.process(step, folder, env).seconds for step in steps]
        rows.append((cache, *(f"{taken:.1f} s" for taken in [*seconds, sum(seconds)])))
        check_output(run(python, "-m", "pip", "check", cwd=folder, env=env))
    return measure.table(("pip's cache", "cookiecutter", "venv", "pip install", "pytest", "together"), rows)


def report(work: Path) -> str:
    """Return this section of the page; `work` is an empty folder."""
    made = measure.bake(work)
    templates = {
        "an empty template of one file, no hooks": empty(work / "empty"),
        "our files as they come out, two empty hooks": literal(work / "literal", made),
    }
    return f"""## Bake

{against_others(work, made, templates)}
Where it goes, within one run:

{where_it_goes(work, {**templates, "ours": ROOT})}
The whole way, from the command to the function's own tests, passed:

{to_green_tests(work)}"""
