"""A function made by cookiecutter is linked to the template and updated, as its pages say."""

import json
import os
import shlex
import shutil
import sys
import textwrap
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from rules.derived import link
from tests.support.folders import commit, edit
from tests.support.pages import UPDATING, blocks, both_pages, page, section
from tests.support.processes import check_output, environment, git, posix_only, run, run_module, shell
from tests.support.questions import QUESTIONS
from tests.support.updates import NEWER, create_function, cruft, update

pytestmark = [pytest.mark.slow, posix_only]
# Characters that a shell, JSON, Markdown or a code block could interpret.
HOSTILE = "It's '!x \"$HOME\" `id` $(id) !! \\ \\' ``` %s & {x} ; # Zoë 😀 \u200b"
ANSWERS: dict[str, str | bool] = {
    "function_name": "thumbnails",
    "description": HOSTILE,
    "trigger": "storage",
    "python_version": "3.12",
    "local_package": "none",
    "region": "europe-west1",
    "deploy_with": "gcloud",
    "ci": "github",
    "hashes": True,
}
ADDRESS = "https://github.com/org/fn-template"


def update_section(project: Path) -> tuple[str, list[str]]:
    """Return the section on updates in a function's REFERENCE.md, and its commands as a reader sees them."""
    text = page(project, "How do I update the project?")
    return text, [token.content for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]


def bake_by_command(template: str | Path, folder: Path, home: Path) -> Path:
    """Make a function with cookiecutter's command, and commit it."""
    answers = [f"{question}={answer}" for question, answer in ANSWERS.items()]
    folder.mkdir()
    check_output(run_module("cookiecutter", template, "--no-input", *answers, cwd=folder, env=environment(home)))
    project = folder / str(ANSWERS["function_name"])
    git("init", cwd=project)
    commit(project)
    return project


def test_script_links_a_function(template: Path, home: Path, tmp_path: Path) -> None:
    """Whose variables are called like those of cookiecutter's function, which makes a folder."""
    project = bake_by_command(template, tmp_path / "out", home)
    code = """
        import sys, pathlib, cruft
        def adopt(output_dir, template, overwrite_if_exists=False):
            cruft.link(template, pathlib.Path(output_dir) / "thumbnails", extra_context={"function_name": "thumbnails"})
        adopt(*sys.argv[1:])
    """
    command = (sys.executable, "-c", textwrap.dedent(code), project.parent, template)
    check_output(run(*command, cwd=project.parent, env=environment(home)))
    assert (project / ".cruft.json").is_file()


def test_linked_function_is_updated(template: Path, pip_and_pipx: Path, home: Path, tmp_path: Path) -> None:
    """With the commands of its REFERENCE.md alone: one person links it, and another updates it."""
    project = bake_by_command("gh:org/fn-template", tmp_path / "out", home)
    text, (link, do, _) = update_section(project)
    assert do.startswith("cruft update ")
    change = section(project, "How do I change the runtime?")
    assert change.startswith(do.strip())

    def shell_with_cruft(installer: str, command: str) -> None:
        """Install cruft in a home of its own, then run a command with it."""
        install, own = f"{installer} install cruft", tmp_path / installer
        assert f"`{install}`" in " ".join(text.split())
        own.mkdir()
        shutil.copy(home / ".gitconfig", own)
        first = (own / ".local" / "bin", pip_and_pipx)
        check_output(shell(install, project, own, *first))
        assert check_output(shell("command -v cruft", project, own, *first)).startswith(str(own))
        check_output(shell(command, project, own, *first))

    shell_with_cruft("pipx", link)
    linked = json.loads((project / ".cruft.json").read_text("utf-8"))
    assert linked["template"] == ADDRESS
    assert {question: linked["context"]["cookiecutter"][question] for question in QUESTIONS} == ANSWERS
    commit(template, NEWER)
    shell_with_cruft("uv tool", change)
    assert "# Newer." in (project / "cloud_logging.py").read_text("utf-8")
    newest = json.loads(shlex.split(change)[-1])["python_version"].replace(".", "")
    assert f"--runtime: python{newest}\n" in (project / "deploy.yaml").read_text("utf-8")
    check_output(cruft("diff", "--exit-code", cwd=project, home=home))


def test_readme_update_commands(template: Path, home: Path, tmp_path: Path) -> None:
    create, commands, *_ = (block.strip() for block in blocks(UPDATING))
    check, diff, do = commands.splitlines()
    assert "`--checkout TAG`" in UPDATING
    cloud_logging = "{{cookiecutter.function_name}}/cloud_logging.py"
    git("tag", "1.2.3", cwd=template)
    commit(template, NEWER)
    git("tag", "1.2.4", cwd=template)
    commit(template, edit(cloud_logging, "# Newer.", "# Newest."))
    for place, start in ((tmp_path / "a", "cookiecutter gh:org/fn-template"), (tmp_path / "b", create)):
        place.mkdir()
        check_output(shell(f"yes '' | {start} --checkout 1.2.3", place, home))
        assert "# New" not in (place / "hello-function" / "cloud_logging.py").read_text("utf-8")
    project = place / "hello-function"
    git("init", cwd=project)
    commit(project)
    check_output(shell(diff, project, home))
    for at, word in ((" --checkout 1.2.4", "# Newer."), ("", "# Newest.")):
        assert shell(check, project, home).returncode == 1
        check_output(shell(f"{do}{at}", project, home))
        assert word in (project / "cloud_logging.py").read_text("utf-8")
        commit(project)
    check_output(shell(check, project, home))


