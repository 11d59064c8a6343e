"""Guards what Google's builders and the framework expect of the folder. The template keeps this file up to date."""

import inspect
import os
import re
import sys
from pathlib import Path

from functions_framework import _function_registry, create_app

ENTRY_POINT = "{{ fn.entry_point }}"
SIGNATURE = "{{ fn.trigger.signature }}"
{% if not fn.firebase %}
RUNTIME = "{{ fn.runtime }}"
{% endif %}


def test_requirements_are_not_in_another_file() -> None:
    found = sorted(p.name for p in Path().iterdir() if p.name.lower() in ("pipfile", "pipfile.lock", "setup.py"))
    them = "it" if len(found) == 1 else "them"
    assert not found, (
        f"Google's builders never read {' and '.join(found)}: "
        f"add the dependencies to requirements.in, then delete {them}."
    )


def test_no_update_is_half_done() -> None:
    for folder, inner, files in os.walk("."):
        inner[:] = [name for name in inner if name[0] != "." or name in (".github", ".vscode")]
        inner[:] = [name for name in inner if name not in ("vendor", "venv")]
        inner[:] = [name for name in inner if not Path(folder, name, "pyvenv.cfg").exists()]
        for path in (Path(folder, name) for name in files):
            assert path.suffix != ".rej", (
                f"{path.name} holds a change that an update could not make: make it by hand, then delete {path.name}."
            )
            assert not path.is_file() or not re.search(rb"(?m)^(<{7}|>{7}) ", path.read_bytes()), (
                f'{path.name} has conflict markers: resolve them. For a lock file, run the commands in "How do I '
                'update the project?" in REFERENCE.md.'
            )


def test_entry_point() -> None:
    assert Path("main.py").is_file(), "main.py is missing: Google's builders look for the function in it."
    try:
        create_app(ENTRY_POINT, "main.py")
    except Exception as error:
        advice = '. For a variable, see "How do I set variables?" in REFERENCE.md.' * isinstance(error, KeyError)
        raise AssertionError(f"main.py does not load: {type(error).__name__}: {error}{advice}") from None
    function = inspect.unwrap(getattr(sys.modules["main"], ENTRY_POINT))
    asynchronous = "aio." * (ENTRY_POINT in _function_registry.ASGI_FUNCTIONS)
    declared = f"{asynchronous}{_function_registry.REGISTRY_MAP.get(ENTRY_POINT)}"
    assert declared == SIGNATURE.replace("_", ""), (
        f"Decorate {ENTRY_POINT} with @functions_framework.{SIGNATURE}, as the outermost decorator."
    )
{% if not fn.asynchronous %}
    assert not inspect.iscoroutinefunction(function), f"{ENTRY_POINT} must be a plain def: nothing awaits it."
{% endif %}
    try:
        inspect.signature(function).bind(None)
    except TypeError as error:
        raise AssertionError(f"{ENTRY_POINT} must take exactly one argument: {error}.") from None
{% if not fn.firebase %}


def test_what_is_tested_is_deployed() -> None:
    for flag, value in flags():
        assert flag != "--runtime" or value in ("", RUNTIME), (
            f"deploy.yaml deploys {value}, but the tests and linters are for {RUNTIME}: take the runtime back, or "
            'run the command under "How do I change the runtime?" in REFERENCE.md.'
        )
        assert flag != "--entry-point" or value in ("", ENTRY_POINT), (
            f"deploy.yaml names the entry point {value}, but the tests run {ENTRY_POINT}: write "
            f"--entry-point: {ENTRY_POINT}"
        )


def test_no_flag_is_set_twice() -> None:
    names = [flag for flag, _ in flags()]
    for flag in names:
        assert names.count(flag) == 1, f"deploy.yaml sets {flag} twice, and gcloud refuses that: delete one of them."


def flags() -> list[tuple[str, str]]:
    """Return the flags in deploy.yaml, each with its value; "" if that is not a plain word."""
    text = Path("deploy.yaml").read_text("utf-8") if Path("deploy.yaml").is_file() else ""
    return re.findall(r"(?m)^[\"']?(--[\w-]+)[\"']? *: *[\"']?([\w.-]*)", text)
{% endif %}
