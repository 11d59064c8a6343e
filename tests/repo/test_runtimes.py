"""tools/runtimes.py: one line offers another Python, and nothing else changes."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import runtimes

from tests.support.folders import edit
from tests.support.processes import check_output, environment, run
from tests.support.questions import QUESTIONS, ROOT
from tests.support.types import Cookiecutter

FILES = ("cookiecutter.json", "tools/template_status.py")
LAST = list(json.loads((ROOT / "rules" / "runtimes.json").read_text("utf-8")))[-1]
NEXT = f"3.{int(LAST.partition('.')[2]) + 1}"
LINE = f',\n  "{NEXT}": {{"deprecated": "2031-10-01", "decommissioned": "2099-04-01"}}\n}}'


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__", "tests")
    return Path(shutil.copytree(ROOT, tmp_path / "copy", ignore=ignored))


def texts(template: Path) -> list[str]:
    return [(template / name).read_text("utf-8") for name in FILES]


def test_pythons_are_those_of_runtimes_json(copy: Path) -> None:
    runtimes.update(copy)
    assert texts(copy) == texts(ROOT), "write them: uv run tools/refresh.py"


def test_one_line_offers_another_python(copy: Path, cookiecutter: Cookiecutter, home: Path, tmp_path: Path) -> None:
    edit("rules/runtimes.json", "\n}", LINE)(copy)
    check_output(run(sys.executable, "-B", "tools/runtimes.py", cwd=copy, env=environment(home)))
    first, *rest = QUESTIONS["python_version"]
    asked = json.loads((copy / "cookiecutter.json").read_text("utf-8"))
    assert asked["python_version"] == [first, NEXT, *rest]
    labels = asked["__prompts__"]["python_version"]
    assert labels.keys() == {"__prompt__", first, NEXT, *rest}
    assert labels[NEXT] == f"{NEXT} - until April 2099, the newest" and "newest" not in labels[LAST]
    assert f'"{NEXT}": "2099-04-01"' in texts(copy)[1]
    check_output(cookiecutter("--no-input", f"python_version={NEXT}", template=copy))
    made = tmp_path / "out" / "hello-function"
    assert f"--runtime: python{NEXT.replace('.', '')}\n" in (made / "deploy.yaml").read_text("utf-8")
    assert f"on any Python from 3.11 to {NEXT} " in (made / "REFERENCE.md").read_text("utf-8")


def test_end_within_a_year_is_told(copy: Path, home: Path) -> None:
    said = check_output(run(sys.executable, "-B", "tools/runtimes.py", cwd=copy, env=environment(home)))
    edit("rules/runtimes.json", '"decommissioned": "', '"decommissioned": "2000-01-01", "was": "')(copy)
    more = check_output(run(sys.executable, "-B", "tools/runtimes.py", cwd=copy, env=environment(home)))
    first = next(iter(json.loads((ROOT / "rules" / "runtimes.json").read_text("utf-8"))))
    line = f"Python {first} ends on 2000-01-01.\n"
    assert more.startswith(line) and line not in said
