# /// script
# requires-python = ">=3.11"
# ///
"""Print a table of the functions in a folder, and what is wrong with each: behind, red, or on an old Python.

It reads what is on disk. The exit code is 0 if all is well, 1 if something is wrong, and 2 if it could not look.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

# As in rules/runtimes.json, which is not at hand if this file runs alone.
ENDS = {"3.11": "2028-04-24", "3.12": "2029-04-02", "3.13": "2030-04-10", "3.14": "2031-04-10"}
LOCKS = ("requirements.txt", "requirements-dev.txt")
BEGIN, END = "<!-- template-status -->", "<!-- end of template-status -->"
# uv tells a script that it runs where it is.
UV = os.environ.get("UV", "uv")
RELEASE = re.compile(r"v?\d+\.\d+\.\d+")


@dataclass
class Status:
    """What is known of a function: "" or None if nothing is."""

    function: str
    trigger: str = ""
    runtime: str = ""
    ends: str = ""
    template: str = ""
    version: str = ""
    commit: str = ""
    releases_behind: int | None = None
    commits_behind: int | None = None
    locks_changed: str = ""
    guard: str = ""
    findings: list[str] = field(default_factory=list)

    def row(self) -> dict[str, str]:
        """Return the function's row in the table, by the headings."""
        return {
            "function": self.function,
            "trigger": self.trigger,
            "runtime": self.runtime,
            "ends": self.ends,
            "template": self.version,
            "behind": self.behind(),
            "locks changed": self.locks_changed,
            "guard": self.guard or "not run",
        }

    def behind(self) -> str:
        """Return how far the function is behind, in words; "" if nobody knows."""
        counts = {"release": self.releases_behind, "commit": self.commits_behind}
        words = [f"{number} {what}{'s' * (number > 1)}" for what, number in counts.items() if number]
        return ", ".join(words) or ("no" if self.commits_behind == 0 else "")


class History:
    """The commits of a template, in a repository on this machine, up to its newest release, or all without one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commits = set(git(folder, "rev-list", "--all").split())
        tags = git(folder, "tag", "--merged", "HEAD", "--sort=-v:refname").split()
        self.newest = next(filter(RELEASE.fullmatch, tags), "HEAD")

    def behind(self, commit: str) -> tuple[int, int]:
        """Return how many releases and commits are newer than a commit."""
        tags = git(self.folder, "tag", "--merged", self.newest, "--no-merged", commit).split()
        count = git(self.folder, "rev-list", "--count", f"{commit}..{self.newest}")
        return sum(map(bool, map(RELEASE.fullmatch, tags))), int(count)


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints in a folder; "" if it fails."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, encoding="utf-8", errors="replace")
    return "" if done.returncode else done.stdout.strip()


def text_of(path: Path) -> str:
    """Return the text of a file; "" if there is none."""
    return path.read_text("utf-8", errors="replace") if path.is_file() else ""


def is_function(folder: Path) -> bool:
    """Whether a folder holds a function; one without its main.py still does if it is linked to a template."""
    is_ours = (folder / "deploy.yaml").is_file() or "[tool.fn-template]" in text_of(folder / "pyproject.toml")
    return (folder / ".cruft.json").is_file() or (is_ours and (folder / "main.py").is_file())


def read(folder: Path) -> Status:
    """Return what a function's own files say."""
    status = Status(folder.resolve().name)
    record, python = text_of(folder / ".cruft.json"), ""
    try:
        linked = json.loads(record)
        answers = dict(linked["context"]["cookiecutter"])
        status.template, status.commit = str(linked["template"]), str(linked["commit"])
        status.trigger, python = str(answers.get("trigger", "")), str(answers.get("python_version", ""))
    except (KeyError, TypeError, ValueError):
        what = ".cruft.json is broken" if record else "it is not linked to the template"
        status.findings.append(f'{what}, so no update reaches it: see "How do I update the project?" in REFERENCE.md')
    try:
        status.version = str(tomllib.loads(text_of(folder / "pyproject.toml"))["tool"]["fn-template"]["version"])
    except (KeyError, TypeError, ValueError):
        status.findings.append("pyproject.toml does not say which version of the template made it")
    python = deployed_python(folder.resolve()) or python
    status.runtime, status.ends = f"python{python.replace('.', '')}" if python else "", ENDS.get(python, "")
    if not python:
        status.findings.append("nothing here says which Python it runs on")
    elif not status.ends:
        status.findings.append("its runtime is not one that the template offers: choose another Python")
    elif ends_soon(status.ends, date.today()):
        status.findings.append(f"its runtime ends on {status.ends}: choose a newer Python")
    # In a shallow clone each file looks as new as the oldest commit.
    if git(folder, "rev-parse", "--is-shallow-repository") == "false":
        status.locks_changed = git(folder, "log", "-1", "--format=%cs", "--", *LOCKS)
    return status


