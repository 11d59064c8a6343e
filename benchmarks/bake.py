"""Bake: our template against an empty one and its own output, and the way from nothing to passed tests."""

import shutil
import tempfile
from functools import partial
from pathlib import Path

from benchmarks import measure
from tests.support.questions import ROOT

TEXT = """## Bake

From the command to the folder:

{bakes}
*Our files as they come out* have no Jinja in them, and their hook is empty. What ours takes more than those is
its rules, its hook and Jinja, which compiles each file before it fills it in.

From nothing to passed tests, once, with an empty cache of uv:

{way}"""


def template_of(files: Path, *hooks: str) -> Path:
    """Turn a folder of files into a template that makes them as they are, with empty hooks; return it."""
    template = files.with_name(f"{files.name}-template")
    shutil.copytree(files, template / "{{cookiecutter.function_name}}")
    (template / "cookiecutter.json").write_text('{"function_name": "hello-function"}')
    (template / "hooks").mkdir()
    for hook in hooks:
        (template / "hooks" / hook).touch()
    return template


def way(folder: Path) -> str:
    """Return the table of the steps that a bake prints, and of the tests."""
    folder.mkdir()
    project = folder / "hello-function"
    python = project / ".venv" / "bin" / "python"
    locks = ("-r", project / "requirements.txt", "-r", project / "requirements-dev.txt")
    took = {
        "cookiecutter": measure.seconds(folder, *measure.COOKIECUTTER, ROOT),
        "uv venv": measure.seconds(folder, *measure.UV, "venv", project / ".venv"),
        "uv pip install": measure.seconds(folder, *measure.UV, "pip", "install", "--python", python, *locks),
        "pytest": measure.seconds(folder, python, "-m", "pytest", project),
    }
    took["together"] = sum(took.values())
    return measure.table(took, [[f"{seconds:.1f} s" for seconds in took.values()]])


def bake(work: Path, template: Path) -> float:
    """Return the seconds from the command to a new folder."""
    return measure.seconds(Path(tempfile.mkdtemp(dir=work)), *measure.COOKIECUTTER, template)


def report(work: Path, pairs: int) -> str:
    (work / "empty").mkdir()
    (work / "empty" / "main.py").write_text("print('hello')\n")
    made = measure.bake(work / "made")
    templates = {
        "an empty template of one file, no hooks": template_of(work / "empty"),
        "our files as they come out, an empty hook": template_of(made, "post_gen_project.py"),
    }
    rows = []
    for name, template in templates.items():
        took, ratio = measure.compare(partial(bake, work, template), partial(bake, work, ROOT), pairs)
        rows.append((name, f"{took * 1000:.0f} ms", ratio))
    bakes = measure.table(("against", "takes", "ours / it"), rows)
    return TEXT.format(bakes=bakes, way=way(work / "way"))
