"""A project on each Python: installed from what its locks pin, tested by its own tests, served and asked."""

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.support.guard import own_tests
from tests.support.locks import pins
from tests.support.processes import check_output, require_tool
from tests.support.questions import COMBINATIONS, fact, label
from tests.support.serving import check, served
from tests.support.types import Bake, Installed


def place(answers: dict[str, Any]) -> tuple[str, str]:
    """Return the Python and the set of requirements that these answers need."""
    return answers["python_version"], fact(answers["trigger"], "locks")


# Locks with hashes come first. All of a group pin the same, so they run in what the first one installs.
GROUPS = groupby(sorted(COMBINATIONS, key=lambda answers: (place(answers), not answers["hashes"])), place)


@pytest.mark.slow
@pytest.mark.parametrize("group", [pytest.param([*group], id="-".join(key)) for key, group in GROUPS])
def test_installed_tested_and_served(
    bake: Bake, installed: Installed, home: Path, subtests: pytest.Subtests, group: list[dict[str, Any]]
) -> None:
    python = require_tool(f"python{group[0]['python_version']}")
    first = bake(**group[0])
    scripts = installed(first, python)
    for answers in group:
        with subtests.test(label(answers)):
            project = bake(**answers)
            for lock in ("requirements.txt", "requirements-dev.txt"):
                assert pins(project / lock) == pins(first / lock)
            check_output(own_tests(scripts, project, home, plugins=True))
            with served(scripts, project, "hello_function", home) as function:
                check(answers["trigger"], function)
