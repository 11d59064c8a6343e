"""propose.sh of docs/fleet-updates.md pushes branches and opens pull requests, and leaves alone what people did."""

from pathlib import Path

import pytest

from tests.support.fake_gh import FakeGitHub
from tests.support.folders import append, commit
from tests.support.pages import UPDATES, blocks
from tests.support.processes import check_output, environment, git, posix_only, run
from tests.support.types import Done

pytestmark = posix_only
[SCRIPT] = blocks(UPDATES, "bash")
A, B = "updates/template-a", "updates/template-b"
GREEN = "- Update the template of a\n\nThe guard and the tests pass.\n"


class Repository:
    """Two functions on a fake GitHub, in the clone of somebody who pushes to `main`."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.hub, self.home, self.ours = FakeGitHub(folder / "hub"), home, folder / "ours"
        self.runner = folder / "runner"
        for name, text in {"propose.sh": SCRIPT, "a/main.py": "1\n2\n3\n", "b/main.py": "1\n2\n3\n"}.items():
            append(name, text)(self.ours)
        git("init", cwd=self.ours)
        git("remote", "add", "origin", str(self.hub.remote), cwd=self.ours)
        self.push()

    def push(self, branch: str = "main") -> None:
        """Push what has changed in our clone."""
        commit(self.ours)
        git("push", "-q", "origin", f"HEAD:{branch}", cwd=self.ours)

    def write(self, branch: str, file: str, said: str = "") -> None:
        """In the runner's clone, commit as update.sh does: a file has one line more."""
        if run("git", "switch", "-q", branch, "--no-guess", cwd=self.runner, env=environment(self.home)).returncode:
            git("switch", "-q", "-c", branch, "main", cwd=self.runner)
        append(file, "new\n")(self.runner)
        git("add", "-A", cwd=self.runner)
        identity = ("-c", "user.name=bot", "-c", "user.email=bot@example.com")
        message = f"Update the template of {file[0]}\n\n{said}"
        run("git", *identity, "commit", "-q", "-m", message, cwd=self.runner, env=environment(self.home))
        git("switch", "-q", "main", cwd=self.runner)

    def propose(self, *updates: tuple[str, ...], token: str = "token-of-the-run", **env: str) -> Done:
        """Clone, make some branches and propose them."""
        self.hub.checkout(self.runner)
        for update in updates:
            self.write(*update)
        return self.again(token, **env)

    def again(self, token: str = "token-of-the-run", **env: str) -> Done:
        """Propose what is in the clone."""
        variables = environment(self.home, GH_TOKEN=token, GITHUB_ACTIONS="true", **env)
        path = f"{self.hub.bin}:{variables['PATH']}"
        return run("bash", "-e", "propose.sh", cwd=self.runner, env={**variables, "PATH": path})


@pytest.fixture
def repository(tmp_path: Path, home: Path) -> Repository:
    return Repository(tmp_path, home)


def test_each_branch_becomes_a_pull_request_once(repository: Repository) -> None:
    """One that is red becomes a draft, with what its guard said."""
    red = "E   main.py has conflict markers: resolve them.\n\n1 failed"
    updates = [(A, "a/main.py"), (B, "b/main.py", red)]
    check_output(repository.propose(*updates))
    first, second = repository.hub.pulls[A], repository.hub.pulls[B]
    assert (first["base"], first["draft"], second["draft"]) == ("main", False, True)
    assert first["title"] == "Update the template of a" and first["body"] == GREEN
    assert "\n    E   main.py has conflict markers: resolve them.\n\n    1 failed\n" in second["body"]
    before = repository.hub.branches(), repository.hub.state
    check_output(repository.propose(*updates))
    assert (repository.hub.branches(), repository.hub.state) == before


def test_one_pull_request_for_all(repository: Repository) -> None:
    """Its text lists the functions."""
    check_output(repository.propose(("updates/template", "a/main.py"), ("updates/template", "b/main.py")))
    [pull] = repository.hub.state["pulls"]
    assert pull["title"] == "Update the template of all functions"
    assert pull["body"] == GREEN.replace("\n\n", "\n- Update the template of b\n\n")


def test_newer_update_refreshes_the_branch(repository: Repository) -> None:
    """The pull request stays one, whether its tests pass or not."""
    check_output(repository.propose((A, "a/main.py")))
    check_output(repository.propose((A, "a/lock.txt", "red")))
    assert repository.hub.state["changes"] == [f"create {A}", f"edit {A}", f"ready {A}"]
    assert repository.hub.pulls[A]["draft"] and "    red\n" in repository.hub.pulls[A]["body"]
    check_output(repository.propose((A, "a/lock.txt")))
    assert not repository.hub.pulls[A]["draft"] and repository.hub.pulls[A]["body"] == GREEN
    show = run("git", "show", "--format=%s", "--name-only", A, cwd=repository.hub.remote, env={})
    assert check_output(show) == "Update the template of a\n\na/lock.txt\n"


