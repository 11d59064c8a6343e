"""What follows from the answers: `fn`, which the templates ask. Each fact is decided here alone."""

import json
import re
import shlex
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from .one_file import in_one_file
from .questions import QUESTIONS, ROOT
from .steps import last_words

# Python 3.10 cannot read TOML.
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
VERSION, REPOSITORY = (re.findall(rf'(?m)^{name} = "(.*)"$', PYPROJECT)[0] for name in ("version", "Repository"))
# Each has two digits after the dot.
OLDEST, *_, NEWEST = sorted(QUESTIONS["python_version"])
HOSTS = {"gh": "https://github.com/", "gl": "https://gitlab.com/", "bb": "https://bitbucket.org/"}
# Whatever the trigger.
APIS = {"artifactregistry", "cloudbuild", "cloudfunctions", "cloudresourcemanager", "iam", "logging", "run"}
# Firebase's CLI asks for these too.
FIREBASE_APIS = {"compute", "eventarc", "firebase", "pubsub", "secretmanager", "storage"}


def derived(answers: Mapping[str, Any]) -> SimpleNamespace:
    """Return `fn` of valid answers."""
    local, ci = answers["local_package"], answers["ci"]
    folder = ROOT / "templates" / answers["trigger"]
    trigger = json.loads((folder / "trigger.json").read_text("utf-8"))
    asynchronous = trigger["signature"].startswith("aio.")
    firebase = answers["deploy_with"] == "firebase"
    apis = APIS.union(trigger["apis"], FIREBASE_APIS if firebase else ())
    trigger["apis"] = [f"{api}.googleapis.com" for api in sorted(apis)]
    return SimpleNamespace(
        entry_point=answers["function_name"].replace("-", "_"),
        local="" if local == "none" else local,
        # The module that holds the logic.
        logic="main" if local == "none" else f"{local}.script",
        oldest=OLDEST,
        newest=NEWEST,
        runtime="python" + answers["python_version"].replace(".", ""),
        description=in_markdown(answers["description"]),
        trigger=trigger,
        event=trigger["signature"] == "cloud_event",
        # Whether events/ has the headers of a valid request, which the tests send.
        headers=(folder / "events" / "headers.txt").exists(),
        asynchronous=asynchronous,
        # As many as the framework starts threads for one CPU; 80 is Cloud Run's own default.
        concurrency=80 if asynchronous else 4,
        lock_options=lock_options(answers["hashes"]),
        locks=f"locks/{trigger['locks']}/" + ("hashes/" if answers["hashes"] else ""),
        in_one_file=in_one_file,
        version=VERSION,
        link=link(answers),
        firebase=firebase,
        # A parameter that Firebase's CLI fills in, so that the file is the same for each project.
        runner="runner@{{ params.PROJECT_ID }}.iam.gserviceaccount.com",
        # The folder of the two pages, and the files of the deployment, of its variables and of a developer's own.
        pages="firebase" if firebase else "shared",
        deployment="functions.yaml" if firebase else "deploy.yaml",
        variables=".env.my-project" if firebase else "deploy.yaml",
        env=".env.local" if firebase else ".env",
        ci="" if ci == "none" else ci,
        github=ci == "github",
        gitlab=ci == "gitlab",
        cloudbuild=ci == "cloudbuild",
        # A file with braces of its own, which Jinja must not read.
        text=lambda path: (ROOT / "templates" / path).read_text("utf-8"),
        root=str(ROOT),
        last_words=lambda: last_words(answers),
    )


def lock_options(hashes: bool) -> str:
    """Return the options of uv that lock requirements for every offered Python and platform at once."""
    return f"pip compile --universal --python-version {OLDEST} --no-annotate{' --generate-hashes' if hashes else ''}"


def address(template: str) -> str:
    """Return where updates come from: the address in `template`, without a login, or else the template's repository."""
    if short := re.fullmatch(r"(gh|gl|bb):([\w.-]+/[\w./-]+)", template):
        return HOSTS[short[1]] + short[2]
    if re.fullmatch(r"(ssh://)?[\w.-]+@[\w.-]+(:[\w/~]|/)[\w./~-]+", template):
        return template
    found = re.fullmatch(r"https://(?:[^/]*@)?([\w.:-]+/[\w./~+-]+)(?<!\.zip)", template)
    return f"https://{found[1]}" if found else REPOSITORY


def link(answers: Mapping[str, Any]) -> str:
    """Return the command that links a function to its template, for any POSIX shell and locale."""
    asked = json.dumps({question: answers[question] for question in QUESTIONS})
    return f"cruft link {address(str(answers.get('_template')))} --no-input --extra-context {shlex.quote(asked)}"


def in_markdown(text: str) -> str:
    """Escape `text` so that Markdown shows it as it is (CommonMark 2.4; $ and : for GitHub's math and emoji)."""
    escaped = re.sub(r"([\\`*_\[\]<>&#~|!$:])", r"\\\1", text.strip())
    # A list or a heading would begin with these.
    return re.sub(r"^(\d+)(?=[.)])", r"\1" + "\\\\", re.sub(r"^([-+=])", r"\\\1", escaped))
