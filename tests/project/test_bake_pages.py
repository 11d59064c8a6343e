"""The pages of each project: their links, the commands that agents get, the description."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.combinations import SOME_OR_ALL, files, together
from tests.support.pages import blocks, both_pages, description_shown, page, section
from tests.support.processes import check_output, posix_only, shell
from tests.support.questions import ACCEPTED, QUESTIONS
from tests.support.types import Bake


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
            text = re.sub(r"""["']\n +f?["']|\n *#""", "", (project / name).read_text("utf-8")).replace('\\"', '"')
            for found in re.findall(r'''"([A-Z][^"]+)" in RE\w+\.md|RE\w+\.md, "([^"]+)"''', " ".join(text.split())):
                assert page(project, "".join(found)), name


@together
@SOME_OR_ALL
def test_each_setting_is_in_the_file_that_the_page_names(bake: Bake, combinations: list[dict[str, Any]]) -> None:
    for project in (bake(**answers) for answers in combinations):
        text = " ".join(re.sub(r"(?s)```.*?```", "", both_pages(project)).split())
        # With a "=" it is a line to add.
        named = re.findall(r"`([^`:=]+)(?:: \w+)?` in `([^`]+)`", text)
        named += [(setting, file) for file, setting in re.findall(r"`(\S+)` has `([^`]+)`", text)]
        assert named
        assert [(one, file) for one, file in named if one not in (project / file).read_text("utf-8")] == [], project


@pytest.mark.parametrize("deploy_with", QUESTIONS["deploy_with"])
def test_variables_are_read_from_the_file_that_the_page_makes(bake: Bake, deploy_with: str) -> None:
    project = bake(deploy_with=deploy_with)
    copy, start = section(project, "How do I set variables?").splitlines()
    file = copy.split()[-1]
    assert f" --env-file {file} " in start
    assert f'/{file}"' in (project / ".vscode" / "launch.json").read_text("utf-8")


@posix_only
def test_page_makes_and_reads_the_data_of_a_message(bake: Bake, tmp_path: Path) -> None:
    project = bake(trigger="pubsub")
    code = page(project, "What is in an event?").split("`")[1::2]
    make, read = (command for command in code if "base64" in command)
    # Longer than a line of base64, and with what printf and shells replace.
    for message in ('{"name": "Ada"}', json.dumps({"name": "50% of \\n and $HOME" * 9})):
        made = check_output(shell(make.replace('{"name": "Ada"}', message), project, tmp_path))
        assert "\n" not in made and check_output(shell(f"printf {made} | {read}", project, tmp_path)) == message
    data = json.loads((project / "events" / "event.json").read_text("utf-8"))["message"]["data"]
    assert check_output(shell(f"printf '{data}' | {read}", project, tmp_path)) == "Grüße"


@pytest.mark.parametrize(
    "description", [*ACCEPTED["description"], "1. one", "- two", "+ three", "=", "a http://b.c d", "&amp;"]
)
def test_description_is_shown_as_typed(bake: Bake, description: str) -> None:
    assert description_shown(bake(description=description)) == description.strip()


def test_description_is_on_the_pages_only(bake: Bake) -> None:
    project = bake(description="Zq marks the spot")
    # In REFERENCE.md, the command that links the function to its template has all answers.
    assert {name for name in files(project) if b"Zq" in (project / name).read_bytes()} == {"README.md", "REFERENCE.md"}
