"""Updates keep what a developer edited beside and between the template's changes, which arrive."""

import shutil
from pathlib import Path

import pytest

from tests.support.edits import check_edits, edits
from tests.support.folders import append, commit, edit
from tests.support.locks import lock
from tests.support.processes import check_output, git
from tests.support.types import Change, Installed
from tests.support.updates import create_function, cruft, own_tests, update

pytestmark = pytest.mark.slow
RULES = "rules/questions.py"
DEPLOYMENT_FILE = "{{cookiecutter.function_name}}/{% if fn.firebase %}functions{% else %}deploy{% endif %}.yaml"
UPLOAD_FILE = "{{cookiecutter.function_name}}/{% if fn.firebase %}firebase.json{% else %}.gcloudignore{% endif %}"
# A newer template: a change in each file of the template, beside and between the developers' changes.
NEWER: list[Change] = [
    edit("{{cookiecutter.function_name}}/cloud_logging.py", "import json\n", "# Newer.\nimport json\n"),
    edit(DEPLOYMENT_FILE, "--gen2:\n", "# Newer.\n--gen2:\n"),
    edit("{{cookiecutter.function_name}}/.gitattributes", "\n\n", "\n*.png binary\n\n"),
    edit("{{cookiecutter.function_name}}/.gitignore", ".ruff_cache/\n", ".ruff_cache/\n*.newer\n"),
    edit(UPLOAD_FILE, "tests\n", "tests\n*.newer\n"),
    edit("{{cookiecutter.function_name}}/pyproject.toml", "line-length = 120", "line-length = 121"),
    edit("templates/shared/README.md", "## Test it", "Newer.\n\n## Test it"),
    edit("{{cookiecutter.function_name}}/tests/conftest.py", "ROOT = ", "# Newer.\nROOT = "),
    append("{{cookiecutter.function_name}}/tests/guard/test_layout.py", "\n\ndef test_newer() -> None:\n    pass\n"),
    edit("templates/shared/delivery.py", "import logging\n", "# Newer.\nimport logging\n"),
    edit("templates/github/workflow.yml", "timeout-minutes: 15", "timeout-minutes: 16"),
    edit("templates/github/dependabot.yml", "default-days: 7", "default-days: 8"),
    edit(
        "{{cookiecutter.function_name}}/requirements.in",
        "functions-framework>=3.10,<4",
        "functions-framework>=3.10.1,<4",
    ),
    edit("templates/locks/default/requirements.txt", "blinker==1.9.0", "blinker==1.8.2"),
    # Updates leave the user's files alone.
    append("templates/pubsub/main.py", "\n\n# Newer.\n"),
    append("templates/pubsub/test_main.py", "\n\n# Newer.\n"),
    append("templates/pubsub/events/event.json", "\n"),
]
# One after it, with a new question, trigger, rule, reserved name, and name for templates.
WIDER: list[Change] = [
    edit("cookiecutter.json", '  "hashes": false,', '  "team": "ours",\n  "hashes": false,'),
    edit("cookiecutter.json", '    "pubsub",\n', '    "pubsub",\n    "queue",\n'),
    lambda template: shutil.copytree(template / "templates" / "pubsub", template / "templates" / "queue"),
    edit("rules/derived.py", "        version=VERSION,", "        version=VERSION,\n        shout=str.upper,"),
    edit(
        RULES,
        "def region(",
        'def team(value: str) -> str:\n    return "" if value.islower() else "use lower case"\n\n\ndef region(',
    ),
    edit(RULES, "in (function_name,", "in (team, function_name,"),
    edit(RULES, "{2,47}", "{2,57}"),
    edit("rules/reserved.json", '"locale"', '"localpackage",\n    "locale"'),
    edit(DEPLOYMENT_FILE, "# Newer.\n", "# Newer: {{ fn.shout(cookiecutter.team) }}.\n"),
]


