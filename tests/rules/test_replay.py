"""Answers from a replay file, a config or .cruft.json: unsafe ones are refused and never run."""

import json
from pathlib import Path

import pytest
import yaml

from tests.support.folders import contents
from tests.support.processes import check_output, environment, run_module
from tests.support.questions import QUESTIONS, REFUSED, ROOT
from tests.support.types import Cookiecutter
from tests.support.updates import cruft


@pytest.fixture(scope="session")
def replay_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The replay file that cookiecutter wrote when it made a function."""
    home = tmp_path_factory.mktemp("replay")
    answers = ("description=😀 \\d", "local_package=none")
    check_output(run_module("cookiecutter", ROOT, "--no-input", *answers, cwd=home, env=environment(home)))
    return home / ".cookiecutter_replay" / f"{ROOT.name}.json"


def edit_replay(replay_file: Path, tmp_path: Path, **changed: object) -> str:
    """Return the path of a copy of the replay file with some answers changed."""
    context = json.loads(replay_file.read_text("utf-8"))
    context["cookiecutter"].update(changed)
    (tmp_path / "replay.json").write_text(json.dumps(context), "utf-8")
    return str(tmp_path / "replay.json")


def test_replay_file_makes_the_same_project(cookiecutter: Cookiecutter, replay_file: Path, tmp_path: Path) -> None:
    done = cookiecutter("--replay-file", edit_replay(replay_file, tmp_path))
    assert done.returncode == 0, done.stdout
    assert contents(tmp_path / "out") == {
        name: held for name, held in contents(replay_file.parent.parent).items() if name.startswith("hello-function")
    }


A_CHOICE = "use one of "


@pytest.mark.parametrize(
    ("question", "value", "fix"),
    [
        *((question, values[0], "") for question, values in REFUSED.items()),
        ("trigger", "../../hooks", A_CHOICE), ("python_version", "3.9", A_CHOICE), ("python_version", 3.12, A_CHOICE),
        ("deploy_with", "make", A_CHOICE), ("hashes", "yes", "use true or false."),
        ("description", "{{ 7 }}", ""), ("function_name", 7, "use text."), ("region", None, ""),
    ],
)  # fmt: skip
def test_replay_file_with_an_invalid_answer(
    cookiecutter: Cookiecutter, replay_file: Path, tmp_path: Path, question: str, value: object, fix: str
) -> None:
    mine = tmp_path / "out" / "hello-function" / "main.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    done = cookiecutter("--replay-file", edit_replay(replay_file, tmp_path, **{question: value}), "-f")
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1), done.stdout
    if fix == A_CHOICE:
        fix += f"{', '.join(QUESTIONS[question])}."
    assert done.stdout.startswith(f"{question}: {value!r} is not valid: {fix}")
    assert contents(tmp_path / "out").keys() == {"hello-function", "hello-function/main.py"}
    assert mine.read_text() == "mine"


def test_replay_file_without_the_extension_changes_no_file(
    cookiecutter: Cookiecutter, replay_file: Path, tmp_path: Path
) -> None:
    """cookiecutter gives up at the first file, so all it adds is empty folders."""
    mine = tmp_path / "out" / "hello-function" / "main.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    mine_only = {"hello-function/main.py": ("file", b"mine")}
    for name in ("../evil", "hello-function"):
        done = cookiecutter(
            "--replay-file", edit_replay(replay_file, tmp_path, _extensions=[], function_name=name), "-f"
        )
        assert done.returncode != 0
        assert {name: thing for name, thing in contents(tmp_path / "out").items() if thing[0] == "file"} == mine_only
        assert not (tmp_path / "evil").exists()


PRIVATE = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
PRIVATE = {name: value for name, value in PRIVATE.items() if name.startswith("_") and name != "__prompts__"}
LEAVE_IT_OUT = "leave it out: only the template sets it."


def expression_that_creates(expression: str, file: Path) -> str:
    """Return a value that creates a file when Jinja renders it."""
    return expression.replace("CODE", f"cycler.__init__.__globals__.os.open({str(file)!r}, 65)")


@pytest.mark.parametrize("channel", ["command line", "config", "replay file"])
# Versions up to 0.3.0 had both.
@pytest.mark.parametrize("name", ["__before", "__after"])
def test_unknown_private_value_is_never_run(
    cookiecutter: Cookiecutter, replay_file: Path, tmp_path: Path, name: str, channel: str
) -> None:
    value = expression_that_creates("{{ CODE }}", tmp_path / "was-run")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"default_context": {name: value}}), "utf-8")
    arguments = {
        "command line": ("--no-input", f"{name}={value}"),
        "config": ("--no-input", "--config-file", str(tmp_path / "config.yaml")),
        "replay file": ("--replay-file", edit_replay(replay_file, tmp_path, **{name: value})),
    }
    done = cookiecutter(*arguments[channel])
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "out" / "hello-function" / "main.py").is_file() and not (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    "marks",
    [
        {"trim_blocks": False},
        {"newline_sequence": "\r\n"},
        {"variable_start_string": "<<", "variable_end_string": ">>"},
        {"block_start_string": "<%", "block_end_string": "%>"},
        {"line_statement_prefix": "%"},
    ],
)
def test_only_the_template_configures_jinja(
    cookiecutter: Cookiecutter, tmp_path: Path, marks: dict[str, object]
) -> None:
    code = expression_that_creates("<< CODE >>\n<% if CODE %><% endif %>\n% if CODE\n% endif\n", tmp_path / "was-run")
    config = {"default_context": {"_jinja2_env_vars": marks, "local_package": code}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    done = cookiecutter("--no-input", "--config-file", str(tmp_path / "config.yaml"))
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1), done.stdout
    assert done.stdout.startswith("_jinja2_env_vars: ") and done.stdout.endswith(f" is not valid: {LEAVE_IT_OUT}\n")
    assert ("'<<>>'" in done.stdout) == ("variable_start_string" in marks)
    assert contents(tmp_path / "out") == {} and not (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_jinja2_env_vars", {}), ("_jinja2_env_vars", {**PRIVATE["_jinja2_env_vars"], "trim_blocks": False}),
        ("_jinja2_env_vars", {**PRIVATE["_jinja2_env_vars"], "variable_start_string": "<<"}),
        ("_extensions", PRIVATE["_extensions"] * 2), ("_extensions", [*PRIVATE["_extensions"], "jinja2.ext.do"]),
    ],
)  # fmt: skip
def test_replay_file_with_a_changed_private_value(
    cookiecutter: Cookiecutter, replay_file: Path, tmp_path: Path, name: str, value: object
) -> None:
    done = cookiecutter("--replay-file", edit_replay(replay_file, tmp_path, **{name: value}))
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1), done.stdout
    assert done.stdout.startswith((f"{name}: {value!r:.70}", f"{name}: '<<}}}}'"))
    assert done.stdout.endswith(f" is not valid: {LEAVE_IT_OUT}\n")
    assert contents(tmp_path / "out") == {}


def test_private_value_in_cruft_json_is_never_run(template: Path, home: Path, tmp_path: Path) -> None:
    """cruft passes such values on no longer; its older versions did."""
    code = expression_that_creates("{{ CODE }}", tmp_path / "was-run")
    create, extra = ("create", template, "--no-input"), ("--extra-context", json.dumps({"__before": code}))
    check_output(cruft(*create, *extra, cwd=home, home=home))
    kept = json.loads((home / "hello-function" / ".cruft.json").read_text("utf-8"))
    kept["context"]["cookiecutter"]["__before"] = code
    (home / "hello-function" / ".cruft.json").write_text(json.dumps(kept), "utf-8")
    check_output(cruft("diff", cwd=home / "hello-function", home=home))
    assert not (tmp_path / "was-run").exists()
