"""Make a release: `uv run tools/release.py 1.2.0` writes the version, commits and tags it. It pushes nothing.

A second commit writes 1.2.0+dev, so that a function of any later commit does not say that the release made it.

It refuses, and changes nothing, if the version is not higher, the working tree is not clean, or CHANGELOG.md has
nothing new. CONTRIBUTING.md says what to do before and after.
"""

import re
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def git(*arguments: str) -> str:
    """Return git's output; raise SystemExit with its error message if it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.removesuffix("+dev").split(".")))


def write(old: str, new: str) -> None:
    """Replace the version in all files that name it."""
    named = 'name = "fn-template"\nversion = "{}"'
    for name, line in {"pyproject.toml": named, "uv.lock": named, "README.md": "\nVersion {} ("}.items():
        text = (ROOT / name).read_text("utf-8").replace(line.format(old), line.format(new), 1)
        (ROOT / name).write_text(text, "utf-8", newline="\n")


def main(version: str) -> None:
    old = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or numbers(version) <= numbers(old):
        raise SystemExit(f"{version} is not a version after {old}: give three numbers, such as 1.2.0.")
    if git("status", "--porcelain"):
        raise SystemExit("The working tree is not clean: commit what belongs in the release first.")
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    if not re.search(r"(?m)^## \[Unreleased\]\n\s*(?!## |\s|\Z)", changelog):
        raise SystemExit("CHANGELOG.md has nothing under [Unreleased]: say what is new.")
    write(old, version)
    heading = "## [Unreleased]\n"
    changelog = changelog.replace(heading, f"{heading}\n## [{version}] - {date.today().isoformat()}\n", 1)
    (ROOT / "CHANGELOG.md").write_text(changelog, "utf-8", newline="\n")
    git("commit", "--all", "--message", f"Release {version}")
    git("tag", "--annotate", version, "--message", f"Release {version}")
    write(version, f"{version}+dev")
    git("commit", "--all", "--message", f"Go on after {version}")
    print(f"Committed and tagged {version}. To publish it: git push --follow-tags")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
