"""The generated function as the framework serves it: installed from its own locks, tested, asked over a socket."""

import ast
import http.client
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support import mutants
from tests.support.deploying import ONE_OF_EACH_CONTRACT
from tests.support.folders import append, edit
from tests.support.pages import both_pages
from tests.support.processes import check_output, environment, posix_only, require_tool, run, run_module
from tests.support.questions import COMBINATIONS, TRIGGERS, label, variables
from tests.support.serving import Served, check, served, served_by
from tests.support.types import Bake, Done, Installed
from tests.support.waiting import until

pytestmark = pytest.mark.slow
TRACE = "0123456789abcdef0123456789abcdef"
# Warnings from our own code are errors. The framework has deprecations of its own.
WARNINGS = "filterwarnings=error:::(main|cloud_logging|delivery|localpackage)"
OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-o", WARNINGS)


@pytest.mark.parametrize("answers", COMBINATIONS, ids=label)
def test_installed_tested_and_served(bake: Bake, installed: Installed, home: Path, answers: dict[str, Any]) -> None:
    trigger, python = answers["trigger"], require_tool(f"python{answers['python_version']}")
    project = bake(**answers)
    scripts = installed(project, python)
    check_output(run(scripts / "python", "-B", "-m", "pytest", *OPTIONS, cwd=project, env=environment(home)))
    with served(scripts, project, "hello_function", home) as function:
        check(trigger, function)


def own_tests(scripts: Path, project: Path, home: Path, *which: str) -> Done:
    """Run a project's own tests, or some of them, in the shared environment."""
    env = environment(home, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    python = scripts / "python"
    return run_module("pytest", *OPTIONS, *which, python=python, options=("-B",), cwd=project, env=env)


def fails(scripts: Path, project: Path, home: Path) -> bool:
    """Whether a project's own tests find a mistake; those of the function, which find most, are asked first."""
    parts = ("tests/test_main.py", "tests/guard")
    return any(own_tests(scripts, project, home, part).returncode == 1 for part in parts)


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
            # 2 if the tests themselves import the mutant.
            if own_tests(scripts, project, home).returncode not in (1, 2):
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


ANOTHER_MAIN = """import sys

sys.path.insert(0, __file__.removesuffix("test_another.py"))
import main


def test_main_is_still_its_own() -> None:
    assert sys.modules["main"] is main
"""


@pytest.mark.parametrize("names", [{"function_name": "localpackage"}, {"local_package": "hello_function"}])
def test_function_named_as_its_package(bake: Bake, scripts: Path, home: Path, names: dict[str, str]) -> None:
    check_output(own_tests(scripts, bake(**names), home))


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
    pytest_ = (scripts / "python", "-B", "-m", "pytest") if module else (scripts / "pytest",)
    options = ("-q", "-p", "no:cacheprovider", "--import-mode=importlib")
    for which in ((), ("second-function", "thumbnails/tests/test_script.py"), ("thumbnails", "second-function")):
        check_output(run(*pytest_, *options, *which, cwd=repository, env=environment(home)))
    check_output(run(*pytest_, *options, cwd=repository / "second-function", env=environment(home)))


@pytest.mark.parametrize("execution_id", ["", "true"])
@pytest.mark.parametrize(
    ("trigger", "work"), [("http", "    if request.method in"), ("async-http", "    try:\n        name =")]
)
def test_logs_are_structured(
    fresh: Bake, scripts: Path, home: Path, trigger: str, work: str, execution_id: str
) -> None:
    project = fresh(trigger=trigger)
    seen = (
        "    logger.info('seen %s', '😀')\n    logging.getLogger('a.library').info('{}')\n    print('printed')\n"
        "    if 'fail' in str(request.url):\n        raise RuntimeError('on purpose')\n"
    )
    edit("main.py", work, seen + work)(project)
    given = {"GOOGLE_CLOUD_PROJECT": "demo"} | (variables(trigger) if execution_id else {})
    with served(scripts, project, "hello_function", home, **given) as function:
        assert (
            function.ask(headers={"X-Cloud-Trace-Context": f"{TRACE}/7;o=1", "Function-Execution-Id": "x1"})[0] == 200
        )
        assert function.ask("/?fail=1", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})[0] == 500
        assert function.ask(method="PUT")[0] == 405
    lines = function.log.read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines if "printed" not in line]
    said = [entry for entry in entries if entry["message"] == "seen 😀"]
    assert [entry["severity"] for entry in said] == ["INFO"] * 3
    source = said[0]["logging.googleapis.com/sourceLocation"]
    assert source["function"] == "hello_function" and source["file"].endswith("main.py") and int(source["line"]) > 1
    assert [e.get("logging.googleapis.com/trace") for e in said] == [f"projects/demo/traces/{TRACE}"] * 2 + [None]
    assert len([entry for entry in entries if entry["message"] == "{}"]) == 3
    labels = [entry.get("logging.googleapis.com/labels", {}).get("execution_id") for entry in said]
    assert labels[0] == "x1" and all(labels) if execution_id else labels == [None] * 3
    errors = [entry for entry in entries if entry["severity"] == "ERROR"]
    assert (
        len(errors) == 1 and "RuntimeError: on purpose" in errors[0]["message"] and "Traceback" in errors[0]["message"]
    )
    assert [e["message"] for e in entries if e["severity"] == "WARNING"] == ["Refused with 405: use GET or POST"]


