"""Reads .gcloudignore as gcloud does, for the guard's tests. The template keeps this file up to date."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

ROOT = Path(__file__).resolve().parents[2]


class Upload:
    """What gcloud uploads, by the rules of .gcloudignore."""

    def __init__(self, rules: list[str]) -> None:
        self.rules = rules
        self.spec = GitIgnoreSpec.from_lines(map(self.as_git_reads_it, rules))
        self.first_of_yours = next((number for number, rule in enumerate(rules) if rule.startswith("# Yours")), -1)

    @staticmethod
    def as_git_reads_it(rule: str) -> str:
        """Return a rule for git: gcloud lets `data/*.json` match at any depth, git only at the top."""
        negated, pattern = "!" * rule.startswith("!"), rule.removeprefix("!")
        deep = "/" in pattern.rstrip("/") and not pattern.startswith(("/", "#", "**/"))
        return f"{negated}**/{pattern}" if deep else rule

    def left_out(self, path: Path) -> tuple[str, int]:
        """Return which part of a path is left out, and by which rule; "" if the path is uploaded."""
        parts = path.relative_to(ROOT).parts
        # Nothing brings back what is in a folder that is left out.
        for part in ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1)):
            found = self.spec.check_file(part)
            if found.include and found.index is not None:
                return part, found.index
        return "", 0

    def missing(self, path: Path) -> str:
        """Say how to upload a path that is left out; "" if it is uploaded, or left out by a rule of the user's."""
        part, rule = self.left_out(path)
        if not part or rule > self.first_of_yours:
            return ""
        is_secret = any(line.startswith("# Secrets") for line in self.rules[:rule])
        return (
            f"{path.relative_to(ROOT).as_posix()} would be missing in the cloud: the rule {self.rules[rule]} leaves it "
            f"out. Add the line !/{part} at the end of .gcloudignore, or /{part} if it is not needed there."
            f"{' A secret belongs in Secret Manager.' if is_secret else ''}"
        )

    def paths(self) -> Iterator[Path]:
        """Yield the files and linked folders that are uploaded."""
        for folder, inner, files in os.walk(ROOT):
            inner[:] = [name for name in inner if not self.left_out(Path(folder, name))[0]]
            yield from (path for name in inner if (path := Path(folder, name)).is_symlink())
            yield from (path for name in files if not self.left_out(path := Path(folder, name))[0])


def rules_of(ignore: Path) -> list[str]:
    """Return the lines of an ignore file, with those of the files that it includes."""
    rules: list[str] = []
    for rule in filter(None, ignore.read_text("utf-8").splitlines()):
        rules += rules_of(ROOT / rule.removeprefix("#!include:")) if rule.startswith("#!include:") else [rule]
    return rules


@pytest.fixture(scope="session")
def upload() -> Upload:
    ignore = ROOT / ".gcloudignore"
    if not ignore.is_file():
        message = ".gcloudignore is missing, so gcloud would upload all files, secrets too: restore it."
        pytest.fail(message, pytrace=False)
    return Upload(rules_of(ignore))