def test_branch_follows_main_only_if_its_change_does(repository: Repository) -> None:
    check_output(repository.propose((A, "a/main.py")))
    before = repository.hub.branches()
    append("b/main.py", "ours\n")(repository.ours)
    repository.push()
    check_output(repository.propose((A, "a/main.py")))
    assert repository.hub.branches() == before
    append("a/main.py", "ours\n")(repository.ours)
    repository.push()
    check_output(repository.propose((A, "a/main.py")))
    assert repository.hub.branches() != before and repository.hub.state["changes"][-1] == f"ready {A}"


def test_commit_of_somebody_else_is_kept(repository: Repository) -> None:
    """Until the pull request is merged."""
    check_output(repository.propose((A, "a/main.py", "red")))
    git("fetch", "-q", cwd=repository.ours)
    git("switch", "-q", "--detach", f"origin/{A}", cwd=repository.ours)
    append("a/mended.py", "1\n")(repository.ours)
    repository.push(A)
    append("a/mended.py", "2\n")(repository.ours)
    repository.push(A)
    before = repository.hub.branches(), repository.hub.state
    done = repository.propose((A, "a/lock.txt", "red"))
    assert check_output(done) == f"Somebody else has pushed to {A}, so it stays as it is: a@example.com\n"
    assert (repository.hub.branches(), repository.hub.state) == before
    repository.hub.close(A, "MERGED")
    check_output(repository.propose((A, "a/lock.txt")))
    assert repository.hub.branches() != before[0] and repository.hub.pulls[A]["state"] == "OPEN"


def test_closed_update_comes_back_only_if_it_changes(repository: Repository) -> None:
    """Or if its branch is deleted."""
    check_output(repository.propose((A, "a/main.py")))
    repository.hub.close(A)
    check_output(repository.propose((A, "a/main.py")))
    assert repository.hub.pulls[A]["state"] == "CLOSED"
    git("push", "-q", "origin", f":{A}", cwd=repository.ours)
    check_output(repository.propose((A, "a/main.py")))
    assert repository.hub.pulls[A]["state"] == "OPEN"
    repository.hub.close(A)
    check_output(repository.propose((A, "a/lock.txt")))
    assert repository.hub.pulls[A]["state"] == "OPEN"


def test_clone_that_knows_a_deleted_branch(repository: Repository) -> None:
    """As in a clone on your machine, which still knows a branch that was deleted after a merge."""
    check_output(repository.propose((A, "a/main.py")))
    repository.hub.close(A, "MERGED")
    git("push", "-q", "origin", f":{A}", cwd=repository.ours)
    check_output(repository.again())
    assert repository.hub.pulls[A]["state"] == "OPEN"


def test_pull_request_of_a_fork_is_none_of_ours(repository: Repository) -> None:
    """Though its branch has the same name."""
    repository.hub.open_from_fork(A)
    check_output(repository.propose((A, "a/main.py")))
    repository.hub.open_from_fork(A)
    check_output(repository.propose((A, "a/lock.txt")))
    assert repository.hub.state["changes"] == [f"create {A}", f"edit {A}", f"ready {A}"]


def test_refused_pull_requests_are_opened_by_the_next_run(repository: Repository) -> None:
    repository.hub.refuse("GitHub Actions is not permitted to create or approve pull requests (createPullRequest)")
    done = repository.propose((A, "a/main.py"), (B, "b/main.py"))
    assert done.returncode == 1 and done.stdout.endswith(f"\nNot proposed: {A} {B}\n")
    assert "is not permitted to create" in done.stdout and not repository.hub.pulls
    repository.hub.refuse("")
    check_output(repository.propose((A, "a/main.py"), (B, "b/main.py")))
    assert list(repository.hub.pulls) == [A, B]
    before = repository.hub.branches()
    assert repository.propose((A, "a/lock.txt"), token="").returncode == 1 and repository.hub.branches() == before


def test_one_refusal_stops_no_other(repository: Repository) -> None:
    """Such as that of a workflow, which GitHub lets no workflow push."""
    updates = [(A, ".github/workflows/function.yml"), (B, "b/main.py")]
    done = repository.propose(*updates)
    assert done.returncode == 1 and done.stdout.endswith(f"\nNot proposed: {A}\n")
    assert f"push {A}, which changes a workflow: update that function on your machine.\n" in done.stdout
    assert list(repository.hub.branches()) == list(repository.hub.pulls) == [B]


def test_branch_that_moves_meanwhile_is_not_overwritten(repository: Repository) -> None:
    check_output(repository.propose((A, "a/main.py")))
    repository.hub.move_when_asked(A)
    done = repository.propose((A, "a/lock.txt"), (B, "b/main.py"))
    assert done.returncode == 1 and "stale info" in done.stdout and done.stdout.endswith(f"\nNot proposed: {A}\n")
    main = check_output(run("git", "rev-parse", "main", cwd=repository.hub.remote, env={})).strip()
    assert repository.hub.branches()[A] == main and list(repository.hub.pulls) == [A, B]
