"""Rules of a project's guard: what breaks one, what the guard says then, and what turns it green again."""

import re
import shutil
from pathlib import Path
from typing import NamedTuple

from tests.support.folders import without_bytecode
from tests.support.guard import guard
from tests.support.pages import lock_commands
from tests.support.processes import check_output, environment, run
from tests.support.types import Change

# What turns the guard green: a change, the commands that lock, or what was there before.
LOCK, UPGRADE, UNDO = "the commands that lock", "the same for an update", "what was there before"
Fix = Change | str | list[Change | str]


class Rule(NamedTuple):
    """A rule: how it is broken, what the guard says of that, and how its advice is followed."""

    broken: str
    change: Change
    says: str | list[str]
    fix: Fix


def follow(fix: Fix, project: Path, before: Path, scripts: Path, home: Path) -> None:
    """Do what a red line of the guard advises."""
    for step in fix if isinstance(fix, list) else [fix]:
        if step in (LOCK, UPGRADE):
            for command in lock_commands(project, upgrade=step == UPGRADE):
                check_output(run(scripts / "uv", *command.split()[1:], cwd=project, env=environment(home)))
        elif step == UNDO:
            shutil.rmtree(project)
            shutil.copytree(before, project)
        else:
            assert callable(step)
            step(project)


def check_rule(rule: Rule, project: Path, before: Path, scripts: Path, home: Path) -> None:
    """Break a rule in `project`, a copy of `before`: its guard must go red, and green once its advice is followed."""
    rule.change(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1, done.stdout
    for says in [rule.says] if isinstance(rule.says, str) else rule.says:
        assert says in done.stdout, done.stdout
    assert "pa55word" not in done.stdout
    assert not re.search(r"(?m)^(tests/guard/\S+:\d+: |During handling|assert )", done.stdout), done.stdout
    follow(rule.fix, project, before, scripts, home)
    # The guard of a new project is green: test_guard_passes_on_a_new_project.
    if without_bytecode(project) != without_bytecode(before):
        done = guard(scripts, project, home)
        assert "reads" not in check_output(done), done.stdout
