"""docs/updating.md: a function takes the newest release, follows a template that moved, and survives a lost history."""

import json
import re
from pathlib import Path

import pytest

from tests.support.folders import append, commit, edit
from tests.support.pages import UPDATING, blocks, page
from tests.support.processes import check_output, environment, git, posix_only, run, shell
from tests.support.types import Done
from tests.support.updates import NEWER, create_function, cruft

pytestmark = [pytest.mark.slow, posix_only]
ADDRESS, NEW = "https://github.com/org/fn-template", "https://github.com/acme/fn-template"
RELEASE, MOVE, MIRROR, PUSH, RELINK, *_ = blocks(UPDATING)[2:]


def recorded(project: Path) -> dict[str, str]:
    """Return what cruft recorded."""
    record = json.loads((project / ".cruft.json").read_text("utf-8"))
    return {name: record[name] for name in ("template", "commit")}


def commit_of(repository: Path, revision: str) -> str:
    return git("rev-parse", f"{revision}^{{commit}}", cwd=repository)


def set_version(template: Path, version: str) -> None:
    """Commit another version of the template."""
    file = template / "pyproject.toml"
    file.write_text(re.sub("(?m)^version = .*", f'version = "{version}"', file.read_text("utf-8"), count=1), "utf-8")
    commit(template)


@pytest.fixture
def project(template: Path, home: Path) -> Path:
    """A function that is linked to the template's address."""
    made = create_function(template, home)
    commit(made, edit(".cruft.json", str(template), ADDRESS), edit(".cruft.json", str(template), ADDRESS))
    return made


def test_newest_release_is_taken(template: Path, project: Path, home: Path) -> None:
    """It is neither the newest commit, nor the last by the alphabet, nor a tag that is no version."""
    refused = shell(RELEASE, project, home)
    assert refused.returncode and "Failed to check out the reference" in refused.stdout
    for number in ("99.9.0", "99.10.0", "99.10.0+dev"):
        set_version(template, number)
        git("tag", "--annotate", "-m", number, "zzz" if "+" in number else number, cwd=template)
    for revision, command in (("main", "cruft update --skip-apply-ask"), ("99.10.0", RELEASE)):
        check_output(shell(command, project, home))
        assert recorded(project)["commit"] == commit_of(template, revision)
        version = "99.10.0+dev" if revision == "main" else "99.10.0"
        assert f'\nversion = "{version}"\n' in (project / "pyproject.toml").read_text("utf-8")
        commit(project)


@pytest.fixture
def moved(template: Path, project: Path, home: Path) -> Path:
    """The template at another address, by the page's command, and the function's record of it."""
    place = template.parent.parent / "acme" / "fn-template"
    place.mkdir(parents=True)
    git("init", "--bare", cwd=place)
    # From a folder git would copy commits too that no branch has.
    git(
        "config",
        "--file",
        str(home / ".gitconfig"),
        f"url.{place.parent.as_uri()}/.insteadOf",
        NEW.removesuffix("fn-template"),
        cwd=home,
    )
    check_output(shell(MIRROR, home, home))
    check_output(shell(MOVE, project, home))
    assert (project / ".cruft.json").read_text("utf-8").count(NEW) == 2 and recorded(project)["template"] == NEW
    commit(project)
    return place


def push(template: Path, home: Path, *options: str) -> None:
    check_output(run("git", "push", "--quiet", *options, NEW, "HEAD:main", cwd=template, env=environment(home)))


def update(project: Path, home: Path) -> Done:
    return cruft("update", "--skip-apply-ask", cwd=project, home=home)


def test_function_follows_the_template(template: Path, project: Path, moved: Path, home: Path) -> None:
    commit(template, NEWER)
    push(template, home)
    check_output(update(project, home))
    assert "# Newer." in (project / "cloud_logging.py").read_text("utf-8")
    assert recorded(project) == {"template": NEW, "commit": commit_of(template, "HEAD")}


@pytest.mark.parametrize("kept", [True, False])
def test_lost_history(template: Path, project: Path, moved: Path, home: Path, kept: bool) -> None:
    """With a clone that still has the commit, and without."""
    commit(project, append("README.md", "\n## Ours\n"), append("main.py", "\n# Mine.\n"))
    old = recorded(project)["commit"]
    git("checkout", "--orphan", "squashed", cwd=template)
    commit(template, NEWER)
    push(template, home, "--force")
    said = " ".join(update(project, home).stdout.split())
    [heading] = re.findall('(?m)^## "SHA (.*)"$', UPDATING)
    assert all(word in said.partition("SHA")[2] for word in heading.split())
    if kept:
        check_output(shell(PUSH.replace("COMMIT", old), template, home))
        check_output(update(project, home))
    else:
        (project / ".cruft.json").unlink()
        [link] = re.findall("(?m)^cruft link .*", page(project, "How do I update the project?"))
        assert "`rm .cruft.json`" in UPDATING
        check_output(shell(re.sub(r"https://\S+", NEW, link), project, home))
        take, choose = RELINK.splitlines()
        check_output(shell(take, project, home))
        assert "## Ours" not in (project / "README.md").read_text("utf-8")
        changed = check_output(run("git", "diff", cwd=project, env=environment(home)))
        files = [(part.split()[0], part.count("\n@@ ")) for part in changed.split("diff --git a/")[1:]]
        answers = "".join(("y\n" if name == "README.md" else "n\n") * count for name, count in files)
        check_output(run("bash", "-euc", choose, cwd=project, env=environment(home), stdin=answers))
    assert recorded(project)["commit"] == commit_of(template, "HEAD")
    assert "# Newer." in (project / "cloud_logging.py").read_text("utf-8")
    assert (project / "README.md").read_text("utf-8").endswith("\n## Ours\n")
    assert (project / "main.py").read_text("utf-8").endswith("# Mine.\n")
