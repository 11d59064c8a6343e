"""The guard of a project that Firebase's CLI deploys: each of its rules goes red, and green again as it advises."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support.folders import append, edit
from tests.support.guard import guard
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


def drop(rule: str) -> Change:
    return edit("firebase.json", f'        "{rule}",\n', "")


def rename(old: str, new: str) -> Change:
    return lambda project: (project / old).rename(project / new) and None


def all_of(*changes: Change) -> Change:
    return lambda project: [change(project) for change in changes]


def in_main(code: str) -> Change:
    return append("main.py", f"\n\ndef more() -> object:\n    {code}\n")


PRICES = all_of(append("Data/prices.json", "{}"), in_main("return open('Data/prices.json')"))
INVOKER = "    httpsTrigger:\n      invoker: [private]\n"
KEY = f"-----BEGIN PRIVATE KEY-----\n{'M' * 64}\n"
# A case without a fix is one whose message names what was there before.
BROKEN: list[tuple[str, Change, str, Change | None]] = [
    # What is uploaded.
    ("no firebase.json", rename("firebase.json", "x.json"), "firebase.json is missing", None),
    ("no JSON", append("firebase.json", "}"), "firebase.json is not valid JSON", None),
    ("an entry for another folder", entry(source="functions"), "has no entry for this function", None),
    *(
        (f"no {name} in the list", edit("firebase.json", f"{name},", ""), f"put {name} between the braces", edit("firebase.json", "!**/{", "!**/{" + name + ","))
        for name in ("main.py", "requirements.txt", "cloud_logging.py")
    ),
    ("a package without its content", edit("firebase.json", ",localpackage/**", ""), "localpackage/script.py would be missing", edit("firebase.json", "localpackage}", "localpackage,localpackage/**}")),
    ("an imported module", all_of(append("other.py", ""), in_main("import other")), "put other.py between the braces", list_name("other.py")),
    ("data that main.py reads", PRICES, "Put Data,Data/** between the braces", list_name("Data", "Data/**")),
    ("data that is not needed", PRICES, '"**/Data" to `ignore`', edit("firebase.json", '        ".*",\n', '        ".*",\n        "**/Data",\n')),
    ("a database", all_of(append("localpackage/zip.db", ""), in_main("return open('localpackage/zip.db')")), "the rule *.db leaves it out. Rename it", all_of(rename("localpackage/zip.db", "localpackage/zip.data"), edit("main.py", "zip.db", "zip.data"))),
    ("a private key", append("localpackage/ca.pem", KEY), "localpackage/ca.pem holds a private key and would be uploaded", edit("firebase.json", '        ".*",\n', '        ".*",\n        "**/localpackage/ca.pem",\n')),
    ("a link", lambda project: (project / "localpackage" / "more.py").symlink_to("../main.py"), "more.py is a link, and what it points to", None),
    ("no list", entry(ignore=[".*"]), "firebase.json has no list of names", None),
    ("a name that is not there", list_name("gone.py"), "gone.py: in the list of firebase.json, but not uploaded", edit("firebase.json", "gone.py,", "")),
    *((f"{name} is not left out", drop(name), f'add "{name}" to `ignore`', edit("firebase.json", '        "*.pyc"', f'        "{name}",\n        "*.pyc"')) for name in (".*", "tests", "venv", "*.[kK][eE][yY]")),
    # The other settings.
    ("the default codebase", entry(codebase="default"), "give this function a `codebase` of its own", None),
    ("no codebase", entry(codebase=None), "give this function a `codebase` of its own", None),
    ("no runtime", entry(runtime=None), 'write "runtime": "python313"', None),
    ("another runtime", entry(runtime="python314"), 'write "runtime": "python313"', None),
    ("no functions.yaml", rename("functions.yaml", "x"), "functions.yaml is missing", None),
    ("another entry point", edit("functions.yaml", "hello_function", "hello_functions"), "write entryPoint: hello_function", edit("functions.yaml", "hello_functions", "'hello_function'")),
    ("no callers", edit("functions.yaml", "      invoker: [private]\n", ""), "anybody could call", edit("functions.yaml", "httpsTrigger:\n", "httpsTrigger:\n      invoker: [a@b.c]\n")),
    ("empty callers", edit("functions.yaml", "[private]", "[]"), "anybody could call", edit("functions.yaml", "[]", "[public]")),
    ("no settings of the trigger", edit("functions.yaml", INVOKER, "    httpsTrigger: {}\n"), "anybody could call", None),
    ("variables in functions.yaml", append("functions.yaml", "    environmentVariables:\n      A: b\n"), "the CLI ignores environmentVariables", edit("functions.yaml", "    environmentVariables:\n      A: b\n", "")),
    ("a .env", append(".env", "A=b\n"), "Rename it: .env.local is for your machine", rename(".env", ".env.local")),
    ("variables of a renamed project", rename(".env.my-project", ".env.acme"), ".gitignore lets .env.my-project into git", edit(".gitignore", "!/.env.my-project", "!/.env.acme")),
]  # fmt: skip


CASES = [pytest.param(*case, id=case[0], marks=posix_only if "link" in case[0] else ()) for case in BROKEN]


@pytest.mark.parametrize(("what", "change", "says", "fix"), CASES)
def test_guard_fails_until_its_advice_is_followed(
    fresh: Bake, scripts: Path, home: Path, what: str, change: Change, says: str, fix: Change | None
) -> None:
    project = fresh(deploy_with="firebase")
    change(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1 and says in done.stdout, done.stdout
    assert not re.search(r"(?m)^(tests/guard/\S+:\d+: |During handling|assert )", done.stdout), done.stdout
    if fix:
        fix(project)
        done = guard(scripts, project, home)
        assert done.returncode == 0 and "reads" not in done.stdout, done.stdout


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
