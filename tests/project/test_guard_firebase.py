"""The guard of a project that Firebase's CLI deploys: each of its rules goes red, and green again as it advises."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.changes import in_main, rename, together, track
from tests.support.folders import append, edit
from tests.support.guard import guard
from tests.support.guard_rules import UNDO, Rule, check_rule
from tests.support.processes import posix_only
from tests.support.types import Bake, Change, Installed

pytestmark = pytest.mark.slow
LISTED = "cloud_logging.py,localpackage"


def entry(**changed: object) -> Change:
    """Return a change of this function's entry in firebase.json; None takes a setting out."""

    def change(project: Path) -> None:
        settings = json.loads((project / "firebase.json").read_text("utf-8"))
        [one] = settings["functions"]
        settings["functions"] = [{name: value for name, value in {**one, **changed}.items() if value is not None}]
        (project / "firebase.json").write_text(json.dumps(settings, indent=2), "utf-8")

    return change


def list_name(*names: str) -> Change:
    return edit("firebase.json", LISTED, ",".join([*names, LISTED]))


PRICES = together(append("Data/prices.json", "{}"), in_main("return open('Data/prices.json')"))
INVOKER = "    httpsTrigger:\n      invoker: [private]\n"
KEY = f"-----BEGIN PRIVATE KEY-----\n{'M' * 64}\n"
RULES = [
    # What is uploaded.
    Rule("no firebase.json", rename("firebase.json", "x.json"), "firebase.json is missing", UNDO),
    Rule("values for this machine in git", track(".env.local"), ".env.local holds the values for your machine and is in git", UNDO),
    Rule("no JSON", append("firebase.json", "}"), "firebase.json is not valid JSON", UNDO),
    Rule("an entry for another folder", entry(source="functions"), "has no entry for this function", UNDO),
    *(
        Rule(f"no {name} in the list", edit("firebase.json", f"{name},", ""), f"put {name} between the braces", edit("firebase.json", "!**/{", "!**/{" + name + ","))
        for name in ("main.py", "requirements.txt", "cloud_logging.py")
    ),
    Rule("a package without its content", edit("firebase.json", ",localpackage/**", ""), "localpackage/script.py would be missing", edit("firebase.json", "localpackage}", "localpackage,localpackage/**}")),
    Rule("an imported module", together(append("other.py", ""), in_main("import other")), "put other.py between the braces", list_name("other.py")),
    Rule("data that main.py reads", PRICES, "Put Data,Data/** between the braces", list_name("Data", "Data/**")),
    Rule("data that is not needed", PRICES, '"**/Data" to `ignore`', edit("firebase.json", '        ".*",\n', '        ".*",\n        "**/Data",\n')),
    Rule("a database", together(append("localpackage/zip.db", ""), in_main("return open('localpackage/zip.db')")), "the rule *.db leaves it out. Rename it", together(rename("localpackage/zip.db", "localpackage/zip.data"), edit("main.py", "zip.db", "zip.data"))),
    Rule("a private key", append("localpackage/ca.pem", KEY), "localpackage/ca.pem holds a private key and would be uploaded", edit("firebase.json", '        ".*",\n', '        ".*",\n        "**/localpackage/ca.pem",\n')),
    pytest.param(Rule("a link", lambda project: (project / "localpackage" / "more.py").symlink_to("../main.py"), "more.py is a link, and what it points to", UNDO), marks=posix_only),
    Rule("no list", entry(ignore=[".*"]), "firebase.json has no list of names", UNDO),
    Rule("a name that is not there", list_name("gone.py"), "gone.py: in the list of firebase.json, but not uploaded", edit("firebase.json", "gone.py,", "")),
    *(Rule(f"{name} is not left out", edit("firebase.json", f'        "{name}",\n', ""), f'add "{name}" to `ignore`', edit("firebase.json", '        "*.pyc"', f'        "{name}",\n        "*.pyc"')) for name in (".*", "tests", "venv", "*.[kK][eE][yY]")),
    # The other settings.
    Rule("the default codebase", entry(codebase="default"), "give this function a `codebase` of its own", UNDO),
    Rule("no codebase", entry(codebase=None), "give this function a `codebase` of its own", UNDO),
    Rule("no runtime", entry(runtime=None), 'write "runtime": "python313"', UNDO),
    Rule("another runtime", entry(runtime="python314"), 'write "runtime": "python313"', UNDO),
    Rule("no functions.yaml", rename("functions.yaml", "x"), "functions.yaml is missing", UNDO),
    Rule("another entry point", edit("functions.yaml", "hello_function", "hello_functions"), "write entryPoint: hello_function", edit("functions.yaml", "hello_functions", "'hello_function'")),
    Rule("no callers", edit("functions.yaml", "      invoker: [private]\n", ""), "anybody could call", edit("functions.yaml", "httpsTrigger:\n", "httpsTrigger:\n      invoker: [a@b.c]\n")),
    Rule("empty callers", edit("functions.yaml", "[private]", "[]"), "anybody could call", edit("functions.yaml", "[]", "[public]")),
    Rule("no settings of the trigger", edit("functions.yaml", INVOKER, "    httpsTrigger: {}\n"), "anybody could call", UNDO),
    Rule("variables in functions.yaml", append("functions.yaml", "    environmentVariables:\n      A: b\n"), "the CLI ignores environmentVariables", edit("functions.yaml", "    environmentVariables:\n      A: b\n", "")),
    Rule("a .env", append(".env", "A=b\n"), "Rename it: .env.local is for your machine", rename(".env", ".env.local")),
    Rule("variables of a renamed project", rename(".env.my-project", ".env.acme"), ".gitignore lets .env.my-project into git", edit(".gitignore", "!/.env.my-project", "!/.env.acme")),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.broken)