WAITING = """
import asyncio
import logging

everybody = asyncio.Barrier(40)


async def greeting(name):
    logging.getLogger("before").info("%s", name)
    await everybody.wait()
    logging.getLogger("after").info("%s", name)
    return name
"""


def by_name(function: Served, name: str) -> tuple[int, Any]:
    """Send a request with a name that is its trace and its execution id too."""
    headers = {"X-Cloud-Trace-Context": f"{name}/1;o=1", "Function-Execution-Id": name}
    status, body, _ = function.ask(f"/?name={name}", headers=headers)
    return status, json.loads(body)


def test_many_requests_are_answered_at_once(fresh: Bake, scripts: Path, home: Path) -> None:
    """More than there are threads wait for each other in one process, and each logs for itself."""
    project = fresh(trigger="async-http")
    append("localpackage/script.py", WAITING)(project)
    names = [f"{number:032x}" for number in range(40)]
    given = {"GOOGLE_CLOUD_PROJECT": "demo", "WORKERS": "1", **variables("async-http")}

    with served(scripts, project, "hello_function", home, **given) as function, ThreadPoolExecutor(40) as threads:
        answers = threads.map(lambda name: by_name(function, name), names)
        assert list(answers) == [(200, {"message": name}) for name in names]
        entries = function.entries()
    assert len(entries) == 80
    for entry in entries:
        name = entry["message"]
        assert entry["logging.googleapis.com/trace"] == f"projects/demo/traces/{name}"
        assert entry["logging.googleapis.com/labels"] == {"execution_id": name}


@posix_only
@pytest.mark.parametrize(
    ("trigger", "command"), [("http", r"functions-framework .* --debug$"), ("async-http", r"\S* ?uvicorn .*")]
)
def test_live_reload(fresh: Bake, scripts: Path, home: Path, trigger: str, command: str) -> None:
    """The reason for the cap on watchdog: with 7 the change is never seen. And an asynchronous function's way round."""
    project = fresh(trigger=trigger)
    found = re.search(f"(?m)^{command}", both_pages(project))
    assert found
    log, script = home / "log", project / "localpackage" / "script.py"
    env = environment(home, PATH=f"{scripts}{os.pathsep}{os.environ['PATH']}")
    with served_by(found[0], project, log, env) as function:

        def greeting() -> str:
            # The process that is reloaded ends in the middle of an answer.
            with suppress(OSError, http.client.HTTPException):
                return str(json.loads(function.ask("/")[1])["message"])
            return ""

        def greeting_of_a_change() -> str:
            # Whoever watches for changes may have begun after the last one.
            script.touch()
            return greeting()

        assert until(greeting, log.read_text) == "Hello, World!"
        script.write_text(script.read_text("utf-8").replace("Hello", "Goodbye"), "utf-8")
        until(lambda: greeting_of_a_change() == "Goodbye, World!", log.read_text)
