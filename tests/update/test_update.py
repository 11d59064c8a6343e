"""Updates of real projects: the developers' changes stay, those of the template arrive, and the tests pass."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support.folders import append, commit, edit
from tests.support.locks import lock
from tests.support.processes import check_output, environment, git, run
from tests.support.questions import QUESTIONS, ROOT, TRIGGERS
from tests.support.serving import sample, served
from tests.support.types import Bake, Change, Installed
from tests.support.updates import create_function, cruft, own_tests, update

pytestmark = pytest.mark.slow


LOGIC = '\n\ndef mine() -> int:\n    """What the developer came for."""\n    return 1\n'
TEST = "from localpackage import script\n\n\ndef test_mine() -> None:\n    assert script.mine() == 1\n"


def change_description(project: Path) -> None:
    title, description, rest = (project / "README.md").read_text("utf-8").split("\n\n", 2)
    (project / "README.md").write_text(f"{title}\n\nCounts.\n\nAsk Ada about it.\n\n{rest}", "utf-8")


def edits(sample: str) -> list[Change]:
    """What a developer does to a new function, requirements and locks aside."""
    return [
        append("main.py", LOGIC),
        append("localpackage/script.py", LOGIC),
        lambda project: (project / "tests" / "test_mine.py").write_text(TEST),
        append("pyproject.toml", "\n[tool.coverage.run]\nbranch = true\n"),
        change_description,
        lambda project: (project / sample).unlink(missing_ok=True),
    ]


def check_edits(project: Path, sample: str) -> None:
    """Assert that what `edits` did is still there."""
    assert "def mine()" in (project / "main.py").read_text("utf-8")
    assert (project / "localpackage" / "script.py").read_text("utf-8").endswith(LOGIC)
    assert (project / "tests" / "test_mine.py").read_text("utf-8") == TEST
    assert "[tool.coverage.run]\nbranch = true" in (project / "pyproject.toml").read_text("utf-8")
    assert "Ask Ada about it." in (project / "README.md").read_text("utf-8")
    assert not (project / sample).exists()


def first_commit_with(template: Path, trigger: str) -> str:
    """Return the first commit that offered a trigger, and whose projects keep their `main.py` in an update."""
    env = environment(template.parent)
    if check_output(run("git", "rev-parse", "--is-shallow-repository", cwd=template, env=env)).strip() == "true":
        pytest.skip("the history of the template is not complete on this machine")

    def oldest(*which: str) -> str:
        return check_output(run("git", "log", "--format=%ct %H", *which, cwd=template, env=env)).splitlines()[-1]

    skips = oldest("-Sskip =", "--", "{{cookiecutter.function_name}}/pyproject.toml")
    offers = oldest("--diff-filter=A", "--", f"templates/{trigger}/main.py")
    return max(skips, offers).split()[1]


# http and firestore lock requirements of their own; the others share environments, which takes little time.
@pytest.mark.parametrize(("trigger", "locked"), [(trigger, trigger in ("http", "firestore")) for trigger in TRIGGERS])
def test_update_from_the_oldest_commit(
    template: Path, installed: Installed, scripts: Path, home: Path, trigger: str, locked: bool
) -> None:
    project = create_function(template, home, first_commit_with(template, trigger), trigger=trigger)
    sample = next((path.relative_to(project).as_posix() for path in sorted(project.glob("events/[!h]*"))), "no sample")
    kept = (project / sample).read_bytes() if (project / sample).exists() else b""
    commit(project, *edits(sample))
    if locked:
        append("requirements.in", "six\n")(project)
        lock(project, scripts, home)
        commit(project)
    conflicts = set(update(project, home).split())
    assert conflicts <= {"requirements.txt", "requirements-dev.txt"}
    check_edits(project, sample)
    assert all((project / name).exists() for name in (".env.example", ".vscode/launch.json", "AGENTS.md"))
    assert locked or not conflicts
    if locked:
        assert re.search(r"(?m)^six$", (project / "requirements.in").read_text("utf-8"))
    if conflicts:
        lock(project, scripts, home, upgrade=True)
    commit(project)
    # The function's own tests need it.
    (project / sample).write_bytes(kept)
    check_output(own_tests(installed(project), project, home))
    (project / sample).unlink()
    check_output(cruft("check", cwd=project, home=home))
    assert check_output(run("git", "status", "--porcelain", cwd=project, env=environment(home))) == ""


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
    append("deploy.yaml", "--timeout: 60s\n"),
]
MINE = ("--project: acme\n", "--trigger-topic: orders\n", "--memory: 1Gi\n", "--timeout: 60s\n")


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


def test_update_with_a_loader_that_runs_answers_py(template: Path, home: Path) -> None:
    """The loader of the older template stays in memory while the newer one is rendered."""
    log = ("git", "log", "--format=%H", "--diff-filter=A", "--", "rules/__init__.py")
    package = check_output(run(*log, cwd=template, env=environment(home))).split()
    if not package:
        pytest.skip("the history of the template is not complete on this machine")
    older = check_output(run("git", "rev-parse", f"{package[-1]}~1", cwd=template, env=environment(home))).strip()
    project = create_function(template, home, older)
    assert update(project, home) == ""
    check_output(cruft("check", cwd=project, home=home))


def test_choices_are_never_removed(template: Path) -> None:
    env = environment(template.parent)
    for revision in check_output(
        run("git", "log", "--format=%H", "--", "cookiecutter.json", cwd=template, env=env)
    ).split():
        asked = json.loads(check_output(run("git", "show", f"{revision}:cookiecutter.json", cwd=template, env=env)))
        for question, default in asked.items():
            if isinstance(default, list) and not question.startswith("_"):
                assert set(default) <= set(QUESTIONS[question]), f"{question} of {revision}"


def older_main(template: Path, name: str) -> str:
    """Return pubsub's main.py as it was before delivery.py could give up on an event."""
    env = environment(template.parent)
    history = ("git", "log", "--format=%H", "-S", "def give_up(", "--", "templates/shared/delivery.py")
    *_, first = check_output(run(*history, cwd=template, env=env)).split() or [""]
    shown = run("git", "show", f"{first}^:templates/pubsub/main.py", cwd=template, env=env)
    if not first or shown.returncode:
        pytest.skip("the history of the template is not complete on this machine")
    text = shown.stdout.replace("{{ cookiecutter.local_package }}", "localpackage")
    return text.replace("{{ fn.entry_point }}", name)


