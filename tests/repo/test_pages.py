"""The pages that people read: their links and width, and whether they say what the template does."""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tables import pages

from tests.support.folders import contents
from tests.support.pages import blocks, wide_lines
from tests.support.questions import QUESTIONS, ROOT, TRIGGERS, VERSION
from tests.support.types import Bake

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / ".github").rglob("*.md")])
README = ROOT / "README.md"
MARKDOWN = MarkdownIt("commonmark").enable("table")


def parsed(page: Path) -> list[Token]:
    return MARKDOWN.parse(page.read_text("utf-8"))


def headings(page: Path) -> list[str]:
    """Return the text of each heading of a page."""
    tokens = parsed(page)
    return [
        "".join(child.content for child in inline.children or [])
        for heading, inline in zip(tokens, tokens[1:], strict=False)
        if heading.type == "heading_open"
    ]


def anchor(heading: str) -> str:
    """Return the name under which GitHub links to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken_links(page: Path) -> list[str]:
    """Return the links of a page that lead to no file or no heading of this repository."""
    broken = []
    for token in parsed(page):
        for child in token.children or []:
            link = str(child.attrGet("href") or child.attrGet("src") or "")
            # GitHub's own pages of a repository, and the web.
            if re.match(r"\.\./\.\./actions/|https://|$", link):
                continue
            path, _, fragment = link.partition("#")
            target = (page.parent / unquote(path)).resolve() if path else page
            if not target.exists() or (fragment and fragment not in map(anchor, headings(target))):
                broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `b`, c\n\n[a](#a-b-c) [b](page.md#d) ![c](none.svg) [d](https://example.com/#e)\n")
    assert broken_links(page) == ["page.md#d", "none.svg"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_prose_fits_120_columns(page: Path) -> None:
    assert wide_lines(page.read_text("utf-8")) == []


def test_tables_match_cookiecutter_json(tmp_path: Path) -> None:
    now = pages()
    for name, text in now.items():
        assert (ROOT / name).read_text("utf-8") == text, "fill it in: uv run tools/refresh.py"
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    asked = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    asked["trigger"].append("tide")
    asked["__prompts__"]["trigger"]["tide"] = "tide - the sea at its highest"
    asked["hashes"] = not asked["hashes"]
    (tmp_path / "cookiecutter.json").write_text(json.dumps(asked))
    label = asked["__prompts__"]["hashes"].removesuffix(" (Enter if unsure)")
    row = f"| `hashes` | `{json.dumps(asked['hashes'])}` | {label} |"
    added = [line for name, text in pages(tmp_path).items() for line in text.splitlines() if line not in now[name]]
    assert added == ["| `tide` | the sea at its highest |", row]


def test_each_question_has_a_section() -> None:
    page = ROOT / "docs" / "questions.md"
    assert [heading for heading in headings(page) if heading in QUESTIONS] == list(QUESTIONS)


def test_readme_states_the_version() -> None:
    assert f"\nVersion {VERSION} (" in README.read_text("utf-8")


def test_readme_starts_with_the_command() -> None:
    assert "cookiecutter gh:org/fn-template" in "\n".join(README.read_text("utf-8").splitlines()[:20])


def drawn(tree: str) -> list[str]:
    """Return the paths of a tree as it is drawn, a folder's with / at the end."""
    paths, parts = [], [""]
    for indent, name in re.findall(r"(?m)^([│ ]*)[├└]── (\S+)", tree):
        parts[len(indent) // 4 :] = [name]
        paths.append("".join(parts))
    return paths


# The answers of the function that the README shows, whatever a fork's defaults are.
SHOWN = {"trigger": "http", "local_package": "localpackage", "ci": "none"}


def test_pages_name_the_firebase_tools_of_the_tests() -> None:
    package = json.loads((ROOT / "tests" / "support" / "firebase" / "package.json").read_text("utf-8"))
    paths = [*(ROOT / "templates" / "firebase").iterdir(), ROOT / "docs" / "firebase.md"]
    named = [re.findall(r"firebase-tools[ @]([\d.]+\d)", path.read_text("utf-8")) for path in paths]
    assert {version for found in named for version in found} == {package["dependencies"]["firebase-tools"]}


def test_readme_tree_matches_a_bake(bake: Bake) -> None:
    """It shows all but dot files and four files that go with others."""
    readme = README.read_text("utf-8")
    [tree] = [block for block in blocks(readme, "text") if "├──" in block]
    shown = drawn(tree)
    # A folder that is drawn without files stands for all of them.
    closed = tuple(path for path in shown if path[-1] == "/" and sum(other.startswith(path) for other in shown) == 1)
    made = [f"{path}/" if kind == "folder" else path for path, (kind, _) in contents(bake(**SHOWN)).items()]
    assert set(shown) <= set(made)
    hidden = [path for path in made if path not in shown and not path.startswith((*closed, "."))]
    assert sorted(hidden) == ["REFERENCE.md", "requirements-dev.in", "requirements-dev.txt", "requirements.txt"]


def test_readme_is_short() -> None:
    # The table of triggers has a line for each.
    assert len(README.read_text("utf-8").splitlines()) <= 87 + len(TRIGGERS)


def test_worked_example_matches_a_bake(bake: Bake) -> None:
    """What docs/architecture.md explains is in the main.py that these answers make."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    example = page.partition("## A worked example")[2].partition("\n## ")[0]
    answers = dict(re.findall(r"`(\w+)=([\w-]+)`", example.partition("|")[0]))
    lines = re.findall(r"(?m)^\| `(.+?)` \|", example)
    assert answers and lines
    assert set(lines) <= set((bake(**answers) / "main.py").read_text("utf-8").splitlines())


def test_deploy_command_is_the_functions_own(bake: Bake) -> None:
    command, _ = blocks((ROOT / "docs" / "deployment.md").read_text("utf-8"))
    assert command in blocks((bake() / "README.md").read_text("utf-8"))


def test_sections_of_a_function_that_the_pages_name_exist(bake: Bake) -> None:
    questions = {
        " ".join(question.split())
        for page in PAGES
        for question in re.findall(r'"([A-Z][^"]{5,80}\?)"', page.read_text("utf-8"))
    }
    assert questions
    assert questions <= set(headings(bake(ci="github") / "REFERENCE.md"))


# Pages that say which file does what; TRIGGER stands for each.
GUIDES = [ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"]
FOLDERS = ("benchmarks/", "docs/", "hooks/", "rules/", "templates/", "tests/", "tools/")


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_files_that_a_guide_names_exist(page: Path) -> None:
    spans = [child.content for token in parsed(page) for child in token.children or [] if child.type == "code_inline"]
    named = [span.replace("TRIGGER", "http") for span in spans if span.startswith(FOLDERS) and " " not in span]
    skeleton = ROOT / "{{cookiecutter.function_name}}"
    missing = [name for name in named if not (ROOT / name).exists() and not (skeleton / name).exists()]
    assert named and missing == []
