"""What a valid answer is, and the names that templates derive from the answers (`fn`).

The check runs whenever Jinja opens a context: after each question, and again before anything is made, which
covers answers that were never asked for (a user config, a replay file, cruft).
"""

import json
import keyword
import re
import runpy
import shlex
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, NoReturn

import click
from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.runtime import Context

ROOT = Path(__file__).resolve().parent.parent
SKELETON = ROOT / "{{cookiecutter.function_name}}"
# Without the labels, which cookiecutter takes out before it asks.
GIVEN = {
    name: value
    for name, value in json.loads((ROOT / "cookiecutter.json").read_text("utf-8")).items()
    if name != "__prompts__"
}
QUESTIONS = {name: default for name, default in GIVEN.items() if not name.startswith("_")}
# What else replay files of versions up to 0.3.0 hold.
OLDER = {"_extensions": ["local_extensions.FnTemplate"]}
RESERVED = json.loads((ROOT / "rules" / "reserved.json").read_text("utf-8"))
TARGET = runpy.run_path(str(ROOT / "rules" / "target.py"))

# Python 3.10 cannot read TOML.
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
VERSION, REPOSITORY = (re.findall(rf'(?m)^{name} = "(.*)"$', PYPROJECT)[0] for name in ("version", "Repository"))
MOST_SAMPLES = 8
JINJA = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
# Windows takes these for devices, whatever the folder.
DEVICES = re.compile(r"aux|con|nul|prn|com[0-9]|lpt[0-9]")
A_DEVICE = "Windows takes that for a device, not for a folder; use another name"
# What was planned so far: each of cookiecutter's environments, those of the hooks too, asks for the same.
PLANS: dict[tuple[object, ...], list[str]] = {}
NOT_ASKED = "leave it out, only the template sets it"
BIDI_CONTROLS = set(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))


def project_exists() -> bool:
    """Whether cruft renders a project that exists already: to update it, compare it or link it."""
    return "cruft" in sys.modules and "create" not in sys.argv


def taken(name: str, kind: str) -> bool:
    """Whether a new function may not use a name, since Python, a requirement or main.py does: `kind` of reserved.json.

    The list grows with the locks. A project that has the name already is updated all the same, and its guard speaks.
    """
    return not project_exists() and name in RESERVED[kind]


def function_name(value: str) -> str:
    """Valid as a function, a Cloud Run service, a part of a URL, a folder and, with `_` for `-`, an entry point."""
    if DEVICES.fullmatch(value):
        return A_DEVICE
    if not re.fullmatch(r"[a-z][a-z0-9-]{2,47}[a-z0-9]", value):
        return "use 4 to 49 of a-z, 0-9 and -, with a letter first and no - at the end, such as hello-function"
    entry_point = value.replace("-", "_")
    if keyword.iskeyword(entry_point) or taken(entry_point, "entry_points"):
        return f"its entry point {entry_point} is a name of Python or of main.py; use another, such as my-{value}"
    return ""


def description(value: str) -> str:
    """One line of any script that cannot act on Jinja, a terminal or the direction of text."""
    if not value.strip() or len(value) > 200:
        return "use one line of 1 to 200 characters"
    if JINJA.search(value):
        return "leave out what Jinja would act on: {{ }} {% %} {# #}"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in BIDI_CONTROLS for c in value):
        return "use one line without control characters"
    return ""


def local_package(value: str) -> str:
    """An importable name that nothing on sys.path hides: the framework appends the source folder to it."""
    if DEVICES.fullmatch(value):
        return A_DEVICE
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,29}", value):
        return "use up to 30 of a-z, 0-9 and _, with a letter first, or none"
    if keyword.iskeyword(value) or taken(value, "modules"):
        return f"that name belongs to Python, a requirement or the project; use another, such as my_{value}"
    return ""


def region(value: str) -> str:
    """The shape of a region's id; the list itself grows."""
    fits = re.fullmatch(r"[a-z]+(-[a-z]+)+[0-9]{1,2}", value)
    return "" if fits else "use the id of a region, such as us-central1 or europe-west1"


RULES = {rule.__name__: rule for rule in (function_name, description, local_package, region)}


def refuse(question: str, value: object, fix: str) -> NoReturn:
    """End cookiecutter with one line: question, value, what would be right."""
    shown = repr(value)
    raise FailedHookException(f"{question}: {shown if len(shown) <= 80 else shown[:77] + '...'} does not fit: {fix}.")


