"""Regenerate the locks and all else that follows from the questions and runtimes: `uv run tools/refresh.py`.

All locks come from one resolution, so that no two triggers differ in a version. Nothing is written until everything is
resolved.
"""

import importlib.machinery
import json
import os
import re
import shutil
import subprocess
import symtable
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from stdlib_list import stdlib_list

ROOT = Path(__file__).resolve().parent.parent
# A script finds only what is in its own folder.
sys.path.insert(0, str(ROOT))

import licences  # noqa: E402
import picture  # noqa: E402
import runtimes  # noqa: E402
import tables  # noqa: E402

if __name__ == "__main__":
    # Before the rules read the choices that it writes.
    runtimes.main()

from rules.answers import Rules  # noqa: E402
from rules.derived import NEWEST, lock_options  # noqa: E402
from rules.questions import QUESTIONS  # noqa: E402

TEMPLATES = ROOT / "templates"
SKELETON = ROOT / "{{cookiecutter.function_name}}"
TRIGGERS = QUESTIONS["trigger"]
KINDS = ("requirements", "requirements-dev")
# Triggers with the same requirements share a folder of lock files.
LOCKS = {
    trigger: TEMPLATES / "locks" / json.loads((TEMPLATES / trigger / "trigger.json").read_text("utf-8"))["locks"]
    for trigger in TRIGGERS
}
# Modules of the projects, and vendor/, which the upload uses.
PROJECT = {"cloud_logging", "conftest", "delivery", "events", "main", "test_main", "tests", "vendor"} | {
    # The name of a file may be between Jinja's marks.
    re.findall(r"\w+(?=\.py)", path.name)[0]
    for path in (SKELETON / "tests" / "guard").glob("*.py*")
}
# No lock holds these, but nearly every environment does; Python imports the last two when it starts.
INSTALLERS = {"pip", "pkg_resources", "setuptools", "wheel", "sitecustomize", "usercustomize"}
WINDOWS_ONLY = {"msvcrt", "nt", "winreg", "winsound"}
# ruff checks no folder with one of these names.
UNCHECKED = {"build", "dist", "node_modules"}


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder in which uv follows uv.toml: no package younger than a week, and none to build. It is removed again."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(Path(__file__).with_name("uv.toml"), folder)
        yield Path(folder)


def uv(*arguments: str, cwd: Path, **variables: str) -> None:
    """Run uv; raise SystemExit with its error message if it fails, for example without a network."""
    command = [sys.executable, "-m", "uv", "--quiet", *arguments]
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **variables}, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stderr}Nothing was changed: uv failed (is there a network?).")


def render(template: str, trigger: str, **answers: str) -> str:
    """Return a template's text for a trigger and some answers, with defaults for the rest."""
    # An environment keeps what it derived from the first answers, so each call needs its own.
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, SKELETON]),
        extensions=[Rules],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    defaults = {name: default[0] if isinstance(default, list) else default for name, default in QUESTIONS.items()}
    return environment.get_template(template).render(cookiecutter={**defaults, "trigger": trigger, **answers})


def locks(work: Path) -> dict[Path, str]:
    """Return the text of each lock file by its path; the one resolution is in `work / "all.txt"`."""
    inputs = {LOCKS[trigger]: [render(f"{kind}.in", trigger) for kind in KINDS] for trigger in TRIGGERS}
    everything = "\n".join(text for texts in inputs.values() for text in texts)
    (work / "all.in").write_text(everything.replace("-c requirements.txt", ""))
    uv(*lock_options(False).split(), "all.in", "-o", "all.txt", cwd=work)
    made = {}
    for locked, texts in inputs.items():
        for folder in (locked, locked / "hashes"):
            options = lock_options(folder != locked).split()
            here = Path(tempfile.mkdtemp(dir=work))
            for kind, text in zip(KINDS, texts, strict=True):
                (here / f"{kind}.in").write_text(text)
                uv(*options, f"{kind}.in", "-o", f"{kind}.txt", cwd=here, UV_CONSTRAINT=str(work / "all.txt"))
                made[folder / f"{kind}.txt"] = (here / f"{kind}.txt").read_text("utf-8")
    return made


