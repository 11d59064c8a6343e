"""The workflow of docs/fleet-ci.md finds which functions of a repository have changed."""

import shutil

import pytest
import yaml

from tests.support.monorepo import ALL, TEST, FakeGitHub
from tests.support.processes import git, posix_only

pytestmark = [pytest.mark.slow, posix_only]


def test_push_selects_changed_functions(github: FakeGitHub) -> None:
    assert github.changed() == ALL, "the first push"
    github.add_run("success")
    github.push("report-daily/main.py", outcome="success")
    github.runs.pop(0)
    assert github.changed() == ["report-daily"]
    github.add_run("success")
    github.push("README.md", "notes/main.py")
    done, found, value = github.run_find_job()
    assert found == [] and TEST["if"] == f"needs.find.outputs.functions != '{value}'"
    github.push("shared/ourlib/__init__.py")
    assert github.changed() == ALL
    github.add_run("success")
    git("rm", "-rq", "report", cwd=github.folder)
    github.push()
    assert github.changed() == []
    git("mv", "thumbnails", "posters", cwd=github.folder)
    github.push()
    assert github.changed() == ["posters"]
    assert github.changed("workflow_dispatch") == ["posters", "report-daily"]


def test_push_selects_functions_since_the_last_green_run(github: FakeGitHub) -> None:
    """Functions of a failed or cancelled run are selected again, also those that passed."""
    github.add_run("success")
    github.push("report/main.py", "thumbnails/main.py", outcome="failure")
    github.push("report-daily/main.py", outcome="cancelled")
    github.push("report/main.py")
    assert github.changed() == ALL
    github.add_run("success")
    assert github.changed() == []


def test_revert_after_a_red_run_selects_functions(github: FakeGitHub) -> None:
    """The failed run may have deployed a function before its files were reverted."""
    github.add_run("success")
    github.push("report/main.py", "thumbnails/main.py", outcome="failure")
    git("revert", "--no-edit", "HEAD", cwd=github.folder)
    assert github.changed() == ["report", "thumbnails"]
    github.add_run("success")
    assert github.changed() == []
    # The same on a branch that is merged later.
    git("switch", "-qc", "feature", cwd=github.folder)
    github.push("report/main.py", outcome="failure")
    git("revert", "--no-edit", "HEAD", cwd=github.folder)
    git("switch", "-q", "main", cwd=github.folder)
    github.push("README.md")
    git("merge", "-q", "--no-ff", "-m", "merge", "feature", cwd=github.folder)
    assert github.changed() == ["report"]


def test_merge_selects_functions_of_its_branch(github: FakeGitHub) -> None:
    """What main deployed since the branch began is not deployed again."""
    git("switch", "-qc", "feature", cwd=github.folder)
    github.push("report-daily/main.py")
    git("switch", "-q", "main", cwd=github.folder)
    github.push("thumbnails/main.py", outcome="success")
    git("merge", "-q", "--no-ff", "--no-commit", "feature", cwd=github.folder)
    assert github.push() and github.changed() == ["report-daily"]
    # A merge commit may change files itself.
    github.add_run("success")
    git("switch", "-qc", "another", cwd=github.folder)
    github.push("README.md")
    git("switch", "-q", "main", cwd=github.folder)
    git("merge", "-q", "--no-ff", "--no-commit", "another", cwd=github.folder)
    assert github.push("report/main.py") and github.changed() == ["report"]


def test_push_without_a_base_selects_all(github: FakeGitHub) -> None:
    github.push("report/main.py", outcome="success")
    git("reset", "-q", "--hard", "HEAD^", cwd=github.folder)
    git("reflog", "expire", "--expire=now", "--all", cwd=github.folder)
    github.push("thumbnails/main.py")
    assert github.changed() == ALL, "after a force push"
    github.add_run("success")
    assert github.changed() == []
    github.works = False
    assert github.changed() == ALL, "GitHub does not answer"


def test_only_pushes_to_main_count_as_deployed(github: FakeGitHub) -> None:
    """A pull request may come from a fork's branch `main`, with a commit that is merged later."""
    github.add_run("success")
    github.push("report/main.py")
    github.add_run("success", event="pull_request")
    github.add_run("success", branch="another")
    assert github.changed() == ["report"]


def test_pull_request_selects_its_functions(github: FakeGitHub) -> None:
    """GitHub tests a merge with the base, which may have moved on."""
    git("switch", "-qc", "feature", cwd=github.folder)
    github.push("report-daily/main.py")
    github.push("README.md")
    git("switch", "-q", "main", cwd=github.folder)
    github.push("thumbnails/main.py")
    git("switch", "-qc", "merge", cwd=github.folder)
    git("merge", "-q", "--no-ff", "-m", "merge", "feature", cwd=github.folder)
    assert github.changed("pull_request") == ["report-daily"]


def test_invalid_function_folder_is_refused(github: FakeGitHub) -> None:
    github.add_run("success")
    for name in ("has space", "$(touch pwned)", '"quote"', "under_score", "Capital", ":(top)"):
        shutil.copytree(github.folder / "report", github.folder / name)
        github.push()
        done, found, _ = github.run_find_job()
        assert done.returncode == 1 and f"::error::Rename {name} to " in done.stdout and found is None
        assert not (github.clone / "pwned").exists()
        shutil.rmtree(github.folder / name)


def test_invalid_runtime_is_refused(github: FakeGitHub) -> None:
    file = github.folder / "report" / "deploy.yaml"
    text = file.read_text("utf-8")
    for runtime in ("", "--runtime: nodejs22", '--runtime: python313"', "--runtime: python3$(touch pwned)"):
        file.write_text(text.replace("--runtime: python313", runtime), "utf-8")
        github.push()
        done, found, _ = github.run_find_job()
        assert done.returncode == 1 and "give its deploy.yaml a --runtime" in done.stdout and found is None


def test_quoted_and_commented_runtimes_are_read(github: FakeGitHub) -> None:
    file = github.folder / "report" / "deploy.yaml"
    text = file.read_text("utf-8")
    for runtime in ('"python313"', "'python313'", "python313  # ours", '"python313" # ours'):
        file.write_text(text.replace("--runtime: python313", f"--runtime: {runtime}"), "utf-8")
        assert yaml.safe_load(file.read_text("utf-8"))["--runtime"] == "python313"
        github.push()
        assert github.changed() == ALL