def check(answers: Mapping[str, Any]) -> None:
    """Refuse the first answer that is not valid; pass a question that is not asked (yet, or any more)."""
    for name, value in GIVEN.items():
        if name not in QUESTIONS and answers.get(name, value) not in (value, OLDER.get(name, value)):
            refuse(name, answers[name], NOT_ASKED)
    for question, default in QUESTIONS.items():
        if question not in answers:
            continue
        value = answers[question]
        if isinstance(default, bool):
            if not isinstance(value, bool):
                refuse(question, value, "use true or false")
        elif isinstance(default, list):
            if value not in default:
                refuse(question, value, f"use one of {', '.join(default)}")
        elif not isinstance(value, str):
            refuse(question, value, "use text")
        elif fix := RULES[question](value):
            refuse(question, value, fix)


def syntax(environment: Environment) -> dict[str, Any]:
    """Return the marks that separate code from text in Jinja, by their names."""
    return {name: mark for name, mark in vars(environment).items() if name.endswith(("_string", "_prefix"))}


def lock_options(hashes: bool) -> str:
    """Return uv's words that lock requirements for every offered Python and platform at once."""
    oldest = min(QUESTIONS["python_version"], key=lambda version: int(version.partition(".")[2]))
    return f"pip compile --universal --python-version {oldest} --no-annotate{' --generate-hashes' if hashes else ''}"


HOSTS = {"gh": "https://github.com/", "gl": "https://gitlab.com/", "bb": "https://bitbucket.org/"}


def address(template: str) -> str:
    """Return where updates come from: the address in `template`, without a login, or else the template's repository."""
    if short := re.fullmatch(r"(gh|gl|bb):([\w.-]+/[\w./-]+)", template):
        return HOSTS[short[1]] + short[2]
    if re.fullmatch(r"(ssh://)?[\w.-]+@[\w.-]+(:[\w/~]|/)[\w./~-]+", template):
        return template
    found = re.fullmatch(r"https://(?:[^/]*@)?([\w.:-]+/[\w./~+-]+)(?<!\.zip)", template)
    return f"https://{found[1]}" if found else REPOSITORY


def link(answers: Mapping[str, Any]) -> str:
    """Return the command that links a function to its template, as any POSIX shell and any locale take it."""
    asked = json.dumps({question: answers[question] for question in QUESTIONS})
    return f"cruft link {address(str(answers.get('_template')))} --no-input --extra-context {shlex.quote(asked)}"


def in_markdown(text: str) -> str:
    """Escape `text` so that Markdown shows it as it is (CommonMark 2.4; $ and : for GitHub's math and emoji)."""
    escaped = re.sub(r"([\\`*_\[\]<>&#~|!$:])", r"\\\1", text.strip())
    return re.sub(r"^([-+=]|\d+(?=[.)]))", lambda start: _escape_start(start[0]), escaped)


def _escape_start(start: str) -> str:
    return start + "\\" if start.isdigit() else "\\" + start


def options() -> Mapping[str, Any]:
    """Return the options that cookiecutter's or cruft's command was given, by their names; empty where none runs."""
    command = click.get_current_context(silent=True)
    return command.params if command else {}


def files_are_kept() -> bool:
    """Whether the command was told to leave the files that exist (--skip-if-file-exists)."""
    return bool(options().get("skip_if_file_exists"))