def pinned(lock: str) -> dict[NormalizedName, str]:
    """Return the pins of a lock without hashes by distribution; markers are left out."""
    pins = [line.partition(";")[0] for line in lock.splitlines() if line[0] != "#"]
    return {canonicalize_name(Requirement(pin).name): pin for pin in pins}


def installed_modules(work: Path) -> set[str]:
    """Install everything that `work / "all.txt"` pins, for any platform, into `work / "site"`; return its modules."""
    (work / "pins.txt").write_text("\n".join(pinned((work / "all.txt").read_text("utf-8")).values()))
    # Some distribution may refuse an older Python.
    uv("pip", "install", "--no-deps", "--python-version", NEWEST, "--target", "site", "-r", "pins.txt", cwd=work)
    files = [file for found in distributions(path=[str(work / "site")]) for file in found.files or ()]
    return {file.parts[0].partition(".")[0] for file in files if file.suffix in {".py", ".pyi", ".so", ".pyd"}}


def without_a_file(python: set[str], installed: set[str], site: Path) -> set[str]:
    """Return the modules, of Python and of what is installed in `site`, that are not read from a .py file.

    Flask looks for the file of the module that has the entry point's name, and fails if there is none. Which modules
    are built into the interpreter differs from build to build. Namespaces that distributions share have no file either.
    """
    here = python & sys.stdlib_module_names & set(stdlib_list(NEWEST))
    origins = {name: spec.origin or "" for name in here if (spec := importlib.machinery.PathFinder.find_spec(name))}
    compiled = WINDOWS_ONLY | {name for name, origin in origins.items() if not origin.endswith(".py")}
    shared = {name for name in installed if (site / name).is_dir() and not (site / name / "__init__.py").exists()}
    return compiled | python & set(sys.builtin_module_names) | shared


def used_in_main() -> set[str]:
    """Return each name that some trigger's main.py resolves in the module or the builtins, but for its entry point."""
    used = set()
    for trigger in TRIGGERS:
        for package in ("localpackage", "none"):
            source = render("main.py", trigger, function_name="entry-point", local_package=package)
            used |= set(looked_up(symtable.symtable(source, "main.py", "exec")))
    # pytest makes a module of the name `tests`, and Flask would find it.
    return used - {"entry_point"} | {"tests"}


def looked_up(table: symtable.SymbolTable) -> Iterator[str]:
    """Yield the names that code resolves in the module or in the builtins."""
    for symbol in table.get_symbols():
        if table.get_type() == "module" or symbol.is_global():
            yield symbol.get_name()
    for inner in table.get_children():
        yield from looked_up(inner)


def names(found: Iterable[str]) -> list[str]:
    """Return, sorted, those names that a valid answer could be: lower case, a letter first."""
    return sorted({name for name in found if name.islower() and name[0].isalpha()})


def main() -> None:
    with workspace() as work:
        site = work / "site"
        made = locks(work)
        python = {name.partition(".")[0] for version in QUESTIONS["python_version"] for name in stdlib_list(version)}
        installed = installed_modules(work)
        reserved = {
            "entry_points": names(used_in_main() | without_a_file(python, installed, site)),
            "modules": names(PROJECT | INSTALLERS | UNCHECKED | python | {"test"} | installed),
        }
        shipped = {trigger: pinned(made[LOCKS[trigger] / "requirements.txt"]) for trigger in TRIGGERS}
        made[ROOT / "docs" / "licences.md"] = licences.page(site, shipped)
        made[ROOT / "rules" / "reserved.json"] = json.dumps(reserved, indent=2) + "\n"
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    tables.main()
    # On Windows there is no terminal to draw.
    if sys.platform != "win32":
        picture.main()


if __name__ == "__main__":
    main()
