"""The questions: which answers are accepted, and that a refusal is one line and writes nothing."""

import unicodedata
from pathlib import Path

import pytest
import yaml
from cookiecutter.exceptions import FailedHookException

from tests.support.folders import contents
from tests.support.questions import ACCEPTED, QUESTIONS, REFUSED, typed
from tests.support.types import Bake, Cookiecutter


@pytest.mark.parametrize(("question", "value"), [(q, v) for q, values in REFUSED.items() for v in values])
def test_invalid_answer_is_refused(bake: Bake, question: str, value: str) -> None:
    with pytest.raises(FailedHookException) as refusal:
        bake(**{question: value})
    message = str(refusal.value)
    assert message.startswith(f"{question}: ") and len(message.splitlines()) == 1
    assert repr(value)[:70] in message


@pytest.mark.parametrize(("question", "value"), [(q, v) for q, values in ACCEPTED.items() for v in values])
def test_valid_answer_is_accepted(bake: Bake, question: str, value: str) -> None:
    assert (bake(**{question: value}) / "main.py").is_file()


def test_every_category_of_characters_is_tried() -> None:
    named = {unicodedata.category(c) for v in REFUSED["description"] for c in v} & {"Cc", "Cs", "Zl", "Zp"}
    assert named == {"Cc", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(("question", "value"), [(q, values[0]) for q, values in REFUSED.items()])
def test_refusal_on_the_command_line(cookiecutter: Cookiecutter, tmp_path: Path, question: str, value: str) -> None:
    done = cookiecutter("--no-input", f"{question}={value}")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1 and done.stdout.startswith(f"{question}: {value!r} ")
    assert contents(tmp_path / "out") == {}


@pytest.mark.parametrize("value", ["{{", "{{ 7 * 7 }}", "{% for %}", "{#"])
@pytest.mark.parametrize("question", REFUSED)
def test_jinja_in_an_answer_is_never_run(bake: Bake, question: str, value: str) -> None:
    with pytest.raises(FailedHookException) as refusal:
        bake(**{question: value})
    assert str(refusal.value).startswith(f"{question}: {value!r} is not valid: leave out {{{{ }}}} ")


@pytest.mark.parametrize("question", REFUSED)
def test_invalid_answer_is_refused_before_the_next_question(
    cookiecutter: Cookiecutter, tmp_path: Path, question: str
) -> None:
    names = list(QUESTIONS)
    before = names.index(question)
    done = cookiecutter(stdin="\n" * before + "{{ no }}\n" + "\n" * 9)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].partition(f"{question}: '{{{{ no }}}}' is not valid")[1]
    # The answer to the question is read, and no further one is put.
    assert f"[{before + 1}/{len(names)}]" in done.stdout and f"[{before + 2}/{len(names)}]" not in done.stdout
    assert contents(tmp_path / "out") == {}


def test_prompt_answers_are_used(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    done = cookiecutter(
        stdin=typed(
            function_name="my-function",
            description="Says hello.",
            python_version="3.12",
            local_package="logic",
            ci="github",
            hashes=True,
        )
    )
    assert done.returncode == 0, done.stdout
    made = tmp_path / "out" / "my-function"
    assert (made / "logic" / "script.py").is_file() and "--hash=" in (made / "requirements.txt").read_text("utf-8")
    assert (made / ".python-version").read_text("utf-8") == "3.12\n"
    assert 'python_version = "3.12"' in (made / "pyproject.toml").read_text("utf-8")


def test_answers_in_a_user_config(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    answers = {"function_name": "from-config", "python_version": "3.12", "hashes": True, "local_package": "none"}
    config.write_text(yaml.safe_dump({"default_context": answers}), "utf-8")
    done = cookiecutter("--no-input", "--config-file", str(config))
    assert done.returncode == 0, done.stdout
    assert not (tmp_path / "out" / "from-config" / "localpackage").exists()
    config.write_text(yaml.safe_dump({"default_context": {**answers, "function_name": "../x"}}), "utf-8")
    done = cookiecutter("--no-input", "--config-file", str(config))
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1)
    assert done.stdout.startswith("function_name: '../x' ")


def test_cookiecutter_refuses_an_unknown_choice(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    done = cookiecutter("--no-input", "python_version=3.9")
    assert done.returncode == 1 and "Traceback" in done.stdout and contents(tmp_path / "out") == {}
    done = cookiecutter("--no-input", "hashes=perhaps")
    assert done.returncode == 1 and "Traceback" in done.stdout and contents(tmp_path / "out") == {}


def test_cookiecutter_ignores_a_config_from_an_unknown_choice_on(cookiecutter: Cookiecutter, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("default_context:\n  python_version: 3.12\n  function_name: never-seen\n", "utf-8")
    done = cookiecutter("--no-input", "--config-file", str(config))
    assert done.returncode == 0 and "Invalid default received" in done.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["hello-function"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [("\n" + "x" * 76, "'\\n" + "x" * 76 + "'"), ("\n" + "x" * 77, "'\\n" + "x" * 74 + "...")],
    ids=["whole", "cut"],
)
def test_refusal_shows_at_most_80_characters_of_an_answer(bake: Bake, value: str, shown: str) -> None:
    with pytest.raises(FailedHookException) as refusal:
        bake(description=value)
    assert str(refusal.value) == f"description: {shown} is not valid: use one line without control characters."
