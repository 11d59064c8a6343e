"""The combinations of answers whose projects are looked at, and marks for tests that look at all of them."""

from pathlib import Path

import pytest

from tests.support.folders import contents
from tests.support.questions import COMBINATIONS, EVERY_COMBINATION, QUESTIONS, covering, label

# No template asks which Python it is for (test_python_version_changes_its_mentions_only), so one stands for all.
# No more than three answers change the same lines.
ONE_PYTHON = [answers for answers in EVERY_COMBINATION if answers["python_version"] == QUESTIONS["python_version"][0]]
RENDERED = COMBINATIONS + [answers for answers in covering(ONE_PYTHON, 3) if answers not in COMBINATIONS]
SOME_OR_ALL = pytest.mark.parametrize(
    "combinations", [COMBINATIONS, pytest.param(RENDERED, marks=pytest.mark.slow)], ids=["some", "all"]
)
EACH = [
    pytest.param(answers, id=label(answers), marks=() if answers in COMBINATIONS else pytest.mark.slow)
    for answers in RENDERED
]
# Tests of every combination run in one process: side by side they would wait for each other's bakes.
together = pytest.mark.xdist_group("combinations")


def files(project: Path) -> set[str]:
    """Return the paths of a project's files."""
    return {name for name, (kind, _) in contents(project).items() if kind == "file"}
