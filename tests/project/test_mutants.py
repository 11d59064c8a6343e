"""A project's own tests find mistakes: each way to break its code, and a warning."""

import ast
import re
from pathlib import Path

import pytest

from tests.support import mutants
from tests.support.deploying import ONE_OF_EACH_CONTRACT
from tests.support.guard import own_tests
from tests.support.processes import check_output
from tests.support.questions import TRIGGERS
from tests.support.types import Bake, Installed

pytestmark = pytest.mark.slow


def fails(scripts: Path, project: Path, home: Path) -> bool:
    """Whether a project's own tests find a mistake; those of the function, which find most, are asked first."""
    parts = ("tests/test_main.py", "tests/guard")
    # 2 if the tests themselves import the mistake.
    return any(own_tests(scripts, project, home, part).returncode in (1, 2) for part in parts)


def test_warning_of_our_code_fails(fresh: Bake, scripts: Path, home: Path) -> None:
    project = fresh(trigger="http")
    main = project / "main.py"
    text = main.read_text("utf-8").replace(
        "    if request.method in", "    warnings.warn('old', stacklevel=1)\n    if request.method in"
    )
    main.write_text(f"import warnings\n{text}", "utf-8")
    done = own_tests(scripts, project, home)
    assert done.returncode == 1 and "UserWarning: old" in done.stdout


@pytest.mark.parametrize(
    ("local_package", "trigger"),
    [*(("localpackage", trigger) for trigger in TRIGGERS), *(("none", trigger) for trigger in ONE_OF_EACH_CONTRACT)],
)
def test_each_mutant_is_caught(fresh: Bake, installed: Installed, home: Path, trigger: str, local_package: str) -> None:
    project = fresh(trigger=trigger, local_package=local_package)
    scripts = installed(project)
    check_output(own_tests(scripts, project, home))
    main = project / "main.py"
    sources = {main: mutants.of_main(main.read_text("utf-8"), "hello_function")}
    if local_package != "none":
        script = project / local_package / "script.py"
        sources[script] = list(mutants.of_kind(script.read_text("utf-8"), mutants.never_true))
    if trigger == "storage":
        delivery = project / "delivery.py"
        sources[delivery] = list(mutants.of_kind(delivery.read_text("utf-8"), mutants.never_true))
    assert len(sources[main]) > 6
    if local_package == "none":
        # The rest of main.py is that of the other case, letter for letter but for the logic's place.
        sources[main] = list(mutants.of_entry_point(main.read_text("utf-8"), "hello_function"))
    survivors = []
    for path, broken in sources.items():
        original = path.read_text("utf-8")
        for what, source in broken:
            ast.parse(source)
            path.write_text(source, "utf-8")
            if not fails(scripts, project, home):
                survivors.append(f"{path.name}: {what}")
        path.write_text(original, "utf-8")
    assert not survivors


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("local_package", ["localpackage", "none"])
def test_one_test_pins_the_words_of_the_logic(
    fresh: Bake, installed: Installed, home: Path, trigger: str, local_package: str
) -> None:
    project = fresh(trigger=trigger, local_package=local_package)
    logic = project / ("main.py" if local_package == "none" else "localpackage/script.py")
    changed, times = re.subn(r'(return f|logger\.info\()"', r'\1"Other words: ', logic.read_text("utf-8"))
    assert times == 1
    logic.write_text(changed, "utf-8")
    done = own_tests(installed(project), project, home, "tests/test_main.py", "--maxfail=9")
    assert done.returncode == 1 and "\n1 failed, " in done.stdout, done.stdout
