"""What the guard's tests share: they run in the project's folder, and one that fails shows its message alone.

The template keeps this file up to date.
"""

{% if fn.firebase %}
import json
{% endif %}
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from itertools import accumulate
from pathlib import Path
{% if fn.firebase %}
from typing import Any
{% endif %}

import pytest
{% if not fn.firebase %}
from pathspec import GitIgnoreSpec
{% endif %}

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def project_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test in the project's folder, so that all paths are relative to it."""
    monkeypatch.chdir(ROOT)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    try:
        return (yield)
    except AssertionError as error:
        # Neither what pytest adds to a message nor an address in it may show a login.
        message = str(error).partition("\nassert ")[0]
        raise pytest.fail.Exception(re.sub(r"://[^/\s?#]*@", "://", message), pytrace=False) from None


@pytest.fixture
def cloud() -> dict[str, str]:
    """What the markers of requirements are told about the cloud."""
    return {
        "python_version": "{{ cookiecutter.python_version }}",
        "python_full_version": "{{ cookiecutter.python_version }}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
    }


@pytest.fixture
def git_files() -> Callable[..., list[Path]]:
    """Return a function that lists the files that `git ls-files` lists, given its options."""
    if not shutil.which("git") or not any((folder / ".git").exists() for folder in (ROOT, *ROOT.parents)):
        pytest.skip("git is not on this machine, or this folder is in no repository")

    def git_files(*options: str) -> list[Path]:
        done = subprocess.run(["git", "ls-files", "-z", *options], capture_output=True)
        assert done.returncode == 0, os.fsdecode(done.stderr)
        return [Path(name) for name in os.fsdecode(done.stdout).split("\0") if name]

    return git_files


{% if fn.firebase %}
{% include "firebase/upload.py" %}
{% else %}
class Upload:
    """What gcloud uploads, by the rules of .gcloudignore."""

    def __init__(self) -> None:
        self.rules = rules_of(".gcloudignore")
        self.spec = GitIgnoreSpec.from_lines(map(as_git_reads_it, self.rules))

    def left_out(self, path: Path) -> tuple[str, int] | None:
        """Return which part of a path is left out, and the number of the rule; None if the path is uploaded."""
        # Nothing brings back what is in a folder that is left out.
        for part in accumulate(path.parts, "{}/{}".format):
            found = self.spec.check_file(part)
            if found.include and found.index is not None:
                return part, found.index
        return None

    def how_to_add(self, part: str) -> str:
        return f"add the line !/{part} to .gcloudignore"

    def how_to_leave_out(self, name: str) -> str:
        return f"add the line /{name} to .gcloudignore and .gitignore"

    def advice(self, path: Path) -> str:
        """Say how to upload a path that is left out; "" if it is uploaded, or left out by a rule of yours."""
        part, number = self.left_out(path) or ("", 0)
        # An ignore file without that heading is yours as a whole.
        heading = next((index for index, rule in enumerate(self.rules) if rule.startswith("# Yours")), -1)
        if not part or number > heading:
            return ""
        is_secret = any(rule.startswith("# Secrets") for rule in self.rules[:number])
        return (
            f"{path.as_posix()} would be missing in the cloud: the rule {self.rules[number]} leaves it out. "
            f"Add the line !/{part} at the end of .gcloudignore, or /{part} if it is not needed there."
            f"{' A secret belongs in Secret Manager.' if is_secret else ''}"
        )

    def paths(self) -> Iterator[Path]:
        """Yield the files and links that are uploaded."""
        for folder, inner, files in os.walk("."):
            paths = [path for name in (*inner, *files) if not self.left_out(path := Path(folder, name))]
            inner[:] = [path.name for path in paths if path.is_dir() and not path.is_symlink()]
            yield from (path for path in paths if path.name not in inner)


def rules_of(ignore: str) -> list[str]:
    """Return the lines of an ignore file, with those of the files that it includes."""
    rules: list[str] = []
    for rule in filter(None, Path(ignore).read_text("utf-8").splitlines()):
        rules += rules_of(rule.removeprefix("#!include:")) if rule.startswith("#!include:") else [rule]
    return rules


def as_git_reads_it(rule: str) -> str:
    """Return a rule for git: gcloud lets `data/*.json` match at any depth, git only at the top."""
    negated, pattern = "!" * rule.startswith("!"), rule.removeprefix("!")
    deep = "/" in pattern.rstrip("/") and not pattern.startswith(("/", "#", "**/"))
    return f"{negated}**/{pattern}" if deep else rule


@pytest.fixture
def upload() -> Upload:
    if not Path(".gcloudignore").is_file():
        message = ".gcloudignore is missing, so gcloud would upload all files, secrets too: restore it."
        pytest.fail(message, pytrace=False)
    return Upload()
{% endif %}
