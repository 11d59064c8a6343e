"""The guard of a project on its upload: all that the code needs goes up, secrets and links stay behind."""

from pathlib import Path

import pytest

from tests.support.changes import copy, delete, drop, in_main, link, package, rename, together, track
from tests.support.folders import append, edit
from tests.support.guard import fill_vendor, guard
from tests.support.guard_rules import LOCK, UNDO, Rule, check_rule
from tests.support.locks import lock
from tests.support.processes import check_output, environment, posix_only, run
from tests.support.types import Bake

pytestmark = pytest.mark.slow
READ_DATA = in_main("return (Path(__file__).parent / 'data' / 'prices.json').read_text()")
OLD_PYTHON = "tomli==2.2.1 ; python_full_version < '3.12.1'\n"
RULES = [
    Rule("no list of what is uploaded", delete(".gcloudignore"), ".gcloudignore is missing", UNDO),
    Rule("nothing in the upload", drop(".gcloudignore", "!/."), "add the line !/. after /*", edit(".gcloudignore", "/*\n", "/*\n!/.\n")),
    *(
        Rule(f"no {name} in the upload", drop(".gcloudignore", f"!/{name}"), f"add the line !/{name} ", append(".gcloudignore", f"!/{name}\n"))
        for name in ("requirements.txt", "main.py", "localpackage", "cloud_logging.py")
    ),
    Rule("a slash too many", edit(".gcloudignore", "!/localpackage\n", "!/localpackage/\n"), "add the line !/localpackage ", append(".gcloudignore", "!/localpackage\n")),
    Rule("an imported module", together(append("other.py", ""), in_main("import other")), "add the line !/other.py ", append(".gcloudignore", "!/other.py\n")),
    Rule("an imported package", together(package("other", "deep.py"), in_main("from other.deep import x")), "add the line !/other ", append(".gcloudignore", "!/other\n")),
    Rule("imported by a package", together(append("other.py", ""), append("localpackage/script.py", "\n\nimport other\n")), "add the line !/other.py ", append(".gcloudignore", "!/other.py\n")),
    Rule("a module of tests in main.py", together(append("tests/helper.py", ""), in_main("import tests.helper")), "add the line !/tests ", UNDO),
    Rule("a package called tests", together(package("localpackage/tests"), in_main("from localpackage import tests")), "add the line !/localpackage/tests ", append(".gcloudignore", "!/localpackage/tests\n")),
    Rule("imported relatively", together(package("localpackage/tests", "x.py"), append("localpackage/script.py", "\nfrom .tests import x\n")), "add the line !/localpackage/tests ", append(".gcloudignore", "!/localpackage/tests\n")),
    Rule("data that main.py reads", together(append("data/prices.json", "{}"), READ_DATA), "main.py names data/prices.json", append(".gcloudignore", "!/data\n")),
    Rule("data that is not needed", together(append("data/prices.json", "{}"), READ_DATA), "or /data if it is not needed", append(".gcloudignore", "/data\n")),
    Rule("a file by its name", together(append("prices.json", "{}"), in_main("return open('prices.json')")), "Add the line !/prices.json", append(".gcloudignore", "!/prices.json\n")),
    Rule("a file by its path", together(append("data/a.csv", ""), in_main("return open('data/a.csv')")), "Add the line !/data", append(".gcloudignore", "!/data\n")),
    Rule("a file by a part of its path", together(append("data/a.csv", ""), in_main("return [open(f'data/{n}.csv') for n in 'a']")), "Add the line !/data", append(".gcloudignore", "!/data\n")),
    Rule("a database", together(append("localpackage/zip.db", ""), append("localpackage/script.py", "\nZIP = Path(__file__).with_name('zip.db')\n"), edit("localpackage/script.py", "\n\n\n", "\n\nfrom pathlib import Path\n\n\n")), "the rule *.db leaves it out", append(".gcloudignore", "!/localpackage/zip.db\n")),
    Rule("tracked files", track("localpackage/zip.db", "localpackage/tests/test_x.py", "localpackage/tls.key"), ["Add the line !/localpackage/zip.db", "or /localpackage/tests if", "A secret belongs in Secret Manager"], append(".gcloudignore", "!/localpackage/zip.db\n/localpackage/tests\n/localpackage/tls.key\n")),
    pytest.param(Rule("a linked folder", together(link, append(".gcloudignore", "!/ourlib\n"), in_main("import ourlib")), "ourlib is a link", copy), marks=posix_only),
    pytest.param(Rule("a link in a package", together(link, rename("ourlib", "localpackage/ourlib")), "localpackage/ourlib is a link", UNDO), marks=posix_only),
    Rule("a repository that git refuses", append(".git", "gitdir: nowhere\n"), "fatal: not a git repository: ", UNDO),
    Rule("a private key", append("localpackage/ca.pem", f"-----BEGIN PRIVATE KEY-----\n{'M' * 64}\n"), "localpackage/ca.pem holds a private key and would be uploaded", append(".gcloudignore", "/localpackage/ca.pem\n")),
    Rule("a tool is imported", in_main("import pytest"), "add pytest to requirements.in", [append("requirements.in", "pytest\n"), LOCK]),
    Rule("misspelt modules", in_main("import delivry, numpi"), [f"main.py imports {name}, which would be missing in the cloud: check the spelling, or add the package" for name in ("delivry", "numpi")], UNDO),
    Rule("values for this machine", together(append("localpackage/.env", "A=1\n"), append(".gcloudignore", "!/localpackage/.env\n")), "localpackage/.env holds the values for your machine and would be uploaded", UNDO),
    Rule("a shared module", together(append("../shared/words.py", ""), in_main("import words")), "put ../shared/words.py into a folder of ../shared, copy that here", UNDO),
    Rule("shared code without its copy", together(package("../shared/ourlib", "words.py"), in_main("from ourlib.words import word")), "copy the folder ../shared/ourlib into this one.", together(copy, append(".gcloudignore", "!/ourlib\n"))),
    Rule("a package that is locked for Windows only", together(append("requirements.in", "colorama ; sys_platform == 'win32'\n"), in_main("import colorama")), "main.py imports colorama", [edit("requirements.in", " ; sys_platform == 'win32'", ""), LOCK]),
    Rule("a package that is locked for an older Python", together(append("requirements.in", OLD_PYTHON), append("requirements.txt", OLD_PYTHON), in_main("import tomli")), "main.py imports tomli", [edit("requirements.in", " ; python_full_version < '3.12.1'", ""), LOCK]),
    Rule("an import that fails otherwise", in_main("try:\n        import pytest\n    except ValueError:\n        pass"), "add pytest to requirements.in", UNDO),
    Rule("an import that suppresses something else", in_main("with contextlib.suppress(ValueError):\n        import pytest"), "add pytest to requirements.in", UNDO),
    Rule("suppressed by its short name", in_main("with suppress(ValueError):\n        import pytest"), "add pytest to requirements.in", UNDO),
    Rule("an import for more than types", in_main("if not TYPE_CHECKING:\n        import pytest"), "add pytest to requirements.in", UNDO),
    Rule("an empty vendor", lambda project: (project / "vendor").mkdir(), "vendor/ lacks a wheel", lambda project: (project / "vendor").rmdir()),
    Rule("a vendor of broken wheels", append("vendor/six-1.17.0-py2.py3-none-any.whl", ""), "six-1.17.0-py2.py3-none-any.whl is damaged", UNDO),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.broken)