# What everybody edits before and after the first deployment.
DEPLOYMENT: list[Change] = [
    lambda project: (project / "deploy.yaml").write_text(
        (project / "deploy.yaml").read_text("utf-8").replace("my-project", "acme").replace("my-topic", "orders"),
        "utf-8",
    ),
    edit("deploy.yaml", "--memory: 512Mi", "--memory: 1Gi"),
    append("deploy.yaml", "--min-instances: 1\n"),
]
MINE = ("--project: acme\n", "--trigger-topic: orders\n", "--memory: 1Gi\n", "--min-instances: 1\n")


def test_two_updates_keep_edits_and_bring_changes(
    template: Path, installed: Installed, scripts: Path, home: Path
) -> None:
    project = create_function(template, home, trigger="pubsub", ci="github")
    mine = [
        *edits("events/malformed.json"),
        append(".gcloudignore", "!/mine.json\n"),
        append(".gitignore", "mine.log\n"),
        append("README.md", "\n## Ours\n"),
        *DEPLOYMENT,
    ]
    commit(project, *mine)
    theirs = {name: (project / name).read_bytes() for name in ("main.py", "tests/test_main.py", "events/event.json")}
    for changes in (NEWER, WIDER):
        commit(template, *changes)
        assert cruft("check", cwd=project, home=home).returncode == 1
        assert update(project, home) == ""
        check_edits(project, "events/malformed.json")
        assert theirs == {name: (project / name).read_bytes() for name in theirs}
        left = [line for line in missing_lines(project, home) if "my-" not in line and "512Mi" not in line]
        assert left == ["A Google Cloud function."]
        assert all(line in (project / "deploy.yaml").read_text("utf-8") for line in MINE)
        commit(project)
        # Another developer's clone lacks the objects that the last update left in git.
        shutil.move(project, project.with_name("before"))
        git("clone", "-q", "--no-local", str(project.with_name("before")), str(project), cwd=project.parent)
        shutil.rmtree(project.with_name("before"))
    assert "Newer: OURS." in (project / "deploy.yaml").read_text("utf-8")
    refused = cruft("create", template, "--no-input", cwd=home, home=home)
    assert refused.returncode and "local_package: 'localpackage' is not valid" in refused.stdout
    lock(project, scripts, home, upgrade=True)
    git("checkout", "HEAD~3", "events", cwd=project)
    check_output(own_tests(installed(project), project, home))


def missing_lines(project: Path, home: Path) -> list[str]:
    """Return the lines of the template that the project lacks, in files that updates change."""
    lines = check_output(cruft("diff", cwd=project, home=home)).splitlines()
    return [line[1:] for line in lines if line.startswith("+") and not line.startswith("+++")]


def test_update_leaves_the_files_of_firebase_alone(template: Path, home: Path) -> None:
    """They are the user's, and one has another name by now."""
    project = create_function(template, home, deploy_with="firebase")
    mine = [
        lambda project: (project / ".env.my-project").rename(project / ".env.acme"),
        edit(".gitignore", "my-project", "acme"),
        edit("functions.yaml", "cpu: 1", "cpu: 2"),
        edit("firebase.json", "main.py,", "main.py,more.py,"),
    ]
    commit(project, *mine)
    theirs = {name: (project / name).read_bytes() for name in (".env.acme", "functions.yaml", "firebase.json")}
    newer = [
        edit("templates/firebase/functions.yaml", "maxInstances: 10", "maxInstances: 9"),
        edit("templates/firebase/firebase.json", "requirements.txt,", ""),
        edit("templates/firebase/variables.env", "LOG_LEVEL=INFO", "LOG_LEVEL=DEBUG"),
        edit("templates/firebase/README.md", "The first time", "Newer. The first time"),
    ]
    commit(template, *newer)
    assert update(project, home) == ""
    assert theirs == {name: (project / name).read_bytes() for name in theirs}
    assert "Newer." in (project / "README.md").read_text("utf-8") and not (project / ".env.my-project").exists()
