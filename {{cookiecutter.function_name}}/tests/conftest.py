"""Serves the function inside the tests, and keeps it from leaking into those of another function."""

{% if fn.samples[0] %}
import json
{% endif %}
import sys
from collections.abc import {{ "Callable, " if fn.samples[0] }}Iterator
from pathlib import Path
{% if fn.samples[0] %}
from typing import Any
{% endif %}

import pytest
{% if not fn.asynchronous %}
from flask.testing import FlaskClient
{% endif %}
from functions_framework import _function_registry, create_app
{% if fn.asynchronous %}
from starlette.testclient import TestClient
{% endif %}

ROOT = Path(__file__).resolve().parent.parent
# Last, as in production: there, too, a module of your own never stands before an installed one.
sys.path.append(str(ROOT))


@pytest.fixture
def client() -> {{ "TestClient" if fn.asynchronous else "FlaskClient" }}:
    """A client of the function, loaded and called by the framework as in production."""
    app = create_app("{{ fn.entry_point }}", str(ROOT / "main.py"))
{% if fn.asynchronous %}
    return TestClient(app)
{% else %}
    client: FlaskClient = app.test_client()
    return client
{% endif %}


{% if fn.samples[0] %}
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
@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what `create_app` leaves behind, so that several functions can be tested in one process."""
    for registry in ("REGISTRY_MAP", "INPUT_TYPE_MAP", "ASGI_FUNCTIONS"):
        monkeypatch.setattr(_function_registry, registry, getattr(_function_registry, registry).copy())
    for variable in ("FUNCTION_TARGET", "FUNCTION_SIGNATURE_TYPE"):
        # Set before it is deleted: only then does pytest take away what the framework sets.
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)
    # Without the folders of other functions, whose modules may have the same names.
    path = [entry for entry in sys.path if not Path(entry, "main.py").exists()]
    monkeypatch.setattr(sys, "path", [*path, str(ROOT)])

    beside_main = {path.stem for path in ROOT.iterdir()} - {"tests"}
    others = {name for name in sys.modules if name.partition(".")[0] in beside_main and not is_ours(name)}
    for name in others:
        monkeypatch.delitem(sys.modules, name)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if is_ours(name):
            del sys.modules[name]


def is_ours(name: str) -> bool:
    """Whether the module of that name was loaded from this function's folder."""
    return ROOT in Path(getattr(sys.modules[name], "__file__", None) or "").parents
