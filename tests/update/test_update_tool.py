"""tools/update.py updates as cruft does, byte for byte, and in a clone leaves conflict markers instead of .rej files."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.support.folders import append, commit, contents, edit
from tests.support.pages import UPDATING, blocks
from tests.support.processes import check_output, git, shell
from tests.support.questions import ROOT
from tests.support.types import Change, Done
from tests.support.updates import create_function, cruft

pytestmark = pytest.mark.slow
[COMMAND] = [block for block in blocks(UPDATING) if "tools/update.py" in block]
SKELETON = "{{cookiecutter.function_name}}"
MINE: list[Change] = [
    append("main.py", "\n\n# Mine.\n"),
    append("README.md", "\n## Ours\n"),
    edit("deploy.yaml", "--memory: 512Mi", "--memory: 1Gi"),
    lambda project: (project / "events" / "malformed.json").unlink(),
]
THEIRS: list[Change] = [
    edit(f"{SKELETON}/cloud_logging.py", "import json\n", "# Newer.\nimport json\n"),
    edit("templates/shared/README.md", "## Test it", "Newer.\n\n## Test it"),
    append("templates/pubsub/main.py", "\n\n# Newer.\n"),
    append("templates/pubsub/events/malformed.json", "\n"),
    append(f"{SKELETON}/new.txt", "Newer: {{ cookiecutter.region }}.\n"),
    lambda template: (template / SKELETON / "AGENTS.md").unlink(),
]


def clone(repository: Path, name: str) -> Path:
    """Clone a repository, without what only its git has; return the function's folder."""
    git("clone", "-q", "--no-local", str(repository), str(repository.with_name(name)), cwd=repository.parent)
    return repository.with_name(name) / "functions" / "hello-function"


def status(project: Path) -> str:
    return git("status", "--porcelain", cwd=project)


def update(project: Path, home: Path, *options: str) -> Done:
    """Run the command of docs/updating.md from this repository."""
    command = COMMAND.replace("https://raw.githubusercontent.com/org/fn-template/main", str(ROOT)).strip()
    return shell(f"{command} {shlex.join(options)}", project, home)


def last_line(done: Done) -> str:
    """Return what the tool said last: the first time, uv says before what it installs."""
    return done.stdout.splitlines()[-1]


def files(project: Path) -> dict[str, tuple[str, bytes]]:
    return {name: thing for name, thing in contents(project).items() if "__pycache__" not in name}


def test_tool_updates_as_cruft_does(template: Path, home: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    made = create_function(template, home, trigger="pubsub")
    shutil.rmtree(made / ".git")
    shutil.move(made, repository / "functions" / "hello-function")
    git("init", cwd=repository)
    commit(repository / "functions" / "hello-function", *MINE)
    commit(template, *THEIRS)

    by_cruft, by_tool = clone(repository, "by-cruft"), clone(repository, "by-tool")
    check_output(cruft("update", "--skip-apply-ask", cwd=by_cruft, home=home))
    assert "Updated to " in check_output(update(by_tool, home))
    assert files(by_tool) == files(by_cruft) and status(by_tool) == status(by_cruft)
    assert (by_tool / "new.txt").read_text() == "Newer: us-central1.\n" and not (by_tool / "AGENTS.md").exists()

    done = update(by_tool, home)
    assert done.returncode == 1 and last_line(done) == "Commit or stash your changes first."
    commit(by_tool, append("cloud_logging.py", "# Mine.\n"))
    for options in ((), ("--checkout", "HEAD~1")):
        assert check_output(update(by_tool, home, *options)) == "Nothing to do.\n"
    before = json.loads((by_tool / ".cruft.json").read_text("utf-8"))
    # It never goes back.
    region = ("--variables-to-update", '{"region": "europe-west1"}')
    check_output(update(by_tool, home, "--checkout", "HEAD~1", *region))
    assert (by_tool / "new.txt").read_text() == "Newer: europe-west1.\n"
    before["context"]["cookiecutter"]["region"] = "europe-west1"
    assert json.loads((by_tool / ".cruft.json").read_text("utf-8")) == before
    commit(by_tool, append("new.txt", "Mine.\n"))

    append(f"{SKELETON}/cloud_logging.py", "# Newest.\n")(template)
    (template / SKELETON / "new.txt").unlink()
    commit(template, edit(f"{SKELETON}/cloud_logging.py", "# Newer.\n", "# Newest.\n"))
    first, second = clone(tmp_path / "by-tool", "rejects"), clone(tmp_path / "by-tool", "marks")
    check_output(cruft("update", "--skip-apply-ask", cwd=first, home=home))
    assert (first / "cloud_logging.py.rej").exists()
    done = update(second, home)
    assert done.returncode == 1 and done.stdout.endswith("Resolve the conflicts in:\ncloud_logging.py\n\n")
    assert (second / "new.txt").read_text() == "Newer: europe-west1.\nMine.\n", "kept"
    text = (second / "cloud_logging.py").read_text("utf-8")
    assert (
        "# Newest.\nimport json\n" in text and "\n<<<<<<< ours\n# Mine.\n=======\n# Newest.\n>>>>>>> theirs\n" in text
    )
    assert "UU functions/hello-function/cloud_logging.py" in status(second)


def linked(folder: Path, template: str) -> Path:
    """Return a repository that holds only a function's link to a commit that nobody has."""
    state = {"template": template, "commit": "0" * 40, "context": {"cookiecutter": {}}}
    append("function/.cruft.json", json.dumps(state))(folder)
    git("init", cwd=folder / "function")
    commit(folder / "function")
    return folder / "function"


def test_lost_commit_is_told(template_repository: Path, home: Path, tmp_path: Path) -> None:
    done = update(linked(tmp_path, str(template_repository)), home)
    said = "The template no longer has the commit in .cruft.json: see docs/updating.md"
    assert (done.returncode, last_line(done)) == (1, said)


def test_address_is_no_option_of_git(home: Path, tmp_path: Path) -> None:
    done = update(linked(tmp_path, "--bare"), home)
    assert done.returncode == 1 and "repository '--bare' does not exist" in done.stdout


def test_folder_without_a_record_is_refused(home: Path, tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    (tmp_path / ".gitignore").write_text("*")
    done = update(tmp_path, home)
    assert done.returncode == 1 and last_line(done).startswith(
        "There is no .cruft.json here. Go to a function's folder"
    )


def test_answer_that_the_template_refuses(template: Path, home: Path) -> None:
    done = update(create_function(template, home), home, "--variables-to-update", '{"python_version": "3.9"}')
    assert done.returncode == 1 and "Traceback" not in done.stdout
    assert " cannot be rendered: " in last_line(done) and "3.9" in last_line(done)