@pytest.mark.parametrize("mended", [False, True])
def test_older_main_acknowledges_until_it_is_told_to_give_up(
    template: Path, fresh: Bake, installed: Installed, home: Path, mended: bool
) -> None:
    """A newer delivery.py changes nothing by itself; what CHANGELOG.md says makes it a new function's."""
    project = fresh(trigger="pubsub")
    scripts = installed(project)
    text = older_main(template, "hello_function")
    if mended:
        changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
        [listed] = re.findall(r"(?m)^  ```python\n((?:  .*\n)+?)  ```", changelog)
        lines = re.sub("(?m)^  ", "", listed)
        head, read = text.partition("    try:\n")[0], (project / "main.py").read_text("utf-8").partition("def read(")[2]
        # `read` from a new project.
        text = f"{head}{lines}\n\ndef read({read}"
    (project / "main.py").write_text(text, "utf-8")
    append(
        "localpackage/script.py",
        "\n\ndef handle(message: Message) -> None:\n    import delivery\n\n"
        "    raise delivery.Unprocessable('unknown')\n",
    )(project)
    headers, body = sample(project, scripts, "pubsub")
    # main.py finds the first, delivery.py the second.
    malformed = [(project / "events" / "malformed.json").read_bytes(), b"[]"]
    answers = {}
    for dead_letter in ("", "true"):
        with served(scripts, project, "hello_function", home, DEAD_LETTER=dead_letter) as function:
            answers[dead_letter] = [function.ask(body=one, headers=headers)[0] for one in (*malformed, body)]
            assert [entry["severity"] for entry in function.entries()] == ["ERROR"] * 3
    # An older main.py does not catch what the logic raises, so that comes again.
    assert answers == ({"": [200] * 3, "true": [500] * 3} if mended else dict.fromkeys(answers, [200, 200, 500]))
