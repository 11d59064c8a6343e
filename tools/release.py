"""Make a release: `uv run tools/release.py 1.2.0` writes the version, commits it and tags the commit.

Nothing is pushed. It refuses, and changes nothing, where the version is no higher one, the working tree is not clean or
CHANGELOG.md has nothing new. What has to be true before, and what comes after, is in CONTRIBUTING.md.
"""

import re
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def git(*arguments: str) -> str:
    """Return what git says; raise SystemExit with its own words if it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def released(changelog: str, version: str, today: date) -> str:
    """Return the changelog with what was unreleased under `version`; raise SystemExit if that is nothing."""
    new = re.search(r"(?s)^## \[Unreleased\]\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE)
    if not new or not new[1].strip():
        raise SystemExit("CHANGELOG.md has nothing under [Unreleased]: say what is new.")
    return changelog.replace("## [Unreleased]\n", f"## [Unreleased]\n\n## [{version}] - {today.isoformat()}\n", 1)


def main(version: str) -> int:
    old = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or numbers(version) <= numbers(old):
        raise SystemExit(f"{version} is no version after {old}: use three numbers, such as 1.2.0.")
    if git("status", "--porcelain"):
        raise SystemExit("The working tree is not clean: commit what belongs into the release.")
    made = {"CHANGELOG.md": released((ROOT / "CHANGELOG.md").read_text("utf-8"), version, date.today())}
    for name in ("pyproject.toml", "uv.lock"):
        stands = f'name = "fn-template"\nversion = "{old}"'
        made[name] = (ROOT / name).read_text("utf-8").replace(stands, stands.replace(old, version))
    for name, text in made.items():
        (ROOT / name).write_text(text, "utf-8", newline="\n")
    git("commit", "--all", "--message", f"Release {version}")
    git("tag", "--annotate", version, "--message", f"Release {version}")
    print(f"Made and tagged {version}. To publish it: git push --follow-tags")
    return 0


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    raise SystemExit(main(sys.argv[1]))
