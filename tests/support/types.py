"""Types of fixtures and of finished commands."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

Done = subprocess.CompletedProcess[str]
# An answer to one of the template's questions.
Answer = str | bool
# What a test does to a folder.
Change = Callable[[Path], object]


class Bake(Protocol):
    """Returns the project that these answers make, with the defaults for the rest."""

    def __call__(self, **answers: Answer) -> Path: ...


class Installed(Protocol):
    """Returns the scripts of an environment that holds exactly a project's two locks."""

    def __call__(self, project: Path, python: str = ...) -> Path: ...


class Cookiecutter(Protocol):
    """Runs cookiecutter's own command."""

    def __call__(self, *arguments: str, template: str | Path = ..., stdin: str = "") -> Done: ...


class Gcloud(Protocol):
    """Runs the real gcloud."""

    def __call__(self, *arguments: str | Path, cwd: Path = ..., **variables: str) -> Done: ...