def test_guard_fails_until_its_advice_is_followed(
    bake: Bake, fresh: Bake, scripts: Path, home: Path, rule: Rule
) -> None:
    check_rule(rule, fresh(), bake(), scripts, home)


def test_guard_refuses_an_import_that_is_not_locked(fresh: Bake, scripts: Path, home: Path, tmp_path: Path) -> None:
    """The names of packages and modules differ, and several packages share `google`."""
    project = fresh()
    extra = tmp_path / "extra"
    command = (scripts / "uv", "pip", "install", "-q", "--no-deps", "--target", extra, "pyyaml", "google-cloud-storage")
    check_output(run(*command, cwd=tmp_path, env=environment(home)))
    before = (project / "main.py").read_text("utf-8")
    for code, name in (("import yaml", "PyYAML"), ("from google.cloud import storage", "google-cloud-storage")):
        in_main(code)(project)
        done = guard(scripts, project, home, PYTHONPATH=str(extra))
        assert done.returncode == 1 and f"add {name} to requirements.in" in done.stdout, done.stdout
        append("requirements.in", f"{name}\n")(project)
        lock(project, scripts, home)
        check_output(guard(scripts, project, home, PYTHONPATH=str(extra)))
        (project / "main.py").write_text(before, "utf-8")


def test_printed_commands_fill_vendor(fresh: Bake, scripts: Path, home: Path) -> None:
    """With numpy, whose wheels ask for a newer Linux than most."""
    project = fresh()
    append("requirements.in", "numpy\ncryptography\n")(project)
    lock(project, scripts, home)
    fill_vendor(project, scripts, home)
    check_output(guard(scripts, project, home))
    (wheel,) = (project / "vendor").glob("numpy-*.whl")
    wheel.rename(wheel.with_name(wheel.name.replace("cp313-cp313", "cp312-cp312")))
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "vendor/ lacks a wheel" in done.stdout and "numpy" in done.stdout
