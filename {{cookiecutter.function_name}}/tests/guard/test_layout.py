"""Guards what Google's builders and the framework expect of the folder. The template keeps this file up to date."""

import inspect
import os
import re
import sys
from pathlib import Path

import pytest
from functions_framework import _function_registry, create_app

ROOT = Path(__file__).resolve().parents[2]
ENTRY_POINT = "{{ fn.entry_point }}"
SIGNATURE = "{{ fn.trigger.signature }}"


def check(right: object, message: str) -> None:
    if not right:
        pytest.fail(message, pytrace=False)


def test_no_file_that_the_builders_ignore() -> None:
    found = sorted(p.name for p in ROOT.iterdir() if p.name.lower() in ("pipfile", "pipfile.lock", "setup.py"))
    check(
        not found,
        f"Google's builders never read {' and '.join(found)}: add the dependencies to requirements.in, then delete it.",
    )


def test_no_update_is_half_done() -> None:
    for folder, inner, files in os.walk(ROOT):
        inner[:] = [name for name in inner if name == ".github" or name[0] != "." and name not in ("vendor", "venv")]
        inner[:] = [name for name in inner if not Path(folder, name, "pyvenv.cfg").exists()]
        for path in (Path(folder, name) for name in files):
            check(
                path.suffix != ".rej",
                f"{path.name} holds a change that an update could not make: make it by hand, then delete {path.name}.",
            )
            marked = path.is_file() and re.search(rb"^(<{7}|>{7}) ", path.read_bytes(), re.MULTILINE)
            check(
                not marked,
                f'{path.name} has conflict markers: resolve them. For a lock file, run the commands in "How do I '
                'update the project?" in REFERENCE.md.',
            )


def test_entry_point() -> None:
    check((ROOT / "main.py").is_file(), "main.py is missing: Google's builders look for the function in it.")
    try:
        create_app(ENTRY_POINT, str(ROOT / "main.py"))
    except Exception as error:
        pytest.fail(f"main.py does not load: {type(error).__name__}: {error}", pytrace=False)
    function = inspect.unwrap(getattr(sys.modules["main"], ENTRY_POINT))
    asynchronous = "aio." * (ENTRY_POINT in _function_registry.ASGI_FUNCTIONS)
    declared = f"{asynchronous}{_function_registry.REGISTRY_MAP.get(ENTRY_POINT)}"
    right = declared == SIGNATURE.replace("_", "")
    check(right, f"Decorate {ENTRY_POINT} with @functions_framework.{SIGNATURE}, as the outermost decorator.")
{% if not fn.asynchronous %}
    check(not inspect.iscoroutinefunction(function), f"{ENTRY_POINT} must be a plain def: nothing awaits it.")
{% endif %}
    try:
        inspect.signature(function).bind(None)
    except TypeError as error:
        pytest.fail(f"{ENTRY_POINT} must take exactly one argument: {error}.", pytrace=False)


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by their paths in it, without what Python caches."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_copies_of_shared_code_are_in_step() -> None:
    for source in (ROOT.parent / "shared").glob("*"):
        copy = ROOT / source.name
        shared = source.is_dir() and copy.is_dir() and source.name[0] != "." and source.name != "tests"
        check(
            not shared or files(source) == files(copy),
            f"{copy.name} differs from ../shared/{copy.name}: change it there, then copy the folder again.",
        )
