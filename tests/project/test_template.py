"""The template's own text: it uses each variable that it is offered, and labels each question."""

import ast
import json

from jinja2 import Environment, FileSystemLoader, meta, nodes

from tests.support.questions import QUESTIONS, ROOT, SKELETON


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
