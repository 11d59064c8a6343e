"""Serves the function inside the tests. The template keeps this file up to date."""

{% if fn.headers %}
import json
{% endif %}
import os
{% if fn.event %}
import runpy
{% endif %}
import sys
from collections.abc import {{ "Callable, " if fn.headers }}Generator, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
{% if fn.headers %}
from typing import Any
{% endif %}

import pytest
{% if not fn.asynchronous %}
from flask.testing import FlaskClient
{% endif %}
from functions_framework import create_app
from packaging.version import Version
{% if fn.asynchronous %}
from starlette.testclient import TestClient
{% endif %}

ROOT = Path(__file__).resolve().parent.parent
ENTRY_POINT = "{{ fn.entry_point }}"
# Variables that change what the tests expect. VS Code sets those of {{ fn.env }} for tests too.
{% for name in ("DEAD_LETTER", "LOG_LEVEL", "MAX_EVENT_AGE_SECONDS") if fn.event or name == "LOG_LEVEL" %}
os.environ.pop("{{ name }}", None)
{% endfor %}


@pytest.fixture
def client({{ "monkeypatch: pytest.MonkeyPatch" if fn.event }}) -> {{ "TestClient" if fn.asynchronous else "FlaskClient" }}:
    """A client of the function, loaded and called by the framework as in production."""
{% if fn.event %}
    if "delivery" in sys.modules and os.environ.keys() & {"DEAD_LETTER", "MAX_EVENT_AGE_SECONDS"}:
        # A test file has imported it before the test set these.
        for name, value in runpy.run_path(str(ROOT / "delivery.py")).items():
            if name.isupper():
                monkeypatch.setattr(f"delivery.{name}", value)
{% endif %}
    app = create_app(ENTRY_POINT, str(ROOT / "main.py"))
{% if fn.asynchronous %}
    return TestClient(app)
{% else %}
    client: FlaskClient = app.test_client()
    return client
{% endif %}


{% if fn.headers %}
@pytest.fixture
def headers() -> dict[str, str]:
    """The headers that the samples in events/ are sent with."""
    lines = (ROOT / "events" / "headers.txt").read_text("utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """Return what was logged since the last call, an entry each."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


{% endif %}
def pytest_configure() -> None:
    found = version("functions-framework")
    if Version(found) < Version("3.10"):
        raise pytest.UsageError(
            f"functions-framework {found} is too old for these tests: write functions-framework>=3.10,<4 into "
            "requirements.in, then lock and install with the commands in README.md."
        )


# The rest is for an IDE that opens a repository of functions and tests them in one process: each has a main.py, and
# while its own tests are loaded or run, a name such as main is its own module.
NAMES = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))} - {"tests"}
# What the test files import. All other code of the function is loaded afresh for each test.
imported: dict[str, ModuleType] = {}
# For a conftest of yours, which is loaded before the tests.
sys.path.append(str(ROOT))


@contextmanager
def own_modules() -> Iterator[None]:
    """Import this function's modules and no other function's."""
    path, others = sys.path[:], forget()
    imported.update((name, module) for name, module in others.items() if ROOT in file_of(module).parents)
    sys.modules.update(imported)
    # Last, as in production: an installed module comes before one of yours.
    sys.path[:] = [*(entry for entry in path if not has_functions(Path(entry))), str(ROOT)]
    try:
        yield
    finally:
        forget()
        sys.modules.update(others)
        sys.path[:] = path


def has_functions(folder: Path) -> bool:
    """Whether a folder is a function, or holds this one and others."""
    return (folder / "main.py").exists() and (folder / "requirements.txt").exists() or folder.resolve() == ROOT.parent


def file_of(module: ModuleType) -> Path:
    return Path(getattr(module, "__file__", None) or "")


def forget() -> dict[str, ModuleType]:
    """Take the modules that have a name of this function's out of sys.modules, and return them."""
    return {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] in NAMES}


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    with own_modules():
        report = yield
        imported.update(forget())
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    if ROOT not in item.path.parents:
        return (yield)
    with own_modules(), pytest.MonkeyPatch.context() as patch:
        # At the root, pytest makes a module of this folder, which Flask would take for the function's.
        patch.delitem(sys.modules, ENTRY_POINT, raising=False)
        return (yield)
