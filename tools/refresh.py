"""Regenerate every lock file of the template, and what follows from them: the names that are taken, the licences.

`uv run tools/refresh.py` does it.

All locks come from one resolution, so that no two triggers differ in a version. Nothing is written before
everything is resolved: without a network it says so and changes nothing.
"""

import importlib.machinery
import json
import os
import runpy
import subprocess
import symtable
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from packaging.requirements import Requirement
from stdlib_list import stdlib_list

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
SKELETON = ROOT / "{{cookiecutter.function_name}}"
LICENCES = runpy.run_path(str(ROOT / "tools" / "licences.py"))
ANSWERS = runpy.run_path(str(ROOT / "rules" / "answers.py"))
QUESTIONS = ANSWERS["QUESTIONS"]
TRIGGERS = QUESTIONS["trigger"]
KINDS = ("requirements", "requirements-dev")
# The folder of each trigger's lock files; triggers that ask for the same share one.
LOCKS = {
    trigger: TEMPLATES / "locks" / json.loads((TEMPLATES / trigger / "trigger.json").read_text("utf-8"))["locks"]
    for trigger in TRIGGERS
}
NEWEST = max(QUESTIONS["python_version"], key=lambda version: int(version.partition(".")[2]))
# Beside main.py in some project, in its tests, or taken by the upload; and what ruff passes over.
PROJECT = {"cloud_logging", "conftest", "delivery", "events", "main", "test_main", "tests", "vendor"} | {
    path.stem for path in (SKELETON / "tests" / "guard").glob("*.py")
}
# In nearly every environment, though no lock holds them; Python imports the last two as it starts.
INSTALLERS = {"pip", "pkg_resources", "setuptools", "wheel", "sitecustomize", "usercustomize"}
ON_WINDOWS = {"msvcrt", "nt", "winreg", "winsound"}
PASSED_OVER = {"build", "dist", "node_modules"}


def uv(*arguments: str, cwd: Path, **variables: str) -> None:
    """Run uv; raise SystemExit with its own words if it fails, as it does without a network."""
    command = [sys.executable, "-m", "uv", "--quiet", *arguments]
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **variables}, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(
            f"{done.stderr}Nothing was changed: uv could not resolve the requirements (is there a network?)."
        )


def render(template: str, trigger: str, **answers: str) -> str:
    """Return the text of one of the templates for a trigger and some answers, the defaults for the rest."""
    # One for each answer to all questions: it keeps what it has derived from them.
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, SKELETON]),
        extensions=[ANSWERS["Rules"]],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    first = {name: default[0] if isinstance(default, list) else default for name, default in QUESTIONS.items()}
    return environment.get_template(template).render(cookiecutter={**first, "trigger": trigger, **answers})


def locks(work: Path) -> dict[Path, str]:
    """Return the text of each lock file by its path in the template."""
    asked = {
        LOCKS[trigger]: [render(name, trigger) for name in (f"{kind}.in" for kind in KINDS)] for trigger in TRIGGERS
    }
    (work / "all.in").write_text("\n".join(sum(asked.values(), [])).replace("-c requirements.txt", ""))
    uv(*ANSWERS["lock_options"](False).split(), "all.in", "-o", "all.txt", cwd=work)
    made = {}
    for locked, texts in asked.items():
        for folder in (locked, locked / "hashes"):
            here = Path(tempfile.mkdtemp(dir=work))
            for name, text in zip(KINDS, texts, strict=True):
                (here / f"{name}.in").write_text(text)
                options = ANSWERS["lock_options"](folder.name == "hashes").split()
                uv(*options, f"{name}.in", "-o", f"{name}.txt", cwd=here, UV_CONSTRAINT=str(work / "all.txt"))
                made[folder / f"{name}.txt"] = (here / f"{name}.txt").read_text("utf-8")
    return made


def pinned(lock: str) -> dict[str, str]:
    """Return the pins of a lock without hashes, without their markers, by the names of the distributions."""
    return {Requirement(line).name: line.partition(";")[0] for line in lock.splitlines() if line[0] != "#"}


def installed_modules(work: Path) -> set[str]:
    """Return the top-level modules of all that any lock holds, on any platform."""
    pins = pinned((work / "all.txt").read_text("utf-8"))
    (work / "pins.txt").write_text("\n".join(pins.values()))
    # All of them, whatever platform they are for; a Python that is too old for one would stop it.
    uv("pip", "install", "--no-deps", "--python-version", NEWEST, "--target", "site", "-r", "pins.txt", cwd=work)
    return {name for found in distributions(path=[str(work / "site")]) for name in top_level(found)}


def top_level(distribution: Distribution) -> Iterator[str]:
    """Yield the names under which a distribution can be imported."""
    for file in distribution.files or ():
        if file.suffix in (".py", ".pyi", ".so", ".pyd"):
            yield file.parts[0].partition(".")[0]


def without_a_file(python: set[str], installed: set[str], site: Path) -> set[str]:
    """Return those modules of Python, and of what is installed in `site`, that are not read from a .py file.

    Flask looks for the file of the module that is called as the entry point is, and fails if these have none: parts
    of the interpreter (which they are differs from build to build), and namespaces that distributions share.
    """
    here = python & sys.stdlib_module_names & set(stdlib_list(NEWEST))
    origins = {name: spec.origin or "" for name in here if (spec := importlib.machinery.PathFinder.find_spec(name))}
    compiled = ON_WINDOWS | {name for name, origin in origins.items() if not origin.endswith(".py")}
    shared = {name for name in installed if (site / name).is_dir() and not (site / name / "__init__.py").exists()}
    return compiled | python & set(sys.builtin_module_names) | shared


def used_in_main() -> set[str]:
    """Return each name that some trigger's main.py looks up at module level, its own function's name aside."""
    used = set()
    for trigger in TRIGGERS:
        for package in ("localpackage", "none"):
            source = render(f"{trigger}/main.py", trigger, function_name="entry-point", local_package=package)
            used |= set(looked_up(symtable.symtable(source, "main.py", "exec")))
    # Flask looks for the module of its name, and pytest has made one of this.
    return used - {"entry_point"} | {"tests"}


def looked_up(table: symtable.SymbolTable) -> Iterator[str]:
    """Yield the names that code resolves in the module or in the builtins."""
    for symbol in table.get_symbols():
        if table.get_type() == "module" or symbol.is_global():
            yield symbol.get_name()
    for inner in table.get_children():
        yield from looked_up(inner)


def names(found: Iterable[str]) -> list[str]:
    """Sort those of `found` that could be an answer: lower case, a letter first."""
    return sorted({name for name in found if name.islower() and name[0].isalpha()})


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        made = locks(work)
        python = {name.partition(".")[0] for version in QUESTIONS["python_version"] for name in stdlib_list(version)}
        installed = installed_modules(work)
        modules = PROJECT | INSTALLERS | PASSED_OVER | python | {"test"} | installed
        entry_points = used_in_main() | without_a_file(python, installed, work / "site")
        reserved = {"entry_points": names(entry_points), "modules": names(modules)}
        shipped = {trigger: pinned(made[LOCKS[trigger] / "requirements.txt"]) for trigger in TRIGGERS}
        made[ROOT / "docs" / "licences.md"] = LICENCES["table"](work / "site", shipped)
        made[ROOT / "rules" / "reserved.json"] = json.dumps(reserved, indent=2) + "\n"
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
