"""What comes out, whatever the answers: the exact files, clean, compiling and the same each time."""

import ast
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.support.combinations import EACH, SOME_OR_ALL, files, together
from tests.support.folders import contents
from tests.support.pages import both_pages, wide_lines
from tests.support.processes import check_output, environment, run
from tests.support.questions import COMBINATIONS, QUESTIONS, ROOT, TRIGGERS, fact, label
from tests.support.types import Bake

COMMON = {
    ".env.example", ".gcloudignore", ".gitattributes", ".gitignore", ".vscode/launch.json", ".vscode/settings.json", "AGENTS.md", "README.md", "REFERENCE.md", "cloud_logging.py", "deploy.yaml", "main.py", "pyproject.toml",
    "requirements-dev.in", "requirements-dev.txt", "requirements.in", "requirements.txt",
    "tests/conftest.py", "tests/guard/conftest.py", "tests/guard/test_code.py", "tests/guard/test_layout.py",
    "tests/guard/test_requirements_files.py", "tests/guard/test_secrets.py", "tests/guard/test_shared_code.py", "tests/guard/test_upload.py",
    "tests/test_main.py",
}  # fmt: skip
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# What another way of deployment has instead of some of these.
GCLOUD, FIREBASE = {".env.example", ".gcloudignore", "deploy.yaml"}, {".env.my-project", "firebase.json", "functions.yaml", "tests/guard/test_firebase.py"}  # fmt: skip


CI = {
    "none": set(),
    "github": {".github/dependabot.yml", ".github/workflows/function.yml", ".python-version", "tests/audit.py"},
    "gitlab": {".gitlab-ci.yml", "tests/audit.py"},
    "cloudbuild": {"cloudbuild.yaml", "tests/audit.py"},
}


@together
@pytest.mark.parametrize("answers", EACH)
def test_files_of_each_combination(bake: Bake, answers: dict[str, Any]) -> None:
    project = bake(**answers)
    package = answers["local_package"]
    samples = {f"events/{path.name}" for path in (ROOT / "templates" / answers["trigger"] / "events").glob("*")}
    special = samples | ({"delivery.py"} if fact(answers["trigger"], "contract") == "event" else set())
    local = {f"{package}/__init__.py", f"{package}/script.py"} if package != "none" else set()
    made = COMMON | local | special | CI[answers["ci"]]
    if answers["deploy_with"] == "firebase":
        made = made - GCLOUD | FIREBASE
    assert files(project) == made
    folders = {name for name, (kind, _) in contents(project).items() if kind == "folder"}
    assert folders == {str(parent) for name in made for parent in PurePosixPath(name).parents} - {"."}


@together
@pytest.mark.parametrize("answers", EACH)
def test_rendered_text_is_clean(bake: Bake, answers: dict[str, Any]) -> None:
    project = bake(**answers)
    for name in files(project):
        raw = (project / name).read_bytes()
        text = raw.decode("utf-8")
        # Firebase's CLI has braces of its own.
        assert not re.search(r"(?<!\$)\{\{(?! params\.)|\{%|\{#|cookiecutter\.", text), f"Jinja left in {name}"
        assert b"\r" not in raw and not re.search(r"[ \t]+$", text, re.MULTILINE), name
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), f"{name} must end in one newline"
        assert "\n\n\n\n" not in text and not text.startswith("\n"), name
        assert not re.search(r"https?://[^\s]*(pypi|pythonhosted)|file://|/tmp/|/home/", text), name
        assert not [other for other in GCLOUD | FIREBASE if other in text and not (project / other).exists()], name
        if answers["local_package"] == "none":
            # REFERENCE.md's command that links the function to its template tells all answers.
            assert not re.search(r"local.?package", text.replace('"local_package": "none"', ""), re.IGNORECASE), name


@together
@pytest.mark.slow
@pytest.mark.parametrize("answers", COMBINATIONS, ids=label)
def test_python_version_changes_its_mentions_only(bake: Bake, answers: dict[str, Any]) -> None:
    standard = {**answers, "python_version": QUESTIONS["python_version"][0]}
    project, expected = bake(**answers), bake(**standard)
    assert files(project) == files(expected)
    mention = re.compile(r"\b(python)?3\.?({}|{})\b".format(*(a["python_version"][2:] for a in (answers, standard))))
    for name in files(project):
        texts = [(folder / name).read_text("utf-8") for folder in (project, expected)]
        assert mention.sub("Python", texts[0]) == mention.sub("Python", texts[1]), name


def test_jinja_left_behind_fails(bake: Bake, fresh: Bake) -> None:
    project = fresh()
    (project / "main.py").write_text("# {{ fn.entry_point }}\n")
    with pytest.raises(AssertionError, match="Jinja left in main.py"):
        test_rendered_text_is_clean(lambda **_: project, dict(COMBINATIONS[0]))


def definitions(*files: Path) -> list[str]:
    """Return the classes and functions of some files, sorted, without the name of the logic's module."""
    trees = [ast.parse(file.read_text("utf-8")) for file in files]
    found = [node for tree in trees for node in tree.body if isinstance(node, DEFINITIONS)]
    return sorted(ast.unparse(node).replace("script.", "") for node in found)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_one_file_defines_what_main_and_script_do(bake: Bake, trigger: str) -> None:
    two, one = bake(trigger=trigger), bake(trigger=trigger, local_package="none")
    expected = definitions(two / "main.py", two / "localpackage" / "script.py")
    assert definitions(one / "main.py") == expected


@together
@SOME_OR_ALL
def test_main_and_readme_are_short(bake: Bake, combinations: list[dict[str, Any]]) -> None:
    for project in (bake(**answers) for answers in combinations):
        assert len((project / "README.md").read_text("utf-8").splitlines()) <= 78, project
        assert wide_lines(both_pages(project)) == []
    for trigger in TRIGGERS:
        assert len((bake(trigger=trigger) / "main.py").read_text("utf-8").splitlines()) <= 100
    assert len(files(bake())) <= 28


def test_same_answers_make_the_same_bytes(tmp_path: Path, home: Path) -> None:
    # Sets have another order in each process, and with each of these seeds.
    for seed in ("1", "2"):
        command = (sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "-o", tmp_path / seed)
        check_output(run(*command, cwd=home, env=environment(home, PYTHONHASHSEED=seed)))
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
