"""Guards what Google's builders and the framework rest on. The template keeps this file up to date."""

import ast
import importlib.machinery
import inspect
import os
import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from functions_framework import _function_registry, create_app
from packaging.requirements import InvalidRequirement, Requirement

ROOT = Path(__file__).resolve().parent.parent
ENTRY_POINT = "{{ fn.entry_point }}"
SIGNATURE = "{{ fn.trigger.signature }}"
LOCK_AGAIN = "Lock again with the command in README.md."
LOCK_ANEW = "the command in README.md that ends a conflict."
LOCKS = pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])


def lines(name: str) -> Iterator[str]:
    """Yield the lines of a requirements file, continued ones joined, without comments and blank lines."""
    text = (ROOT / name).read_text("utf-8-sig").replace("\\\n", " ")
    for line in text.splitlines():
        if line := re.sub(r"(^|\s)#.*", "", line).rstrip():
            yield line


def requirement(line: str) -> Requirement | None:
    """Read one line of a requirements file; None for an option, a path or an address."""
    try:
        return Requirement(re.split(r"\s--hash", line)[0])
    except InvalidRequirement:
        return None


def test_nothing_that_the_builders_ignore() -> None:
    found = [p.name for p in ROOT.iterdir() if p.name.lower() in ("pipfile", "pipfile.lock", "setup.py")]
    assert not found, f"Google's builders never read {found}: move what it asks for to requirements.in, remove it."


def test_no_update_is_left_half_done() -> None:
    for folder, inner, files in os.walk(ROOT):
        inner[:] = [name for name in inner if name == ".github" or name[0] != "." and name not in ("vendor", "venv")]
        for path in (Path(folder, name) for name in files):
            assert path.suffix != ".rej", f"{path.name} is what an update could not change: do it by hand, remove it."
            marked = re.search(rb"^(<{7}|>{7}) ", path.read_bytes(), re.MULTILINE)
            assert not marked, f"{path.name} has conflict marks: settle them. A lock is settled by {LOCK_ANEW}"


@LOCKS
def test_each_requirement_is_pinned(lock: str) -> None:
    for line in lines(lock):
        if line.startswith("--") and not line.startswith(("--editable", "--requirement", "--constraint")):
            continue
        pin = requirement(line)
        exact = pin and not pin.url and re.fullmatch(r"==[^*,]+", str(pin.specifier))
        assert exact, f"{lock}: '{line}' is no pin: write name==version, or put it into requirements.in. {LOCK_AGAIN}"


@LOCKS
def test_hashes_on_each_line_or_on_none(lock: str) -> None:
    bare = [line for line in lines(lock) if not line.startswith("--") and "--hash" not in line]
    some = any("--hash" in line for line in lines(lock))
    assert not (some and bare), f"{lock}: {bare} lack the hash that others have, and uv lets them pass. {LOCK_AGAIN}"


@LOCKS
def test_lock_holds_what_is_asked_for(lock: str) -> None:
    pins = [pin for pin in map(requirement, lines(lock)) if pin]
    for line in lines(lock.replace(".txt", ".in")):
        if line.startswith("--") or line == "-c requirements.txt":
            continue
        asked = requirement(line)
        if asked and asked.marker and not asked.marker.evaluate():
            continue
        assert asked, f"'{line}' is no requirement. Code of your own stands beside main.py, see README.md."
        versions = [str(pin.specifier)[2:] for pin in pins if same(pin, asked)]
        held = all(asked.specifier.contains(version, prereleases=True) for version in versions)
        assert versions and held, f"{lock} lacks '{line}'. {LOCK_AGAIN}"


def same(one: Requirement, other: Requirement) -> bool:
    """Whether both name the same project (PEP 503)."""
    return re.sub(r"[-_.]+", "-", one.name).lower() == re.sub(r"[-_.]+", "-", other.name).lower()


def test_lock_holds_the_framework_as_the_builder_looks_for_it() -> None:
    text = (ROOT / "requirements.txt").read_text("utf-8")
    seen = re.search(r"(?m)^functions-framework==", text)
    assert seen, f"requirements.txt lacks functions-framework: the builder would add a version of its own. {LOCK_AGAIN}"


def test_entry_point() -> None:
    assert (ROOT / "main.py").is_file(), "main.py is missing: the builders look for the function in it."
    create_app(ENTRY_POINT, str(ROOT / "main.py"))
    function = inspect.unwrap(getattr(sys.modules["main"], ENTRY_POINT))
    asynchronous = "aio." * (ENTRY_POINT in _function_registry.ASGI_FUNCTIONS)
    declared = f"{asynchronous}{_function_registry.REGISTRY_MAP.get(ENTRY_POINT)}"
    right = declared == SIGNATURE.replace("_", "")
    assert right, f"Decorate {ENTRY_POINT} with @functions_framework.{SIGNATURE}, outermost."
{% if not fn.asynchronous %}
    assert not inspect.iscoroutinefunction(function), f"{ENTRY_POINT} must be a plain def: nothing awaits it."
{% endif %}
    try:
        inspect.signature(function).bind(None)
    except TypeError as error:
        pytest.fail(f"{ENTRY_POINT} must take exactly one argument: {error}.")


def test_no_module_is_hidden() -> None:
    installed = [sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")]
    for path in ROOT.iterdir():
        importable = path.suffix == ".py" or any(path.glob("*.py"))
        if importable and path.stem.isidentifier() and path.stem != "tests":
            spec = importlib.machinery.PathFinder.find_spec(path.stem, installed)
            hidden = path.stem in sys.stdlib_module_names or (spec and spec.origin)
            assert not hidden, f"{path.name} is hidden by another module of that name: rename it."


def local_imports(file: Path) -> Iterator[Path]:
    """Yield what a file imports from beside main.py: modules and the folders of packages."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            top = ROOT / name.partition(".")[0]
            yield from (path for path in (top, top.with_suffix(".py")) if path.exists())


def test_all_that_is_imported_is_uploaded() -> None:
    ignore = ROOT / ".gcloudignore"
    assert ignore.is_file(), ".gcloudignore is missing: all that is in this folder would be uploaded, secrets too."
    allowed = ignore.read_text("utf-8").splitlines()
    assert "!/requirements.txt" in allowed, "requirements.txt would not be uploaded: add !/requirements.txt."
    waiting, seen = [ROOT / "main.py"], set()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            line = f"!/{path.name}"
            assert line in allowed, f"{path.name} would not be uploaded: add the line {line} to .gcloudignore."
            files = [path] if path.is_file() else path.rglob("*.py")
            waiting += [found for file in files for found in local_imports(file)]


def files(folder: Path) -> dict[str, bytes]:
    """Return what stands in a folder, but for what Python makes."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_copies_of_shared_code_are_in_step() -> None:
    for source in (ROOT.parent / "shared").glob("*"):
        copy = ROOT / source.name
        same = not (source.is_dir() and copy.is_dir()) or files(source) == files(copy)
        assert same, f"{copy.name} differs from ../shared/{copy.name}: change it there, and copy the folder again."
