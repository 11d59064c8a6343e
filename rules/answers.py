"""The extension that Jinja loads: it checks the answers and, once all are there, offers `fn` to the templates.

Both happen whenever Jinja opens a context: after each question, and again before anything is made. So answers that
nobody was asked for (a user config, a replay file, cruft) are checked too.
"""

import runpy
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, NoReturn

from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.runtime import Context

if not __package__:
    # During `cruft update` the loader of an older version may be in memory still: it runs this file by its path.
    LOADER = Path(__file__).resolve().parent.parent / "fn_template_needs_cookiecutter_2_3_or_newer.py"
    __package__ = runpy.run_path(str(LOADER))["load"]()

from .derived import derived
from .peeking import files_are_kept, options
from .questions import GIVEN, JINJA, QUESTIONS, ROOT, RULES, description
from .target import never_read, refusal, unwritable

SKELETON = ROOT / "{{cookiecutter.function_name}}"
# What else replay files of versions up to 0.3.0 hold.
OLDER = {"_extensions": ["local_extensions.FnTemplate"]}
# What was planned so far: each of cookiecutter's environments, those of the hooks too, asks for the same.
PLANS: dict[tuple[object, ...], list[str]] = {}
NOT_ASKED = "leave it out, only the template sets it"


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
        if found := never_read(self.skeleton):
            raise FailedHookException(refusal(str(SKELETON), found))

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
            self.fn = derived(answers, lambda: self.plan(answers))
        if "_output_dir" in answers and Rules.looked_at is not answers:
            Rules.looked_at = answers
            target = str(Path(answers["_output_dir"], answers["function_name"]))
            if JINJA.search(target):
                refuse("output folder", target, "cookiecutter would act on {{ }} {% %} {# #} in its path")
            plan = self.plan(answers)
            reason = refusal(target, plan)
            # Without -f cookiecutter itself leaves a folder that exists alone, and says so.
            if not (Path(target).is_dir() and options().get("overwrite_if_exists") is False):
                reason = reason or unwritable(target, plan, files_are_kept())
            if reason:
                raise FailedHookException(reason)
        return {"fn": self.fn}

    def plan(self, answers: Mapping[str, Any]) -> list[str]:
        """Return the paths that the skeleton makes of `answers`, sorted, a folder's with `/` at the end."""
        paths = self.skeleton
        # `cruft update` renders two templates in one process, and the second may have other files.
        key = (*paths, *(answers[question] for question in QUESTIONS))
        if key not in PLANS:
            # One template for all of them, since each costs a millisecond; no path holds the character between them.
            made = self.environment.from_string("\0".join(paths)).render(cookiecutter=answers).split("\0")
            # A file whose name is empty is left out.
            named = (name for path, name in zip(paths, made, strict=True) if path[-1] == "/" or name[-1:] not in "/")
            PLANS[key] = sorted(named)
        return PLANS[key]
