"""How users edit a function, and how a team resolves what an update leaves."""

import re
import subprocess
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

from benchmarks import measure
from tests.support.edits import LOGIC
from tests.support.folders import append, edit
from tests.support.processes import check_output, environment, run
from tests.support.types import Change


def lock(project: Path) -> None:
    """Lock again, by the commands that the locks give."""
    for file in ("requirements.txt", "requirements-dev.txt"):
        [command] = re.findall(r"(?m)^# +uv (pip compile .*)$", (project / file).read_text("utf-8"))
        check_output(run(*measure.UV, *command.split(), cwd=project, env=environment(Path.home())))


def rename_package(project: Path) -> None:
    """Rename the local package, and its name in each file."""
    (project / "localpackage").rename(project / "ours")
    found = subprocess.run(
        ["grep", "-rlI", "localpackage", "."], cwd=project, capture_output=True, text=True, check=True
    )
    for name in found.stdout.splitlines():
        (project / name).write_text((project / name).read_text("utf-8").replace("localpackage", "ours"), "utf-8")


def rewrite_readme(project: Path) -> None:
    """Give it another description, and one's own words on how to run it."""
    text = (project / "README.md").read_text("utf-8")
    text = text.replace("A Google Cloud function.", "Counts. Ask Ada about it.", 1)
    text = re.sub(r"(?s)(## Run it\n).*?(?=\n## )", r"\1\nAsk Ada how we run it.\n", text, count=1)
    (project / "README.md").write_text(text, "utf-8")


# Each kind of edit, to a function of 0.1.0 that has a local package.
EDITS: dict[str, tuple[Change, ...]] = {
    "a field in cloud_logging.py": (
        edit("cloud_logging.py", '"severity": record.levelname,', '"team": "ours", "severity": record.levelname,'),
    ),
    "a dependency, locked": (append("requirements.in", "six\n"), lock),
    "a package beside main.py": (
        append("ourlib/__init__.py", 'WORD = "ours"\n'),
        append(".gcloudignore", "!/ourlib\n"),
        append("localpackage/script.py", "\n\nfrom ourlib import WORD  # noqa: E402, F401\n"),
    ),
    "README.md rewritten": (rewrite_readme,),
    "more memory in deploy.sh": (edit("deploy.sh", "--memory=512Mi", "--memory=1Gi"),),
    "a deploy.yaml of its own": (append("deploy.yaml", "--min-instances: 1\n"),),
    "local package renamed": (rename_package,),
    "a file of the template deleted": (lambda project: (project / ".gitattributes").unlink(),),
    "own logic and tests": (
        append("main.py", LOGIC),
        append("localpackage/script.py", LOGIC),
        append("tests/test_mine.py", "def test_mine() -> None:\n    assert True\n"),
    ),
    "a test of the guard switched off": (edit("tests/test_layout.py", "def test_no_module", "def not_now_no_module"),),
    "settings in pyproject.toml": (append("pyproject.toml", "\n[tool.coverage.run]\nbranch = true\n"),),
    "lines in .gitignore and .gcloudignore": (
        append(".gitignore", "mine.log\n"), append(".gcloudignore", "!/table.csv\n"), append("table.csv", "1\n"),
    ),
}  # fmt: skip

# What is left of an edit after all updates: a file and what is in it; None if it is gone. SIDES give up a field in
# cloud_logging.py.
KEPT: dict[str, tuple[str, str | None]] = {
    "a dependency, locked": ("requirements.txt", "\nsix=="),
    "a package beside main.py": ("ourlib/__init__.py", "ours"),
    "README.md rewritten": ("README.md", "Ask Ada how we run it."),
    "more memory in deploy.sh": ("deploy.sh", "--memory=1Gi"),
    "a deploy.yaml of its own": ("deploy.yaml", "--min-instances: 1"),
    "local package renamed": ("localpackage", None),
    "a file of the template deleted": (".gitattributes", None),
    "own logic and tests": ("main.py", "def mine("),
    "a test of the guard switched off": ("tests/test_layout.py", "def not_now"),
    "settings in pyproject.toml": ("pyproject.toml", "[tool.coverage.run]"),
    "lines in .gitignore and .gcloudignore": (".gitignore", "mine.log"),
}
# Why some of them end in a draft.
REASONS = {
    "a field in cloud_logging.py": "the template changed the lines beside it",
    "README.md rewritten": "the template rewrote the same section",
    "a deploy.yaml of its own": "the template brings one too",
}

MARKED = re.compile(r"(?ms)^<<<<<<< [^\n]*\n(?P<ours>.*?)^=======\n(?P<theirs>.*?)^>>>>>>> [^\n]*\n")
# Whose lines a conflict is resolved with: the first pattern that fits the file's path in its function.
SIDES = {
    "requirements*.txt": "theirs",  # then locked again
    "README.md": "ours",
    "deploy.sh": "ours",
    "deploy.yaml": "both",
    "pyproject.toml": "both",
    "requirements*.in": "both",
    ".g*ignore": "both",
    ".gitattributes": "ours",
    "*": "theirs",
}


def is_kept(project: Path, kind: str) -> bool:
    """Whether an edit is still there."""
    if kind not in KEPT:
        return True
    name, text = KEPT[kind]
    file = project / name
    return not file.exists() if text is None else file.exists() and text in file.read_text("utf-8")


def conflicts(project: Path) -> list[str]:
    """Return the files with conflict markers, and those whose change is in a .rej file."""
    files = [path for path in sorted(project.rglob("*")) if path.is_file()]
    found = [path for path in files if path.suffix == ".rej" or re.search(rb"(?m)^<{7} ", path.read_bytes())]
    return [path.relative_to(project).as_posix().removesuffix(".rej") for path in found]


def merged(text: str, side: str) -> str:
    """Return a text without conflict markers: with our lines, or with both."""
    return MARKED.sub(lambda found: found["ours"] + (found["theirs"] if side == "both" else ""), text)


def resolve(project: Path, render: Callable[[], Path]) -> list[str]:
    """Resolve each conflict by SIDES, the template's side with a fresh `render`; return how."""
    done = []
    for name in conflicts(project):
        side = next(side for pattern, side in SIDES.items() if fnmatch(name, pattern))
        file, rejected = project / name, project / f"{name}.rej"
        if rejected.exists():
            rejected.unlink()
        if side == "theirs":
            file.unlink(missing_ok=True)
            if (new := render() / name).exists():
                file.write_bytes(new.read_bytes())
        elif file.exists():
            file.write_text(merged(file.read_text("utf-8"), side), "utf-8")
        done.append(f"{name}: {side}")
    if any(fnmatch(name.partition(":")[0], "requirements*") for name in done):
        lock(project)
    return done