def deployed_python(folder: Path) -> str:
    """Return the Python that a function's deploy.yaml deploys, or a firebase.json here or above; "" if neither does."""
    runtime = r"""(?m)^--runtime:[ ]+(["']?)python3(\d+)\1[ ]*(#.*)?$"""
    if found := re.search(runtime, text_of(folder / "deploy.yaml")):
        return f"3.{found[2]}"
    for root in (folder, *folder.parents):
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            entries = json.loads(text_of(root / "firebase.json"))["functions"]
            for entry in entries if isinstance(entries, list) else [entries]:
                is_its = (root / entry.get("source", "functions")).resolve() == folder
                if is_its and (found := re.fullmatch(r"python3(\d+)", entry["runtime"])):
                    return f"3.{found[1]}"
    return ""


def ends_soon(end: str, today: date) -> bool:
    """Whether a day is at most a year away."""
    return date.fromisoformat(end) - today <= timedelta(days=365)


def is_here(template: str) -> bool:
    """Whether a template is a folder on this machine, and not an address."""
    return os.path.isabs(template) and os.path.isdir(template)


def ask(template: str, copy: str) -> History | str:
    """Return a template's history, and if it is elsewhere fetch its commits into `copy`; if git cannot, say why."""
    if is_here(template):
        return History(Path(template))
    command = ["git", "clone", "--quiet", "--bare", "--filter=tree:0", "--", template, copy]
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", errors="replace")
    return f"git cannot read its template: {done.stderr}" if done.returncode else History(Path(copy))


def compare(statuses: list[Status], newest: str, fetch: bool) -> None:
    """Find how far each function is behind: by its template's history, or by the newest version known here."""
    with tempfile.TemporaryDirectory() as copies:
        histories = {
            template: ask(template, f"{copies}/{number}")
            for number, template in enumerate({status.template for status in statuses if status.commit})
            if fetch or is_here(template)
        }
        for status in statuses:
            history = histories.get(status.template)
            if isinstance(history, str):
                status.findings.append(history)
            elif history and status.commit not in history.commits:
                status.findings.append("its template no longer has the commit in .cruft.json: see docs/updating.md")
            elif history:
                status.releases_behind, status.commits_behind = history.behind(status.commit)
                if status.commits_behind:
                    status.findings.append(f"{status.behind()} behind: update it")
            others = [one.version for one in statuses if one.template == status.template and not history]
            best = max([newest, *others], key=numbers).partition("+")[0]
            if not status.commits_behind and () < numbers(status.version) < numbers(best):
                status.findings.append(f"version {status.version} made it, and {best} is newer: update it")


