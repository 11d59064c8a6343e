"""A project's own tests run beside what a user adds, and beside those of other functions."""

from pathlib import Path

import pytest

from tests.support.folders import append
from tests.support.guard import own_tests
from tests.support.processes import check_output, environment, run_module
from tests.support.types import Bake

pytestmark = pytest.mark.slow


def test_conftest_of_the_user_imports_the_package(fresh: Bake, scripts: Path, home: Path) -> None:
    """It is loaded before any test file, beside the tests or beside main.py; what it changes, the function sees."""
    project = fresh()
    change = "from localpackage import script\n\nscript.greeting = lambda name: 'changed'\n"
    test = "\n\ndef test_changed(client) -> None:\n    assert client.get('/').json == {'message': 'changed'}\n"
    (project / "tests" / "unit").mkdir()
    (project / "tests" / "unit" / "test_unit.py").write_text(test)
    for place in (project / "tests" / "unit", project):
        (place / "conftest.py").write_text(change)
        check_output(own_tests(scripts, project, home, "tests/unit"))
        (place / "conftest.py").unlink()


OWN_PACKAGE = """from localpackage import script


def test_own_package(client, monkeypatch) -> None:
    assert script.__file__.startswith(__file__.removesuffix("tests/test_script.py"))
    monkeypatch.setattr(script, "{logic}", lambda *_: "patched")
    assert client.get("/").get_data(as_text=True).count("patched") == {times}
"""


# It has read its variables before the function's own tests set them. What a test changes there stays.
OWN_DELIVERY = """import delivery


def test_own_change(monkeypatch, request) -> None:
    monkeypatch.setattr(delivery, "DEAD_LETTER", True)
    request.getfixturevalue("client")
    assert delivery.DEAD_LETTER


"""


ANOTHER_MAIN = """import sys

sys.path.insert(0, __file__.removesuffix("test_another.py"))
import main


def test_main_is_still_its_own() -> None:
    assert sys.modules["main"] is main
"""


@pytest.mark.parametrize(("function_name", "package"), [("localpackage", "localpackage"), ("send-mail", "send_mail")])
def test_function_named_as_its_package(bake: Bake, scripts: Path, home: Path, function_name: str, package: str) -> None:
    check_output(own_tests(scripts, bake(function_name=function_name, local_package=package), home))


@pytest.mark.parametrize("module", [True, False])
def test_several_functions_in_one_process(fresh: Bake, scripts: Path, home: Path, tmp_path: Path, module: bool) -> None:
    """As an IDE tests them that opens the root of a repository: names of one word and of two, and with digits."""
    for name, trigger in {
        "thumbnails": "http",
        "second-function": "pubsub",
        "resize2": "http",
        "job-4x": "schedule",
    }.items():
        logic = {"http": "greeting", "pubsub": "handle", "schedule": "run"}[trigger]
        test = OWN_PACKAGE.format(logic=logic, times=int(trigger == "http"))
        if trigger == "pubsub":
            test = OWN_DELIVERY + test
        (fresh(function_name=name, trigger=trigger) / "tests" / "test_script.py").write_text(test)
    fresh(function_name="in-one-file", local_package="none")
    repository = tmp_path / "fresh"
    # Folders that are not the template's: the tests of one are loaded and run first, those of the other last.
    append("aaa/requirements.txt", "")(repository)
    for name in ("aaa", "zebra"):
        append(f"{name}/main.py", "")(repository)
    append("aaa/test_first.py", ANOTHER_MAIN.replace("test_another", "test_first"))(repository)
    append("zebra/test_another.py", ANOTHER_MAIN)(repository)
    # With -m, the root is on Python's path, and so are the folders of the functions, as modules.
    flags = ("-B",) if module else ("-B", "-P")
    options = ("-q", "-p", "no:cacheprovider", "--import-mode=importlib")

    def check(folder: Path, *which: str) -> None:
        done = run_module(
            "pytest", *options, *which, python=scripts / "python", options=flags, cwd=folder, env=environment(home)
        )
        check_output(done)

    for which in ((), ("second-function", "thumbnails/tests/test_script.py"), ("thumbnails", "second-function")):
        check(repository, *which)
    check(repository / "second-function")
