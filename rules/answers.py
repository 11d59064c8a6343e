"""The extension that Jinja loads: it checks the answers and, once all are there, offers `fn` to the templates.

Both happen whenever cookiecutter renders a text: after each question, and again before anything is made. So answers
that nobody was asked for (a user config, a replay file, cruft) are checked too.
"""

import os.path
import re
import runpy
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment, Template
from jinja2.ext import Extension
from jinja2.runtime import Context

if not __package__:
    # During `cruft update` the loader of an older version may be in memory still: it runs this file by its path.
    LOADER = Path(__file__).resolve().parent.parent / "fn_template_needs_cookiecutter_2_3_or_newer.py"
    __package__ = runpy.run_path(str(LOADER))["load"]()

from .derived import derived
from .peeking import asking, generating
from .questions import GIVEN, JINJA, QUESTIONS, ROOT, RULES, description
from .target import refusal, unwritable

SKELETON = ROOT / "{{cookiecutter.function_name}}"
# Replay files of versions up to 0.3.0 hold these.
OLDER = {"_extensions": ["local_extensions.FnTemplate"]}
PRIVATE = "leave it out: only the template sets it"
# A text that Jinja renders as it is.
PLAIN = re.compile(r"[^{}\n]*")


class Rules(Extension):
    """The check, and `fn`, for one Jinja environment: cookiecutter has one to ask, one to make, one for each hook."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.answers: Mapping[str, Any] = {}
        self.fn: SimpleNamespace | None = None
        # cookiecutter compiles each choice, and each path of the skeleton: a tenth of a bake's time.
        self.paths: dict[str, str] = {}
        self.compiled = environment.from_string
        environment.from_string = self.template  # type: ignore[assignment]  # cookiecutter only renders it.
        environment.context_class = self.context  # type: ignore[assignment]  # Jinja only calls it.
        # By default tojson writes an emoji as two halves, which Python reads back as two characters.
        environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
        # cookiecutter looks for the skeleton by these before it renders anything.
        if (marks := environment.variable_start_string + environment.variable_end_string) != "{{}}":
            refuse("_jinja2_env_vars", marks, PRIVATE)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Refuse an answer that holds Jinja before cookiecutter renders it, as it does with every default."""
        if JINJA.search(source) and not name and not generating():
            refuse(
                next(question for question in QUESTIONS if question not in self.answers), source, description(source)
            )
        return source

    def template(self, source: str, *args: Any, **named: Any) -> Template | SimpleNamespace:
        """Return what renders a text: a template, unless the text is plain or `plan` has rendered it."""
        text = source if PLAIN.fullmatch(source) else self.paths.get(source)
        if text is None:
            return self.compiled(source, *args, **named)
        return SimpleNamespace(render=partial(self.rendered, text))

    def rendered(self, text: str, **parent: Any) -> str:
        self.take(parent)
        return text

    def context(self, environment: Environment, parent: dict[str, Any], *args: Any, **named: Any) -> Context:
        """Return Jinja's context, on valid answers only; `fn` is in it once all questions are answered."""
        self.take(parent)
        return Context(environment, {**parent, "fn": self.fn}, *args, **named)

    def take(self, parent: dict[str, Any]) -> None:
        """Check the answers that a context holds, and derive `fn` once it holds all."""
        if not self.fn and "cookiecutter" in parent:
            # cookiecutter fills this mapping while it asks.
            self.answers = parent["cookiecutter"]
            check(self.answers)
            if QUESTIONS.keys() <= self.answers.keys():
                self.fn = derived(self.answers)
                self.look()
            elif [*self.answers][-1:] == ["function_name"]:
                self.look_early()

    def look_early(self) -> None:
        """Refuse what is in the folder's place before the other questions; cookiecutter only looks after them."""
        call = asking()
        if not call:
            return
        target = self.target(call["output_dir"])
        reason = refusal(target, [])
        if not reason and os.path.isdir(target) and not call["overwrite_if_exists"]:
            # cruft has no -s.
            keep = " or -f -s to keep them" if "skip_if_file_exists" in call else ""
            reason = f"function_name: {target} already exists: use another name, or -f to overwrite its files{keep}."
        if reason:
            raise FailedHookException(reason)

    def target(self, output_dir: str) -> str:
        """Return where the project goes; refuse a path that cookiecutter would act on."""
        target = os.path.abspath(os.path.join(output_dir, self.answers["function_name"]))
        if JINJA.search(target):
            refuse("output folder", target, "use a path without {{ }} {% %} {# #}, which cookiecutter would act on")
        return target

    def look(self) -> None:
        """Refuse a folder that the project must not go into, before it is made."""
        call = generating()
        if not call or "project_dir" in call:
            return
        target = self.target(call["output_dir"])
        plan = self.plan()
        reason = refusal(target, plan)
        # Without -f, if nobody is asked (--replay), cookiecutter itself leaves a folder that exists alone, and says so.
        if call["overwrite_if_exists"] or not os.path.isdir(target):
            reason = reason or unwritable(target, plan, call["skip_if_file_exists"])
        if reason:
            raise FailedHookException(reason)

    def plan(self) -> list[str]:
        """Return the paths that the skeleton makes of the answers, sorted, a folder's with `/` at the end.

        `template` gets those of the files.
        """
        paths = [path.relative_to(SKELETON).as_posix() + "/" * path.is_dir() for path in SKELETON.rglob("*")]
        # One template for all of them, since each costs a millisecond; no path holds the character between them.
        made = self.compiled("\0".join(paths)).render(cookiecutter=self.answers).split("\0")
        self.paths = {path.replace("/", os.sep): name for path, name in zip(paths, made, strict=True)}
        # cookiecutter leaves out a file whose name is empty: its path is that of its folder, or "".
        return sorted({*made} - {""})


def check(answers: Mapping[str, Any]) -> None:
    """Refuse the first answer that is not valid. A question that has no answer yet is passed over."""
    for name, value in GIVEN.items():
        if name not in QUESTIONS and answers.get(name, value) not in (value, OLDER.get(name)):
            refuse(name, answers[name], PRIVATE)
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


def refuse(question: str, value: object, fix: str) -> NoReturn:
    """End cookiecutter with one line: the question, the value, and how to fix it."""
    shown = repr(value)
    raise FailedHookException(f"{question}: {shown if len(shown) <= 80 else shown[:77] + '...'} is not valid: {fix}.")