def numbers(version: str) -> tuple[int, ...]:
    """Return what orders versions; () for a text that is none. 0.3.0+dev counts as 0.3.0."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)(\+|$)", version)
    return tuple(map(int, found.group(1, 2, 3))) if found else ()


def run_guard(folder: Path, status: Status) -> None:
    """Run a function's guard on its Python, in an environment that holds its locks."""
    with tempfile.TemporaryDirectory() as place:
        report = Path(place, "report.xml")
        command = [UV, "run", "--quiet", "--isolated", "--no-project"]
        command += [word for lock in LOCKS for word in ("--with-requirements", lock)]
        command += ["--python", status.runtime.replace("python3", "3.")] if status.runtime else []
        command += ["pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}", "tests/guard"]
        env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", errors="replace")
        status.guard = "red" if done.returncode else "green"
        messages = list(failures(report)) or [done.stderr or done.stdout] * bool(done.returncode)
        status.findings += [f"its guard is red: {message}" for message in messages]


def failures(report: Path) -> Iterator[str]:
    """Yield the message of each test that failed, by the report that pytest wrote, if it came that far."""
    try:
        nodes = list(ElementTree.parse(report).iter())
    except (FileNotFoundError, ElementTree.ParseError):
        return
    for node in nodes:
        if node.tag == "failure":
            yield node.get("message", "").removeprefix("Failed: ")
        elif node.tag == "error":
            yield (node.text or "").strip().rpartition("\n")[2]


def in_markdown(text: str) -> str:
    """Return a text that Markdown shows as it is, in a table too."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", printable(text))


def printable(text: str) -> str:
    """Return a text with an escape for each character that a terminal could act on."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def table(statuses: list[Status]) -> str:
    """Return a table in Markdown, which is aligned for a terminal too."""
    rows = [{name: in_markdown(cell or "?") for name, cell in one.row().items()} for one in statuses]
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
    rows = [{name: name for name in widths}, {name: "-" * width for name, width in widths.items()}, *rows]
    return "".join(f"| {' | '.join(row[name].ljust(width) for name, width in widths.items())} |\n" for row in rows)


def say(text: str) -> None:
    """Print a text without the logins that an address in it may hold."""
    print(re.sub(r"://[^/\s?#]*@", "://", text))


def main() -> int:
    parser = argparse.ArgumentParser(prog="template_status.py", description=__doc__)
    parser.add_argument("folder", nargs="?", default=".", type=Path, help="a function, or a folder of functions")
    parser.add_argument("--guard", action="store_true", help="run each function's guard too, by uv")
    parser.add_argument("--fetch", action="store_true", help="fetch each template's commits, to count those behind")
    parser.add_argument("--newest", default="", metavar="VERSION", help="a version that each function should have")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--write", type=Path, metavar="PAGE", help=f"write the table between {BEGIN} and {END}")
    given = parser.parse_args()
    inside = [given.folder] if (given.folder / "main.py").is_file() else sorted(given.folder.glob("*/"))
    folders = [folder for folder in inside if is_function(folder)]
    if not folders:
        parser.error(f"there is no function in {given.folder}")
    for tool in ["git", UV] if given.guard else ["git"]:
        if not shutil.which(tool):
            parser.error(f"{tool} is not on this machine")
    if given.newest and not numbers(given.newest):
        parser.error(f"{given.newest} is not a version such as 1.2.0")
    before, _, rest = text_of(given.write or Path()).partition(BEGIN)
    _, end, after = rest.partition(END)
    if given.write and not end:
        parser.error(f"{given.write} has no lines {BEGIN} and {END}")
    statuses = [read(folder) for folder in folders]
    compare(statuses, given.newest, given.fetch)
    if given.guard:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(run_guard, folders, statuses))
    for status in statuses:
        status.findings = [" ".join(finding.split()) for finding in status.findings]
    lines = [f"{status.function}: {finding}" for status in statuses for finding in status.findings]
    if given.json:
        say(json.dumps([asdict(status) for status in statuses], indent=2))
    else:
        if given.write:
            page = f"{before}{BEGIN}\n\n{table(statuses)}\n{END}{after}"
            given.write.write_text(page, "utf-8", newline="\n")
        else:
            say(table(statuses))
        say("\n".join(map(printable, lines)))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
