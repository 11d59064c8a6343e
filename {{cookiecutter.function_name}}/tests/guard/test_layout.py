"""Guards what Google's builders and the framework expect of the folder. The template keeps this file up to date."""

import importlib.machinery
import inspect
import os
import re
import sys
import sysconfig
from pathlib import Path

import pytest
from functions_framework import _function_registry, create_app

ROOT = Path(__file__).resolve().parents[2]
ENTRY_POINT = "{{ fn.entry_point }}"
SIGNATURE = "{{ fn.trigger.signature }}"


def test_no_file_that_the_builders_ignore() -> None:
    found = sorted(p.name for p in ROOT.iterdir() if p.name.lower() in ("pipfile", "pipfile.lock", "setup.py"))
    assert not found, (
        f"Google's builders never read {' and '.join(found)}: add the dependencies to requirements.in, then delete it."
    )


def test_no_update_is_half_done() -> None:
    for folder, inner, files in os.walk(ROOT):
        inner[:] = [name for name in inner if name == ".github" or name[0] != "." and name not in ("vendor", "venv")]
        for path in (Path(folder, name) for name in files):
            assert path.suffix != ".rej", (
                f"{path.name} holds a change that an update could not make: make it by hand, then delete {path.name}."
            )
            marked = re.search(rb"^(<{7}|>{7}) ", path.read_bytes(), re.MULTILINE)
            assert not marked, (
                f"{path.name} has conflict marks: resolve them. For a lock file, run the command in README.md's "
                "section on updates."
            )


def test_entry_point() -> None:
    assert (ROOT / "main.py").is_file(), "main.py is missing: Google's builders look for the function in it."
    create_app(ENTRY_POINT, str(ROOT / "main.py"))
    function = inspect.unwrap(getattr(sys.modules["main"], ENTRY_POINT))
    asynchronous = "aio." * (ENTRY_POINT in _function_registry.ASGI_FUNCTIONS)
    declared = f"{asynchronous}{_function_registry.REGISTRY_MAP.get(ENTRY_POINT)}"
    right = declared == SIGNATURE.replace("_", "")
    assert right, f"Decorate {ENTRY_POINT} with @functions_framework.{SIGNATURE}, as the outermost decorator."
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
            assert not hidden, f"{path.name} is never imported: Python or a package has that name. Rename it."


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by their paths in it, without what Python caches."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_copies_of_shared_code_are_in_step() -> None:
    for source in (ROOT.parent / "shared").glob("*"):
        copy = ROOT / source.name
        same = not (source.is_dir() and copy.is_dir()) or files(source) == files(copy)
        assert same, f"{copy.name} differs from ../shared/{copy.name}: change it there, then copy the folder again."
