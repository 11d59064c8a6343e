"""The workflow of docs/fleet.md finds which functions of a repository have changed."""

import shutil

import pytest
import yaml

from tests.support.monorepo import ALL, TEST, GitHub
from tests.support.processes import git, posix_only

pytestmark = [pytest.mark.slow, posix_only]


def test_what_a_push_changes(github: GitHub) -> None:
    assert github.changed() == ALL, "the first push"
    github.ended("success")
    github.push("report-daily/main.py", ended="success")
    github.runs.pop(0)
    assert github.changed() == ["report-daily"]
    github.ended("success")
    github.push("README.md", "notes/main.py")
    done, found, value = github.find()
    assert found == [] and TEST["if"] == f"needs.find.outputs.functions != '{value}'"
    github.push("shared/ourlib/__init__.py")
    assert github.changed() == ALL
    github.ended("success")
    git("rm", "-rq", "report", cwd=github.folder)
    github.push()
    assert github.changed() == []
    git("mv", "thumbnails", "posters", cwd=github.folder)
    github.push()
    assert github.changed() == ["posters"]
    assert github.changed("workflow_dispatch") == ["posters", "report-daily"]


def test_what_a_red_run_has_left_undone(github: GitHub) -> None:
    """A function that passed beside one that did not is deployed once that one is mended; so is what was never run."""
    github.ended("success")
    github.push("report/main.py", "thumbnails/main.py", ended="failure")
    github.push("report-daily/main.py", ended="cancelled")
    github.push("report/main.py")
    assert github.changed() == ALL
    github.ended("success")
    assert github.changed() == []


def test_a_revert_of_what_a_red_run_has_deployed(github: GitHub) -> None:
    """The push before may have deployed one function and failed at another, whose files are now as they were before."""
    github.ended("success")
    github.push("report/main.py", "thumbnails/main.py", ended="failure")
    git("revert", "--no-edit", "HEAD", cwd=github.folder)
    assert github.changed() == ["report", "thumbnails"]
    github.ended("success")
    assert github.changed() == []
    # The same, on a branch that is merged: the side of a merge that comes to nothing counts too.
    git("switch", "-qc", "feature", cwd=github.folder)
    github.push("report/main.py", ended="failure")
    git("revert", "--no-edit", "HEAD", cwd=github.folder)
    git("switch", "-q", "main", cwd=github.folder)
    github.push("README.md")
    git("merge", "-q", "--no-ff", "-m", "merge", "feature", cwd=github.folder)
    assert github.changed() == ["report"]


def test_a_merge_changes_what_its_branch_changes(github: GitHub) -> None:
    """Main has moved on since the branch began; what was deployed from it since is not deployed again."""
    git("switch", "-qc", "feature", cwd=github.folder)
    github.push("report-daily/main.py")
    git("switch", "-q", "main", cwd=github.folder)
    github.push("thumbnails/main.py", ended="success")
    git("merge", "-q", "--no-ff", "--no-commit", "feature", cwd=github.folder)
    assert github.push() and github.changed() == ["report-daily"]
    # A merge may also bring what none of its parents has.
    github.ended("success")
    git("switch", "-qc", "another", cwd=github.folder)
    github.push("README.md")
    git("switch", "-q", "main", cwd=github.folder)
    git("merge", "-q", "--no-ff", "--no-commit", "another", cwd=github.folder)
    assert github.push("report/main.py") and github.changed() == ["report"]


def test_a_push_that_cannot_be_compared_changes_all(github: GitHub) -> None:
    github.push("report/main.py", ended="success")
    git("reset", "-q", "--hard", "HEAD^", cwd=github.folder)
    git("reflog", "expire", "--expire=now", "--all", cwd=github.folder)
    github.push("thumbnails/main.py")
    assert github.changed() == ALL, "after a force push"
    github.ended("success")
    assert github.changed() == []
    github.works = False
    assert github.changed() == ALL, "GitHub does not answer"


def test_only_pushes_to_main_count_as_deployed(github: GitHub) -> None:
    """A pull request from somebody's branch `main` has passed, with a commit that is merged then."""
    github.ended("success")
    github.push("report/main.py")
    github.ended("success", event="pull_request")
    github.ended("success", branch="another")
    assert github.changed() == ["report"]


def test_what_a_pull_request_changes(github: GitHub) -> None:
    """GitHub merges it into the base first, which may have moved on."""
    git("switch", "-qc", "feature", cwd=github.folder)
    github.push("report-daily/main.py")
    github.push("README.md")
    git("switch", "-q", "main", cwd=github.folder)
    github.push("thumbnails/main.py")
    git("switch", "-qc", "merge", cwd=github.folder)
    git("merge", "-q", "--no-ff", "-m", "merge", "feature", cwd=github.folder)
    assert github.changed("pull_request") == ["report-daily"]


def test_a_folder_that_is_named_like_no_function_is_refused(github: GitHub) -> None:
    github.ended("success")
    for name in ("has space", "$(touch pwned)", '"quote"', "under_score", "Capital", ":(top)"):
        shutil.copytree(github.folder / "report", github.folder / name)
        github.push()
        done, found, _ = github.find()
        assert done.returncode == 1 and f"::error::Rename {name} to " in done.stdout and found is None
        assert not (github.clone / "pwned").exists()
        shutil.rmtree(github.folder / name)


def test_a_runtime_that_is_no_python_is_refused(github: GitHub) -> None:
    file = github.folder / "report" / "deploy.yaml"
    text = file.read_text("utf-8")
    for runtime in ("", "--runtime: nodejs22", '--runtime: python313"', "--runtime: python3$(touch pwned)"):
        file.write_text(text.replace("--runtime: python313", runtime), "utf-8")
        github.push()
        done, found, _ = github.find()
        assert done.returncode == 1 and "give its deploy.yaml a --runtime" in done.stdout and found is None


def test_a_runtime_may_be_quoted_and_explained(github: GitHub) -> None:
    file = github.folder / "report" / "deploy.yaml"
    text = file.read_text("utf-8")
    for runtime in ('"python313"', "'python313'", "python313  # ours", '"python313" # ours'):
        file.write_text(text.replace("--runtime: python313", f"--runtime: {runtime}"), "utf-8")
        assert yaml.safe_load(file.read_text("utf-8"))["--runtime"] == "python313"
        github.push()
        assert github.changed() == ALL
