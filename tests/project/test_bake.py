"""What comes out, whatever the answers: the exact files, clean, compiling and the same each time."""

import ast
import json
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, meta, nodes

from tests.support.folders import contents
from tests.support.pages import blocks, both_pages, description_shown, page, wide_lines
from tests.support.processes import check_output, environment, require_tool, run
from tests.support.questions import (
    ACCEPTED,
    COMBINATIONS,
    EVERY_COMBINATION,
    LONGEST_NAME,
    LONGEST_PACKAGE,
    QUESTIONS,
    ROOT,
    SKELETON,
    TRIGGERS,
    fact,
    label,
)
from tests.support.types import Bake, Installed

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
NAMES = [("abcd", "p"), (LONGEST_NAME, LONGEST_PACKAGE), ("hello-function", "localpackage")]


CI = {
    "none": set(),
    "github": {".github/dependabot.yml", ".github/workflows/function.yml", ".python-version", "tests/audit.py"},
    "gitlab": {".gitlab-ci.yml", "tests/audit.py"},
    "cloudbuild": {"cloudbuild.yaml", "tests/audit.py"},
}
# No template asks which Python it is for (test_python_version_changes_its_mentions_only), so one stands for all.
# CI and hashes change the same files, however it is deployed.
PRODUCT = [
    answers
    for answers in EVERY_COMBINATION
    if answers["python_version"] == QUESTIONS["python_version"][0]
    and (answers["deploy_with"] == "gcloud" or (answers["ci"], answers["hashes"]) == ("none", False))
]
RENDERED = COMBINATIONS + [answers for answers in PRODUCT if answers not in COMBINATIONS]
SOME_OR_ALL = pytest.mark.parametrize(
    "combinations", [COMBINATIONS, pytest.param(RENDERED, marks=pytest.mark.slow)], ids=["some", "all"]
)
EACH = [
    pytest.param(answers, id=label(answers), marks=() if answers in COMBINATIONS else pytest.mark.slow)
    for answers in RENDERED
]


# All that asks about every combination runs in one process of a parallel run, so that each is made once.
together = pytest.mark.xdist_group("combinations")


def files(project: Path) -> set[str]:
    return {name for name, (kind, _) in contents(project).items() if kind == "file"}


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
        assert len((project / "README.md").read_text("utf-8").splitlines()) <= 75, project
        assert wide_lines(both_pages(project)) == []
    for trigger in TRIGGERS:
        assert len((bake(trigger=trigger) / "main.py").read_text("utf-8").splitlines()) <= 100
    assert len(files(bake())) <= 28


@together
@SOME_OR_ALL
def test_links_between_pages_lead_to_a_heading(bake: Bake, combinations: list[dict[str, Any]]) -> None:
    for project in (bake(**answers) for answers in combinations):
        headings = re.findall(r"(?m)^##? (.*)", (project / "REFERENCE.md").read_text("utf-8"))
        # As GitHub and GitLab make them.
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        links = re.findall(r"\]\((?!https:)([^)]+)\)", both_pages(project))
        assert links and {link.removeprefix("REFERENCE.md").removeprefix("#") for link in links} <= {"", *anchors}


@together
@SOME_OR_ALL
def test_agents_get_commands_of_the_pages(bake: Bake, combinations: list[dict[str, Any]]) -> None:
    """Other tests run those."""
    for project in (bake(**answers) for answers in combinations):
        text = (project / "AGENTS.md").read_text("utf-8")
        assert blocks(text) and set(blocks(text)) <= set(blocks(both_pages(project)))
        assert text.count("```") == 2 * len(blocks(text)) and len(text.splitlines()) <= 40


@together
@SOME_OR_ALL
def test_each_section_that_a_file_names_is_there(bake: Bake, combinations: list[dict[str, Any]]) -> None:
    for project in (bake(**answers) for answers in combinations):
        for name in files(project):
            # A message, a comment or a paragraph may go on in the next line.
            text = re.sub(r"""["']\n +f?["']|\n#""", "", (project / name).read_text("utf-8")).replace('\\"', '"')
            for found in re.findall(r'''"([A-Z][^"]+)" in RE\w+\.md|RE\w+\.md, "([^"]+)"''', " ".join(text.split())):
                assert page(project, "".join(found)), name


@together
@SOME_OR_ALL
@pytest.mark.parametrize("version", QUESTIONS["python_version"])
def test_code_compiles_on_each_python(
    bake: Bake, version: str, combinations: list[dict[str, Any]], tmp_path: Path
) -> None:
    python = require_tool(f"python{version}")
    projects = [bake(**answers) for answers in combinations]
    code = "import ast, pathlib, sys; [ast.parse(f.read_bytes()) for p in sys.argv[1:] for f in pathlib.Path(p).rglob('*.py')]"
    check_output(run(python, "-c", code, *projects, cwd=tmp_path, env=environment(tmp_path)))


