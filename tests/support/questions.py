"""The questions of cookiecutter.json, the combinations of answers, and facts about triggers."""

import itertools
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SKELETON = ROOT / "{{cookiecutter.function_name}}"
QUESTIONS: dict[str, Any] = {
    name: default
    for name, default in json.loads((ROOT / "cookiecutter.json").read_text("utf-8")).items()
    if not name.startswith("_")
}
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
TRIGGERS: list[str] = QUESTIONS["trigger"]
# A fork may have another default, or a list.
REGION: str = QUESTIONS["region"] if isinstance(QUESTIONS["region"], str) else QUESTIONS["region"][0]
# The longest that the questions allow.
LONGEST_NAME = "a" + "-longest" * 6
LONGEST_PACKAGE = "p" + "_long" * 5 + "_est"
# All choices, and for free answers the default and one that templates treat differently.
CHOICES = {
    "trigger": TRIGGERS,
    "python_version": QUESTIONS["python_version"],
    "local_package": ["localpackage", "none"],
    "deploy_with": QUESTIONS["deploy_with"],
    "ci": QUESTIONS["ci"],
    "hashes": [False, True],
}
EVERY_COMBINATION: list[dict[str, Any]] = [
    dict(zip(CHOICES, answers, strict=True)) for answers in itertools.product(*CHOICES.values())
]


def covering(combinations: list[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """Return a few of the combinations that still hold every possible group of `size` answers."""
    groups = [set(itertools.combinations(answers.items(), size)) for answers in combinations]
    missing, chosen = set[Any]().union(*groups), []
    while missing:
        best = max(range(len(groups)), key=lambda index: len(groups[index] & missing))
        chosen.append(combinations[best])
        missing -= groups[best]
    return chosen


COMBINATIONS = covering(EVERY_COMBINATION, 2)


def fact(trigger: str, name: str) -> str:
    """Return a value of a trigger's trigger.json."""
    facts = json.loads((ROOT / "templates" / trigger / "trigger.json").read_text("utf-8"))
    return str(facts[name])


def variables(trigger: str) -> dict[str, str]:
    """Return the environment variables that each deployment of a trigger sets."""
    asynchronous = fact(trigger, "signature").startswith("aio.")
    return {"LOG_EXECUTION_ID": "true"} | ({"FUNCTION_USE_ASGI": "true"} if asynchronous else {})


def label(answers: Mapping[str, Any]) -> str:
    """Name a combination in a test's id."""
    return "-".join(map(str, answers.values())) or "default"


def typed(**answers: Any) -> str:
    """Return what a person types to give these answers, and Enter for the others."""
    lines = []
    for question, default in QUESTIONS.items():
        answer = answers.get(question, "")
        if isinstance(default, list) and answer:
            answer = str(default.index(answer) + 1)
        lines.append({True: "y", False: "n"}[answer] if isinstance(answer, bool) else answer)
    return "\n".join(lines) + "\n"


def free(values: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the values for questions without a list of choices: a fork may have a list of regions."""
    return {question: tried for question, tried in values.items() if isinstance(QUESTIONS[question], str)}


ACCEPTED = free(
    {
        "function_name": ["abcd", LONGEST_NAME, "a--b", "a1-2", "classy", "localpackage"],
        "description": [
            "x" * 200,
            "😀",
            "Ünïcödé\u202f! 日本語 עברית",
            "say \"hi\" & 'bye' \\d \\",
            "{a} {",
            "# <b>*x*</b> | `y`",
            "{",
        ],
        "local_package": ["a", LONGEST_PACKAGE, "none", "logic", "script"],
        "region": ["us-central1", "europe-west12", "me-central2", "northamerica-northeast1"],
    }
)
UNSAFE = ["../x", "/x", "a/b", "C:\\x", "~", "con", ""]
REFUSED = free({
    "function_name": [
        *UNSAFE, "abc", "a" * 50, "-abc", "abc-", "1abc", "Abcd", "ab_cd", "abcd\n", "größe", "com1", "lpt9",
        "class", "import", "flask", "json", "script", "functions-framework", "isinstance", "refuse", "tests", "cloud-logging",
        "marshal", "time", "google",
    ],
    "description": [
        " ", "x" * 201, "a\nb", "a\tb", "a\x00b", "a\x85b", "a\u2028b", "a\u2029b", "a\u202ab", "a\u202eb", "a\u2066b", "a\u2069b", "\ud800",
        "{{ 7 }}", "{{", "}}", "{% if %}", "%}", "{# x #}", "#}",
    ],
    "local_package": [
        *UNSAFE, "1a", "_a", "A", "a-b", "a" * 31, "größe", "class", "test", "json", "annotationlib", "imp", "flask",
        "click", "pytest", "colorama", "google", "main", "tests", "events", "vendor", "conftest", "cloud_logging", "dist", "node_modules", "aux",
        "pip", "pkg_resources", "setuptools", "sitecustomize", "usercustomize", "wheel",
    ],
    "region": [*UNSAFE, "us", "us-central", "us-central1\n", "US-central1", "us-central123", "us central1"],
})  # fmt: skip
