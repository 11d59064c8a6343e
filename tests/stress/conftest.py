"""Projects to compare with."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.support.any_folder import Contents, arguments, workplace
from tests.support.folders import contents
from tests.support.processes import check_output, run_module


@pytest.fixture(scope="session")
def undisturbed() -> Callable[[str, str], Contents]:
    """Return what a run into an empty folder makes of these answers."""

    @cache
    def undisturbed(trigger: str, package: str) -> Contents:
        with workplace() as (out, project, env):
            check_output(run_module("cookiecutter", *arguments(out, trigger, package), cwd=out, env=env))
            return contents(project)

    return undisturbed