def ruff(projects: list[Path], home: Path) -> None:
    """Assert that ruff finds nothing to say of some projects, and nothing to format."""
    for command in (("check",), ("format", "--check")):
        check_output(
            run(sys.executable, "-m", "ruff", *command, "--no-cache", *projects, cwd=home, env=environment(home))
        )


@together
@SOME_OR_ALL
def test_ruff_passes(bake: Bake, combinations: list[dict[str, Any]], tmp_path: Path) -> None:
    ruff([bake(**answers) for answers in combinations], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("function_name", "package"), NAMES[:2])
def test_ruff_passes_with_the_shortest_and_longest_names(
    bake: Bake, tmp_path: Path, function_name: str, package: str
) -> None:
    names = [(trigger, local) for trigger in TRIGGERS for local in (package, "none")]
    ruff([bake(function_name=function_name, trigger=t, local_package=local) for t, local in names], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("function_name", "package", "local"), [(*NAMES[1], False), (*NAMES[2], True)])
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_mypy_passes(
    bake: Bake, installed: Installed, mypy_cache: Path, trigger: str, local: bool, function_name: str, package: str
) -> None:
    answers = {"local_package": package, "deploy_with": "firebase"} if local else {"local_package": "none"}
    project = bake(function_name=function_name, trigger=trigger, **answers)
    scripts = installed(project)
    check_output(run(scripts / "mypy", "--cache-dir", mypy_cache, ".", cwd=project, env=environment(mypy_cache)))


def test_same_answers_make_the_same_bytes(tmp_path: Path, home: Path) -> None:
    # Sets have another order in each process, and with each of these seeds.
    for seed in ("1", "2"):
        command = (sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "-o", tmp_path / seed)
        check_output(run(*command, cwd=home, env=environment(home, PYTHONHASHSEED=seed)))
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


@pytest.mark.parametrize(
    "description", [*ACCEPTED["description"], "1. one", "- two", "+ three", "=", "a http://b.c d", "&amp;"]
)
def test_description_is_shown_as_typed(bake: Bake, description: str) -> None:
    assert description_shown(bake(description=description)) == description.strip()


def test_description_is_on_the_pages_only(bake: Bake) -> None:
    project = bake(description="Zq marks the spot")
    # In REFERENCE.md, the command that links the function to its template has all answers.
    assert {name for name in files(project) if b"Zq" in (project / name).read_bytes()} == {"README.md", "REFERENCE.md"}


def used_variables() -> set[str]:
    """Return the names after `cookiecutter.` and `fn.` in all that is rendered, file names included."""
    folders = (SKELETON, ROOT / "templates", ROOT / "hooks")
    # What GitHub reads has braces of its own, and is taken in as it stands.
    sources = [p for folder in folders for p in folder.rglob("*") if p.parent.name != "github" or p.suffix != ".yml"]
    texts = [p.read_text("utf-8") for p in sources if p.is_file()] + [str(p.relative_to(ROOT)) for p in sources]
    env = Environment(loader=FileSystemLoader(ROOT / "templates"))
    used = set()
    for text in texts:
        tree = env.parse(text)
        assigned = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
        # `page` is which of a project's two pages takes the blocks of a trigger's README.md.
        assert meta.find_undeclared_variables(tree) - assigned <= {"cookiecutter", "fn", "page"}
        for found in tree.find_all(nodes.Getattr):
            if isinstance(found.node, nodes.Name) and found.node.name in ("cookiecutter", "fn"):
                used.add(f"{found.node.name}.{found.attr}")
    return used


def test_no_variable_is_missing_or_unused() -> None:
    used = used_variables()
    rules = ast.parse((ROOT / "rules" / "derived.py").read_text("utf-8"))
    calls = [node for node in ast.walk(rules) if isinstance(node, ast.Call)]
    namespace = next(c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "SimpleNamespace")
    offered = {f"fn.{keyword.arg}" for keyword in namespace.keywords}
    # These reach the templates through fn alone.
    through_fn = {
        "cookiecutter.ci",
        "cookiecutter.deploy_with",
        "cookiecutter.description",
        "cookiecutter.hashes",
        "cookiecutter.local_package",
    }
    asked = {f"cookiecutter.{question}" for question in QUESTIONS}
    assert used <= offered | asked
    assert (offered | asked) - through_fn <= used


def test_every_question_is_labelled() -> None:
    prompts = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))["__prompts__"]
    assert prompts.keys() == QUESTIONS.keys()
    for question, default in QUESTIONS.items():
        if isinstance(default, list):
            assert prompts[question].keys() == {"__prompt__", *default}