def test_guard_fails_until_its_advice_is_followed(
    bake: Bake, fresh: Bake, scripts: Path, home: Path, rule: Rule
) -> None:
    check_rule(rule, fresh(deploy_with="firebase"), bake(deploy_with="firebase"), scripts, home)


def test_asynchronous_function_needs_its_variable(fresh: Bake, installed: Installed, home: Path) -> None:
    project = fresh(trigger="async-http", deploy_with="firebase")
    edit(".env.my-project", "FUNCTION_USE_ASGI=true\n", "")(project)
    done = guard(installed(project), project, home)
    assert done.returncode == 1 and ".env.my-project: add the line FUNCTION_USE_ASGI=true" in done.stdout, done.stdout


def test_folder_above_with_a_name_of_the_list(fresh: Bake, scripts: Path, home: Path, tmp_path: Path) -> None:
    """The CLI compares whole paths, so the list would let everything through."""
    project = fresh(deploy_with="firebase")
    there = Path(shutil.copytree(project, tmp_path / "localpackage" / project.name))
    done = guard(scripts, there, home)
    assert done.returncode == 1 and "REFERENCE.md" in done.stdout and "Rename that folder" in done.stdout, done.stdout


def test_one_firebase_json_for_a_repository(fresh: Bake, scripts: Path, home: Path) -> None:
    project = fresh(deploy_with="firebase")
    settings = json.loads((project / "firebase.json").read_text("utf-8"))
    settings["functions"] = [
        {"source": "other", "codebase": "other"},
        {**settings["functions"][0], "source": project.name},
    ]
    (project / "firebase.json").unlink()
    (project.parent / "firebase.json").write_text(json.dumps(settings), "utf-8")
    assert guard(scripts, project, home).returncode == 0
    settings["functions"][0]["codebase"] = project.name
    settings["functions"][1]["runtime"] = "python312"
    (project.parent / "firebase.json").write_text(json.dumps(settings), "utf-8")
    said = guard(scripts, project, home).stdout
    assert 'write "runtime": "python313"' in said and f"another function has the codebase {project.name} too" in said


@pytest.mark.parametrize(
    "invoker",
    [
        "httpsTrigger:\n      # The tests.\n      invoker:\n        - 'a@b.c'\n        - d@e.f",
        "httpsTrigger: {invoker: [public]}",
    ],
)
def test_guard_reads_other_forms_of_yaml(fresh: Bake, scripts: Path, home: Path, invoker: str) -> None:
    project = fresh(deploy_with="firebase")
    edit("functions.yaml", INVOKER.strip(), invoker)(project)
    assert guard(scripts, project, home).returncode == 0