@pytest.mark.parametrize("checkout", ["", "tag", "commit"])
def test_link_at_a_version(template: Path, home: Path, tmp_path: Path, checkout: str) -> None:
    project = bake_by_command(template, tmp_path / "out", home)
    git("tag", "1.2.3", cwd=template)
    at = {
        "": "",
        "tag": " --checkout 1.2.3",
        "commit": f" --checkout {check_output(run('git', 'rev-parse', 'HEAD', cwd=template, env=environment(home)))[:12]}",
    }[checkout]
    commit(template, NEWER)
    # A terminal has history expansion on, and any locale.
    link = update_section(project)[1][0].replace("\n", f"{at}\n", 1)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    pasted = environment(home, PATH=path, LC_ALL="C", HISTFILE="")
    said = check_output(run("bash", "--norc", "--noprofile", "-i", cwd=project, env=pasted, stdin=link))
    assert check_output(run("git", "log", "--format=%s", "-1", cwd=project, env=pasted)) == "Link to fn-template\n", (
        said
    )
    linked = json.loads((project / ".cruft.json").read_text("utf-8"))["context"]["cookiecutter"]
    assert {question: linked[question] for question in QUESTIONS} == ANSWERS
    assert update(project, home) == ""
    assert ("# Newer." in (project / "cloud_logging.py").read_text("utf-8")) == bool(checkout)


def test_link_command_is_the_same_however_baked(template: Path, home: Path, tmp_path: Path) -> None:
    """Made by cookiecutter from an address or a folder, or by cruft; a login in the address is dropped."""
    secret = f"url.{template.parent}/.insteadOf"
    git("config", "--file", str(home / ".gitconfig"), "--add", secret, "https://ada:s3cret@git.example.com/", cwd=home)
    ways: list[str | Path] = ["gh:org/fn-template", ADDRESS, template, "https://ada:s3cret@git.example.com/fn-template"]
    projects = [bake_by_command(way, tmp_path / str(number), home) for number, way in enumerate(ways)]
    projects.append(create_function(template, home, "", **ANSWERS))
    *same, other, by_cruft = [both_pages(project) for project in projects]
    assert len({*same, by_cruft}) == 1 and f"\ncruft link {ADDRESS} " in by_cruft
    assert other == by_cruft.replace(ADDRESS, "https://git.example.com/fn-template")
    # A fork names its own address.
    edit("pyproject.toml", ADDRESS, "https://git.example.com/fork")(template)
    forked = both_pages(bake_by_command(template, tmp_path / "forked", home))
    assert forked == by_cruft.replace(ADDRESS, "https://git.example.com/fork")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("gh:ada/fn-template", "https://github.com/ada/fn-template"),
        ("https://github.com/ada/fn-template.git", "https://github.com/ada/fn-template.git"),
        ("https://ada@git.example.com:8443/~ada/fn.git", "https://git.example.com:8443/~ada/fn.git"),
        ("https://ada:p@ss@git.example.com/fn", "https://git.example.com/fn"),
        ("https://ada:p/ss@git.example.com/fn", ADDRESS),
        ("https://git.example.com/fn?private_token=secret", ADDRESS),
        ("https://git.example.com/fn-template.zip", ADDRESS),
        ("https://git.example.com/$(id)", ADDRESS),
        ("http://git.example.com/fn", ADDRESS),
        ("git@github.com:ada/fn-template.git", "git@github.com:ada/fn-template.git"),
        ("ssh://git@git.example.com/ada/fn", "ssh://git@git.example.com/ada/fn"),
        ("gl:ada/group/fn-template", "https://gitlab.com/ada/group/fn-template"),
        ("bb:ada/fn-template", "https://bitbucket.org/ada/fn-template"),
        ("ssh://ada:secret@git.example.com/fn", ADDRESS),
        ("/srv/fn-template", ADDRESS),
        ("C:\\fn-template", ADDRESS),
        (".", ADDRESS),
        (None, ADDRESS),
    ],
)
def test_update_address(template: str | None, expected: str) -> None:
    given = {} if template is None else {"_template": template}
    words = shlex.split(link({**ANSWERS, **given}))
    assert words[:3] == ["cruft", "link", expected] and json.loads(words[-1]) == ANSWERS
