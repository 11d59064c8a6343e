"""A stand-in for GitHub's command `gh`: the pull requests of a bare repository, in a file beside it."""

import json
import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

# GitHub lets no workflow push a workflow; `main` is pushed by people.
UPDATE_HOOK = """#!/bin/sh
[ "$1" = refs/heads/main ] || [ -z "$(git diff --name-only main "$3" -- .github/workflows)" ] && exit
echo "refusing to allow a GitHub App to create or update workflow without \\`workflows\\` permission" >&2
exit 1
"""
# What --jq may be: the state of the newest pull request that is not from a fork.
OWN_STATE = "first(.[] | select(.isCrossRepository | not).state)"


class FakeGitHub:
    """A bare repository with a branch `main`, and the folder of a `gh` that knows its pull requests."""

    def __init__(self, folder: Path) -> None:
        self.remote, self.bin, self.file = folder / "remote.git", folder / "bin", folder / "remote.json"
        self.bin.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.remote)], check=True)
        hook = self.remote / "hooks" / "update"
        hook.write_text(UPDATE_HOOK)
        hook.chmod(0o755)
        self._save(pulls=[], changes=[], refusal="", moves="")
        program = self.bin / "gh"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -P {__file__} {self.file} "$@"\n')
        program.chmod(0o755)

    def _save(self, **state: Any) -> None:
        self.file.write_text(json.dumps(state))

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.file.read_text())
        return state

    @property
    def pulls(self) -> dict[str, dict[str, Any]]:
        """The last pull request of each branch, without those of forks."""
        return {pull["head"]: pull for pull in self.state["pulls"] if not pull["fork"]}

    def branches(self) -> dict[str, str]:
        """Return the branches of updates and their commits."""
        listed = ["git", "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads/updates"]
        lines = subprocess.run(listed, cwd=self.remote, check=True, capture_output=True, text=True).stdout.splitlines()
        return dict(line.split() for line in lines)

    def checkout(self, folder: Path, depth: int = 0) -> None:
        """Clone `main` into a folder, in place of what is there: its last commits only, if `depth` says how many."""
        shutil.rmtree(folder, ignore_errors=True)
        clone = ["git", "clone", "-q", "--branch", "main", *([f"--depth={depth}"] if depth else [])]
        subprocess.run([*clone, self.remote.as_uri(), str(folder)], check=True)

    def refuse(self, why: str) -> None:
        """Refuse to open pull requests; with an empty reason, do so no more."""
        self._save(**{**self.state, "refusal": why})

    def move_when_asked(self, branch: str) -> None:
        """Let somebody push to a branch while a run looks up its pull request."""
        self._save(**{**self.state, "moves": branch})

    def open_from_fork(self, branch: str) -> None:
        """Let somebody open a pull request from a branch of that name in a fork."""
        pull = {"head": branch, "base": "main", "state": "OPEN", "draft": False, "fork": True}
        self._save(**{**self.state, "pulls": [*self.state["pulls"], pull]})

    def close(self, branch: str, state: str = "CLOSED") -> None:
        pulls = self.state["pulls"]
        [opened] = [pull for pull in pulls if (pull["head"], pull["state"], pull["fork"]) == (branch, "OPEN", False)]
        opened["state"] = state
        self._save(**{**self.state, "pulls": pulls})


def read(arguments: list[str]) -> Any:
    """Read a command as `gh` does; end with its exit code if it is none that `gh` knows."""
    parser = ArgumentParser("gh", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("auth").add_argument("what", choices=["setup-git"])
    start = commands.add_parser("workflow").add_subparsers(required=True).add_parser("run")
    start.add_argument("workflow")
    start.add_argument("--ref", required=True)
    actions = commands.add_parser("pr").add_subparsers(dest="action", required=True)
    find, create, edit, ready = (actions.add_parser(name) for name in ("list", "create", "edit", "ready"))
    for action in (find, create):
        action.add_argument("--head", required=True)
    find.add_argument("--state", choices=["open", "closed", "merged", "all"], default="open")
    find.add_argument("--limit", type=int, default=30)
    find.add_argument("--json", choices=["state,isCrossRepository"], required=True)
    find.add_argument("--jq", choices=[OWN_STATE], required=True)
    for action in (create, edit):
        action.add_argument("--title", required=True)
        action.add_argument("--body-file", choices=["-"], required=True)
    create.add_argument("--base", required=True)
    create.add_argument("--draft", action="store_true")
    for action in (edit, ready):
        action.add_argument("head")
    ready.add_argument("--undo", action="store_true")
    return parser.parse_args(arguments)


def main(file: Path, arguments: list[str]) -> str:
    """Run a command; return what is wrong with it, if anything."""
    asked, state = read(arguments), json.loads(file.read_text())
    if os.environ.get("GH_TOKEN") != "token-of-the-run":
        return "gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable."
    if asked.command == "auth":
        return ""
    if asked.command == "workflow":
        file.write_text(json.dumps({**state, "changes": [*state["changes"], f"run {asked.workflow} {asked.ref}"]}))
        return ""
    # As gh does: `list` finds those of forks too.
    forks = asked.action == "list"
    pulls = [pull for pull in state["pulls"] if pull["head"] == asked.head and (forks or not pull["fork"])]
    opened = [pull for pull in pulls if pull["state"] == "OPEN"]
    if asked.action == "list":
        if state["moves"] == asked.head:
            moves = ["git", "update-ref", f"refs/heads/{asked.head}", "refs/heads/main"]
            subprocess.run(moves, cwd=file.with_suffix(".git"), check=True)
        wanted = [pull for pull in reversed(pulls) if asked.state in ("all", pull["state"].lower())]
        print(*[pull["state"] for pull in wanted[: asked.limit] if not pull["fork"]][:1])
        return ""
    state["changes"].append(f"{asked.action} {asked.head}")
    if asked.action == "create":
        pushed = subprocess.run(
            ["git", "rev-parse", "--quiet", "--verify", f"refs/heads/{asked.head}"],
            cwd=file.with_suffix(".git"), stdout=subprocess.DEVNULL,
        )  # fmt: skip
        if pushed.returncode:
            return "pull request create failed: GraphQL: Head sha can't be blank"
        if opened:
            return f'a pull request for branch "{asked.head}" into branch "{asked.base}" already exists'
        if state["refusal"]:
            return f"pull request create failed: GraphQL: {state['refusal']}"
        opened = [{"head": asked.head, "base": asked.base, "state": "OPEN", "draft": asked.draft, "fork": False}]
        state["pulls"] += opened
    elif not opened:
        return f'no open pull requests found for branch "{asked.head}"'
    if asked.action == "ready":
        opened[0]["draft"] = asked.undo
    else:
        opened[0] |= {"title": asked.title, "body": sys.stdin.read()}
    file.write_text(json.dumps(state))
    return ""


if __name__ == "__main__":
    if problem := main(Path(sys.argv[1]), sys.argv[2:]):
        sys.exit(problem)
