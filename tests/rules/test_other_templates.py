"""Modules and templates of others, in the process that renders this one."""

import json
import sys
from pathlib import Path

from tests.support.folders import append
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT
from tests.support.types import Cookiecutter


def another_template(folder: Path, file: str, module: str, code: str) -> Path:
    """Make a template with one file, and an extension in a module of its own."""
    asked = {"name": "theirs", "_extensions": [f"{module}.Theirs"]}
    append("other/cookiecutter.json", json.dumps(asked))(folder)
    append("other/{{cookiecutter.name}}/file", file)(folder)
    append(f"other/{module}.py", f"from jinja2.ext import Extension\n\n\nclass Theirs(Extension):\n{code}\n")(folder)
    return folder / "other"


def test_local_extensions_in_the_current_folder(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    """`python -m` puts the folder one is in before all others."""
    (tmp_path / "local_extensions.py").write_text("raise SystemExit('not this one')\n")
    check_output(cookiecutter("--no-input"))
    assert (tmp_path / "out" / "hello-function" / "main.py").is_file()


def test_local_extensions_of_another_template(tmp_path: Path, home: Path) -> None:
    other = another_template(tmp_path, "{{ cookiecutter.name }}", "local_extensions", "    pass")
    code = f"""
import sys
from cookiecutter.main import cookiecutter
for template in {str(other)!r}, {str(ROOT)!r}:
    cookiecutter(template, no_input=True)
assert sys.modules["local_extensions"].Theirs
"""
    check_output(run(sys.executable, "-c", code, cwd=tmp_path, env=environment(home)))
    assert (tmp_path / "theirs" / "file").is_file() and (tmp_path / "hello-function" / "main.py").is_file()


def test_jinja_in_an_answer_that_another_template_gives(tmp_path: Path, home: Path) -> None:
    """Its own files are being made while ours is asked."""
    code = f"""
    def __init__(self, environment):
        from cookiecutter.main import cookiecutter
        environment.globals["bake"] = lambda answers: cookiecutter({str(ROOT)!r}, None, True, answers)
"""
    other = another_template(tmp_path, "{{ bake({'description': '{{ 7 }}'}) }}", "their_extensions", code)
    done = run(sys.executable, "-m", "cookiecutter", other, "--no-input", cwd=tmp_path, env=environment(home))
    assert done.stdout.splitlines()[-1].startswith("description: '{{ 7 }}' is not valid")
