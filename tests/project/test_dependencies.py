"""What users add: heavy dependencies, by the README's own lines, in an environment inside the project."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.support.folders import append
from tests.support.pages import blocks, page
from tests.support.processes import check_output, environment, find_tool, posix_only, run
from tests.support.questions import QUESTIONS
from tests.support.types import Bake

pytestmark = [pytest.mark.slow, posix_only]
ASKED = ["numpy", "pandas", "google-cloud-storage", "pydantic", "firebase-admin"]
IMPORTS = """\
import firebase_admin
import numpy
import pandas
import requests
from google.cloud import storage
from pydantic import BaseModel


class Order(BaseModel):
    number: int


def work(bucket: str) -> list[str]:
    names = [blob.name for blob in storage.Client().list_blobs(bucket)]
    firebase_admin.initialize_app()
    table = pandas.DataFrame({"name": names, "length": numpy.zeros(len(names))})
    return [*table["name"], requests.get("https://example.com", timeout=5).text, str(Order(number=1).number)]


"""


PYTHONS = sorted((f"python{version}" for version in QUESTIONS["python_version"]), key=lambda name: int(name[8:]))


# The lock of async-http holds all that the lock of http does.
@pytest.mark.parametrize(("trigger", "python"), [("async-http", "oldest"), ("firestore", "newest")])
def test_heavy_dependencies(fresh: Bake, home: Path, trigger: str, python: str) -> None:
    project = fresh(trigger=trigger)
    found = next(filter(find_tool, PYTHONS if python == "oldest" else reversed(PYTHONS)))
    env = environment(home, VIRTUAL_ENV=str(project / ".venv"))
    env["PATH"] = f"{project / '.venv' / 'bin'}{os.pathsep}{env['PATH']}"
    uv = Path(sys.executable).with_name("uv")
    check_output(run(uv, "venv", "-q", "--python", find_tool(found), ".venv", cwd=project, env=env))
    check_output(run(uv, "pip", "install", "-q", "-r", "requirements-dev.txt", cwd=project, env=env))
    assert run(uv, "add", "requests", cwd=project, env=env).returncode
    text = page(project, "Add a dependency")
    [example], [lines] = re.findall("such as `(.*?)`", text), blocks(text)
    append("requirements.in", "".join(f"{line}\n" for line in (example, *ASKED)))(project)
    check_output(run("bash", "-euc", lines, cwd=project, env=env))
    script = project / "localpackage" / "script.py"
    first, rest = script.read_text("utf-8").split("\n", 1)
    script.write_text(f"{first}\n\n{IMPORTS}{rest}", "utf-8")
    for command in (("pytest", "-q"), ("mypy", ".")):
        check_output(run(*command, cwd=project, env=env))