class CheckedContext(Context):
    """Jinja's context, opened only on valid answers, and with `fn` once all questions are answered."""

    def __init__(self, environment: Environment, parent: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        if "cookiecutter" in parent:
            rules = next(extension for extension in environment.iter_extensions() if isinstance(extension, Rules))
            parent = {**parent, **rules.open(parent["cookiecutter"])}
        super().__init__(environment, parent, *args, **kwargs)


class Rules(Extension):
    """The checks, and `fn`, for one Jinja environment."""

    # Whose folder was looked at last: the environments of the hooks have the same answers, and then the disk is fuller.
    looked_at: ClassVar[Mapping[str, Any] | None] = None

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.answers: Mapping[str, Any] = QUESTIONS
        self.fn: SimpleNamespace | None = None
        environment.context_class = CheckedContext
        # Python and JSON both read it back; by default an emoji becomes two halves that Python keeps apart.
        environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False}
        if changed := dict(syntax(environment).items() - syntax(Environment()).items()):
            refuse("_jinja2_env_vars", changed, NOT_ASKED)
        self.skeleton = [path.relative_to(SKELETON).as_posix() + "/" * path.is_dir() for path in SKELETON.rglob("*")]
        if found := TARGET["never_read"](self.skeleton):
            raise FailedHookException(TARGET["refusal"](str(SKELETON), found))

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Refuse a value that holds Jinja before cookiecutter renders it (it renders every default)."""
        if JINJA.search(source) and not name and (given := self.given(source)):
            refuse(given, source, description(source) if given in QUESTIONS else NOT_ASKED)
        return source

    def given(self, source: str) -> str | None:
        """Return the name of the value that cookiecutter is about to render; None where `source` is the template's."""
        if self.answers is not QUESTIONS:
            return next((name for name in GIVEN if name not in self.answers), None) if self.asked() else None
        # Nothing was rendered here yet: it is the first of all values, or a project or a hook is being made.
        own = source == SKELETON.name or any(
            source == hook.read_text("utf-8") for hook in (ROOT / "hooks").glob("*.py")
        )
        return None if own else "__before"

    def asked(self) -> str | None:
        """Return the question that is put now; None if all are answered."""
        return next((question for question in QUESTIONS if question not in self.answers), None)

    def open(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Check `answers`; return what templates may ask besides them."""
        # cookiecutter goes on filling this very mapping while it asks; once it is full, it stays as it is.
        if answers is not self.answers:
            self.answers, self.fn = answers, None
        if self.fn is None:
            check(answers)
        if self.asked():
            return {}
        if self.fn is None:
            self.fn = self.derived(answers)
        if "_output_dir" in answers and Rules.looked_at is not answers:
            Rules.looked_at = answers
            target = str(Path(answers["_output_dir"], answers["function_name"]))
            if JINJA.search(target):
                refuse("output folder", target, "cookiecutter would act on {{ }} {% %} {# #} in its path")
            plan = self.plan(answers)
            reason = TARGET["refusal"](target, plan)
            # Without -f cookiecutter itself leaves a folder that exists alone, and says so.
            if not (Path(target).is_dir() and options().get("overwrite_if_exists") is False):
                reason = reason or TARGET["unwritable"](target, plan, files_are_kept())
            if reason:
                raise FailedHookException(reason)
        return {"fn": self.fn}

    def plan(self, answers: Mapping[str, Any]) -> list[str]:
        """Return the paths that the skeleton makes of `answers`, sorted, a folder's with `/` at the end."""
        paths = self.skeleton
        # `cruft update` renders two templates in one process, and the second may have other files.
        fn = self.fn or self.derived(answers)
        key = (*paths, *fn.samples, *(answers[question] for question in QUESTIONS))
        if key not in PLANS:
            # One template for all of them, since each costs a millisecond; no path holds the character between them.
            made = self.environment.from_string("\0".join(paths)).render(cookiecutter=answers).split("\0")
            # A file whose name is empty is left out.
            named = (name for path, name in zip(paths, made, strict=True) if path[-1] == "/" or name[-1:] not in "/")
            PLANS[key] = sorted(named)
        return PLANS[key]

    def derived(self, answers: Mapping[str, Any]) -> SimpleNamespace:
        """Return what follows from the answers, each decided here alone."""
        local = answers["local_package"]
        folder = ROOT / "templates" / answers["trigger"]
        trigger = json.loads((folder / "trigger.json").read_text("utf-8"))
        asynchronous = trigger["signature"].startswith("aio.")
        samples = sorted(path.name for path in (folder / "events").glob("*"))
        return SimpleNamespace(
            entry_point=answers["function_name"].replace("-", "_"),
            local="" if local == "none" else local,
            runtime="python" + answers["python_version"].replace(".", ""),
            description=in_markdown(answers["description"]),
            trigger=trigger,
            event=trigger["signature"] == "cloud_event",
            asynchronous=asynchronous,
            # As many threads as the framework starts for one CPU; what Cloud Run sends at most unless told otherwise.
            concurrency=80 if asynchronous else 4,
            # The skeleton has a file for each of at most so many; an empty name leaves it out.
            samples=samples + [""] * (MOST_SAMPLES - len(samples)),
            lock_options=lock_options(answers["hashes"]),
            locks=f"locks/{trigger['locks']}/" + ("hashes/" if answers["hashes"] else ""),
            version=VERSION,
            link=link(answers),
            ci="" if answers["ci"] == "none" else answers["ci"],
            github=answers["ci"] == "github",
            gitlab=answers["ci"] == "gitlab",
            cloudbuild=answers["ci"] == "cloudbuild",
            # What has braces of its own is taken in as it stands.
            text=lambda path: (ROOT / "templates" / path).read_text("utf-8"),
            root=str(ROOT),
            plan=lambda: self.plan(answers),
            files_are_kept=files_are_kept(),
            project_exists=project_exists(),
        )
