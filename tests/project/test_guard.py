"""The guard of a generated project: each of its rules goes red, and green again once its advice is followed."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.folders import append, edit
from tests.support.guard import fill_vendor, guard
from tests.support.locks import lock, pins
from tests.support.pages import lock_commands
from tests.support.processes import check_output, environment, git, posix_only, run
from tests.support.types import Bake, Change, Installed

pytestmark = pytest.mark.slow
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def package(name: str, *more: str) -> Change:
    def make(project: Path) -> None:
        for file in ("__init__.py", *more):
            (project / name / file).parent.mkdir(parents=True, exist_ok=True)
            (project / name / file).write_text("")

    return make


def drop(name: str, start: str) -> Change:
    def change(project: Path) -> None:
        lines = (project / name).read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(start)]
        assert kept != lines
        (project / name).write_text("".join(kept), "utf-8")

    return change


def all_of(*changes: Change) -> Change:
    return lambda project: [change(project) for change in changes]


def delete(name: str) -> Change:
    return lambda project: (project / name).unlink()


def encode(name: str, encoding: str) -> Change:
    """Return a change that keeps a file's text and writes it in another encoding."""

    def change(project: Path) -> None:
        raw = (project / name).read_bytes()
        text = raw.decode("utf-16" if raw.startswith(b"\xff\xfe") else "utf-8")
        (project / name).write_bytes(text.encode(encoding))

    return change


def link(project: Path) -> None:
    """Share a package by a link, as one would do it on one's own machine."""
    package("shared/ourlib")(project.parent)
    (project / "ourlib").symlink_to(project.parent / "shared" / "ourlib")


def copy(project: Path) -> None:
    (project / "ourlib").unlink()
    shutil.copytree(project.parent / "shared" / "ourlib", project / "ourlib")


def in_main(code: str) -> Change:
    """Return a change that adds a function with some code to main.py; it is never called."""
    return append("main.py", f"\n\ndef more() -> object:\n    {code}\n")


def track(*names: str) -> Change:
    """Return a change that puts files into git, whatever .gitignore says."""

    def change(project: Path) -> None:
        git("init", cwd=project)
        for name in names:
            append(name, "x = 1\n")(project)
            git("add", "--force", name, cwd=project)

    return change


# What turns the guard green again: a change, the commands that lock, or what was there before.
LOCK, UPGRADE, UNDO = "the commands that lock", "the same for an update", "what was there before"
Fix = Change | str | list[Change | str]
DECORATED = "@functions_framework.http\ndef hello_function(request: flask.Request) -> flask.Response:"
FILES = ("requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt")
READ_DATA = in_main("return (Path(__file__).parent / 'data' / 'prices.json').read_text()")
OLD_PYTHON = "tomli==2.2.1 ; python_full_version < '3.12.1'\n"
LOGIN = "https://ada:pa55word@example.com"
BROKEN: list[tuple[str, Change, str, Fix]] = [
    # The layout.
    *((f"a {name}", append(name, ""), f"never read {name}", delete(name)) for name in ("Pipfile", "pipfile", "Pipfile.lock", "setup.py", "SETUP.py")),
    ("a Pipfile and a setup.py", all_of(append("Pipfile", ""), append("setup.py", "")), "never read Pipfile and setup.py", UNDO),
    ("a change that an update could not make", append("main.py.rej", "-a\n+b\n"), "main.py.rej holds a change", delete("main.py.rej")),
    ("conflict marks", append("README.md", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"), "README.md has conflict markers", UNDO),
    ("the end of a conflict", append("localpackage/notes.txt", ">>>>>>> theirs\n"), "notes.txt has conflict markers", UNDO),
    ("a conflict in an editor's settings", append(".vscode/settings.json", "<<<<<<< ours\n"), "settings.json has conflict markers", UNDO),
    ("no main.py", lambda project: (project / "main.py").unlink(), "main.py is missing", UNDO),
    ("no entry point", edit("main.py", "def hello_function", "def goodbye_function"), "hello_function", UNDO),
    ("not decorated", edit("main.py", "@functions_framework.http\n", ""), "Decorate hello_function", UNDO),
    ("decorated otherwise", edit("main.py", "functions_framework.http", "functions_framework.cloud_event"), "Decorate hello_function", UNDO),
    ("decorated as asynchronous", edit("main.py", "@functions_framework", "import functions_framework.aio\n\n\n@functions_framework.aio"), "Decorate hello_function", UNDO),
    ("two arguments", edit("main.py", DECORATED, DECORATED.replace("Request)", "Request, more: int)")), "exactly one argument", UNDO),
    ("no argument", edit("main.py", DECORATED, DECORATED.replace("request: flask.Request", "")), "exactly one argument", UNDO),
    ("async", edit("main.py", "def hello_function", "async def hello_function"), "plain def", UNDO),
    ("an entry point that fails", append("main.py", "raise ValueError('on purpose')\n"), "main.py does not load: ValueError: on purpose", UNDO),
    ("conflict markers in a lock", append("requirements.txt", "<<<<<<< ours\n=======\n>>>>>>> theirs\n"), "How do I update the project?", UPGRADE),
    *(
        (f"a package {name}", all_of(package(name), append(".gcloudignore", f"!/{name}\n")), f"{name} is never imported", UNDO)
        for name in ("json", "click", "test", "flask")
    ),
    ("a module click.py", all_of(append("click.py", ""), append(".gcloudignore", "!/click.py\n")), "click.py is never imported", UNDO),
    # The requirements files.
    *(
        (f"{line} in requirements.txt", append("requirements.txt", f"{line}\n"), f"'{line}' is not pinned", drop("requirements.txt", line))
        for line in (
            "requests", "requests>=2", "requests==2.*", "requests==2.1,>=2", "-e ./mine", "--editable ./mine", "./mine",
            "mine @ file:///mine", "requests @ https://example.com/r.whl", "https://example.com/r.whl", "-r more.txt", "-c more.txt",
            "mine @ git+https://example.com/mine@main", "mine @ git+https://example.com/mine@0123abc",
        )
    ),
    ("a loose tool", append("requirements-dev.txt", "requests>=2\n"), "requirements-dev.txt: 'requests>=2' is not pinned", LOCK),
    ("one hash only", append("requirements.txt", f"six==1.17.0 --hash=sha256:{'0' * 64}\n"), "no hash, while others have one", LOCK),
    ("asked for, not locked", append("requirements.in", "requests\n"), "requirements.txt lacks 'requests'", LOCK),
    ("asked for with a marker", append("requirements.in", "requests ; sys_platform == 'linux'\n"), "requirements.txt lacks 'requests ;", LOCK),
    ("locked too low", append("requirements.in", "Flask>=99\n"), "requirements.txt lacks 'Flask>=99'", [edit("requirements.in", "Flask>=99", "Flask>=3"), LOCK]),
    ("a tool that is not locked", append("requirements-dev.in", "pytest-cov\n"), "requirements-dev.txt lacks 'pytest-cov'", LOCK),
    ("another file that is not locked", all_of(append("more.in", "requests\n"), append("requirements.in", "-r more.in\n")), "requirements.txt lacks 'requests'", LOCK),
    ("a line that is none", append("requirements.in", "requests please\n"), "pip cannot read 'requests please'", UNDO),
    ("a path is asked for", append("requirements.in", "./mine\n"), "'./mine' is a path", UNDO),
    ("no framework", drop("requirements.txt", "functions-framework"), "lacks functions-framework>=3.10,<4", LOCK),
    ("the framework not at column 0", edit("requirements.txt", "functions-framework", " functions-framework"), "lacks functions-framework", LOCK),
    ("the framework spelt otherwise", edit("requirements.txt", "functions-framework", "functions_framework"), "lacks functions-framework", LOCK),
    ("two versions of one package", edit("requirements-dev.txt", "packaging==", "packaging==0."), "and pip installs only one", LOCK),
    *((f"UTF-16 in {name}", encode(name, "utf-16"), f"{name} is not UTF-8", encode(name, "utf-8")) for name in FILES),
    *((f"a login in {name}", append(name, f"--find-links={LOGIN}/simple\n"), f"{name} holds a login for example.com", edit(name, "ada:pa55word@", "")) for name in FILES),
    ("a login in a comment", append("requirements.txt", f"#    uv pip compile --index-url {LOGIN}\n"), "holds a login", UNDO),
    ("a token for git", append("requirements.in", f"mine @ git+https://pa55word@example.com/mine@{COMMIT}\n"), "holds a login", UNDO),
    ("a token without a name", append("requirements.in", f"git+https://ada:pa55word@example.com/m@{COMMIT}\n"), "holds a login for example.com", UNDO),
    ("an @ in a password", append("requirements.in", "--extra-index-url=https://ada:pa55@pa55word@example.com/\n"), "holds a login for example.com", UNDO),
    ("a password beside a variable", append("requirements.in", "--extra-index-url=https://${USER}:pa55word@example.com/\n"), "holds a login", UNDO),
    ("a password for SSH", append("requirements.in", "# git+ssh://ada:pa55word@example.com/m\n"), "holds a login", UNDO),
    ("an index that is not locked", append("requirements.in", "-i https://example.com/simple\n"), "requirements.txt does not name the index", append("requirements.txt", "--index-url=https://example.com/simple\n")),
    ("a file that is not there", append("requirements.in", "-r nowhere.in\n"), "requirements.in includes a file that is not here", UNDO),
    ("no requirements-dev.in", delete("requirements-dev.in"), "requirements-dev.in is missing", UNDO),
    ("no name for git", append("requirements.in", f"git+https://example.com/m@{COMMIT}\n"), "has no name. Write it as NAME @ git+https", UNDO),
    ("two commits of one package", all_of(*(append(f"requirements{dev}.txt", f"m @ git+https://example.com/m@{commit}\n") for dev, commit in (("", COMMIT), ("-dev", "f" * 40)))), "and pip installs only one", UNDO),
    # What the cloud gets.
    ("no list of what is uploaded", delete(".gcloudignore"), ".gcloudignore is missing", UNDO),
    ("nothing in the upload", drop(".gcloudignore", "!/."), "add the line !/. after /*", edit(".gcloudignore", "/*\n", "/*\n!/.\n")),
    *(
        (f"no {name} in the upload", drop(".gcloudignore", f"!/{name}"), f"add the line !/{name} ", append(".gcloudignore", f"!/{name}\n"))
        for name in ("requirements.txt", "main.py", "localpackage", "cloud_logging.py")
    ),
    ("a slash too many", edit(".gcloudignore", "!/localpackage\n", "!/localpackage/\n"), "add the line !/localpackage ", append(".gcloudignore", "!/localpackage\n")),
    ("an imported module", all_of(append("other.py", ""), in_main("import other")), "add the line !/other.py ", append(".gcloudignore", "!/other.py\n")),
    ("an imported package", all_of(package("other", "deep.py"), in_main("from other.deep import x")), "add the line !/other ", append(".gcloudignore", "!/other\n")),
    ("imported by a package", all_of(append("other.py", ""), append("localpackage/script.py", "\n\nimport other\n")), "add the line !/other.py ", append(".gcloudignore", "!/other.py\n")),
    ("a module of tests in main.py", all_of(append("tests/helper.py", ""), in_main("import tests.helper")), "add the line !/tests ", UNDO),
    ("a package called tests", all_of(package("localpackage/tests"), in_main("from localpackage import tests")), "add the line !/localpackage/tests ", append(".gcloudignore", "!/localpackage/tests\n")),
    ("imported relatively", all_of(package("localpackage/tests", "x.py"), append("localpackage/script.py", "\nfrom .tests import x\n")), "add the line !/localpackage/tests ", append(".gcloudignore", "!/localpackage/tests\n")),
    ("data that main.py reads", all_of(append("data/prices.json", "{}"), READ_DATA), "main.py names data/prices.json", append(".gcloudignore", "!/data\n")),
    ("data that is not needed", all_of(append("data/prices.json", "{}"), READ_DATA), "or /data if it is not needed", append(".gcloudignore", "/data\n")),
    ("a file by its name", all_of(append("prices.json", "{}"), in_main("return open('prices.json')")), "Add the line !/prices.json", append(".gcloudignore", "!/prices.json\n")),
    ("a file by its path", all_of(append("data/a.csv", ""), in_main("return open('data/a.csv')")), "Add the line !/data", append(".gcloudignore", "!/data\n")),
    ("a file by a part of its path", all_of(append("data/a.csv", ""), in_main("return [open(f'data/{n}.csv') for n in 'a']")), "Add the line !/data", append(".gcloudignore", "!/data\n")),
    ("a database", all_of(append("localpackage/zip.db", ""), append("localpackage/script.py", "\nZIP = Path(__file__).with_name('zip.db')\n"), edit("localpackage/script.py", "\n\n\n", "\n\nfrom pathlib import Path\n\n\n")), "the rule *.db leaves it out", append(".gcloudignore", "!/localpackage/zip.db\n")),
    ("a tracked database", track("localpackage/zip.db"), "Add the line !/localpackage/zip.db", append(".gcloudignore", "!/localpackage/zip.db\n")),
    ("tracked tests", track("localpackage/tests/test_x.py"), "or /localpackage/tests if", append(".gcloudignore", "/localpackage/tests\n")),
    ("a linked folder", all_of(link, append(".gcloudignore", "!/ourlib\n"), in_main("import ourlib")), "ourlib is a link", copy),
    ("a link in a package", all_of(link, lambda project: (project / "ourlib").rename(project / "localpackage" / "ourlib")), "localpackage/ourlib is a link", UNDO),
    ("a repository that git refuses", append(".git", "gitdir: nowhere\n"), "fatal: not a git repository: ", UNDO),
    ("a tracked key", track("localpackage/tls.key"), "A secret belongs in Secret Manager", append(".gcloudignore", "/localpackage/tls.key\n")),
    ("a private key", append("localpackage/ca.pem", f"-----BEGIN PRIVATE KEY-----\n{'M' * 64}\n"), "localpackage/ca.pem holds a private key and would be uploaded", append(".gcloudignore", "/localpackage/ca.pem\n")),
    ("a tool is imported", in_main("import pytest"), "add pytest to requirements.in", [append("requirements.in", "pytest\n"), LOCK]),
    ("a package that is locked for Windows only", all_of(append("requirements.in", "colorama ; sys_platform == 'win32'\n"), in_main("import colorama")), "main.py imports colorama", [edit("requirements.in", " ; sys_platform == 'win32'", ""), LOCK]),
    ("a package that is locked for an older Python", all_of(append("requirements.in", OLD_PYTHON), append("requirements.txt", OLD_PYTHON), in_main("import tomli")), "main.py imports tomli", [edit("requirements.in", " ; python_full_version < '3.12.1'", ""), LOCK]),
    ("an import that fails otherwise", in_main("try:\n        import pytest\n    except ValueError:\n        pass"), "add pytest to requirements.in", UNDO),
    ("an import that suppresses something else", in_main("with contextlib.suppress(ValueError):\n        import pytest"), "add pytest to requirements.in", UNDO),
    ("suppressed by its short name", in_main("with suppress(ValueError):\n        import pytest"), "add pytest to requirements.in", UNDO),
    ("an import for more than types", in_main("if not TYPE_CHECKING:\n        import pytest"), "add pytest to requirements.in", UNDO),
    ("an empty vendor", lambda project: (project / "vendor").mkdir(), "vendor/ lacks a wheel", lambda project: (project / "vendor").rmdir()),
    ("a vendor of broken wheels", append("vendor/six-1.17.0-py2.py3-none-any.whl", ""), "six-1.17.0-py2.py3-none-any.whl is damaged", UNDO),
]  # fmt: skip


def follow(fix: Fix, project: Path, before: Path, scripts: Path, home: Path) -> None:
    """Do what a red line of the guard advises."""
    for step in fix if isinstance(fix, list) else [fix]:
        if step in (LOCK, UPGRADE):
            for command in lock_commands(project, upgrade=step == UPGRADE):
                check_output(run(scripts / "uv", *command.split()[1:], cwd=project, env=environment(home)))
        elif step == UNDO:
            shutil.rmtree(project)
            shutil.copytree(before, project)
        else:
            assert callable(step)
            step(project)


CASES = [pytest.param(*case, id=case[0], marks=posix_only if "link" in case[0] else ()) for case in BROKEN]


@pytest.mark.parametrize("hashes", [False, True])
def test_guard_passes_on_a_new_project(bake: Bake, scripts: Path, home: Path, hashes: bool) -> None:
    check_output(guard(scripts, bake(hashes=hashes), home))


@pytest.mark.parametrize(("what", "change", "says", "fix"), CASES)
def test_guard_fails_until_its_advice_is_followed(
    bake: Bake, fresh: Bake, scripts: Path, home: Path, what: str, change: Change, says: str, fix: Fix
) -> None:
    project = fresh()
    change(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1 and says in done.stdout, done.stdout
    assert "pa55word" not in done.stdout
    assert not re.search(r"(?m)^(tests/guard/\S+:\d+: |During handling|assert )", done.stdout), done.stdout
    follow(fix, project, bake(), scripts, home)
    check_output(guard(scripts, project, home))


def test_guard_refuses_the_decorator_of_a_synchronous_function(fresh: Bake, installed: Installed, home: Path) -> None:
    project = fresh(trigger="async-http")
    scripts = installed(project)
    edit("main.py", "@functions_framework.aio.http", "@functions_framework.http")(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "Decorate hello_function with @functions_framework.aio.http" in done.stdout


def test_guard_refuses_a_line_without_its_hash(fresh: Bake, scripts: Path, home: Path) -> None:
    project = fresh(hashes=True)
    append("requirements.txt", "six==1.17.0\n")(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "six: no hash" in done.stdout
    lock(project, scripts, home)
    check_output(guard(scripts, project, home))


def test_guard_refuses_locks_that_disagree(fresh: Bake, scripts: Path, home: Path) -> None:
    """Each of these is fine by itself, and pip refuses both together."""
    project = fresh()
    first, _ = lock_commands(project)
    append("requirements.in", "packaging<26\n")(project)
    check_output(run(scripts / "uv", *first.split()[1:], cwd=project, env=environment(home)))
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "requirements-dev.txt has 26" in done.stdout, done.stdout
    lock(project, scripts, home)
    check_output(run(scripts / "uv", *first.split()[1:], "--generate-hashes", cwd=project, env=environment(home)))
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "no hash, while others have one" in done.stdout
    lock(project, scripts, home)
    check_output(guard(scripts, project, home))


TWO_NUMPYS = "numpy<2 ; python_version < '3.12'\nnumpy>=2 ; python_version >= '3.12'\n"


@pytest.mark.parametrize("version", ["3.11", "3.13"])
def test_guard_allows_two_versions_by_marker(fresh: Bake, scripts: Path, home: Path, version: str) -> None:
    """Both Pythons count: the one that runs the tests, and the one of the cloud."""
    project = fresh(python_version=version)
    append("requirements.in", TWO_NUMPYS)(project)
    assert "requirements.txt lacks 'numpy" in guard(scripts, project, home).stdout
    lock(project, scripts, home)
    check_output(guard(scripts, project, home))
    (gone,) = [pin for pin in pins(project / "requirements.txt") if pin.startswith("numpy==2")]
    drop("requirements.txt", gone)(project)
    assert guard(scripts, project, home).returncode == (version == "3.13")


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


def test_older_framework_is_refused_in_one_line(fresh: Bake, scripts: Path, home: Path, tmp_path: Path) -> None:
    extra = tmp_path / "extra"
    command = (scripts / "uv", "pip", "install", "-q", "--no-deps", "--target", extra, "functions-framework==3.8.3")
    check_output(run(*command, cwd=tmp_path, env=environment(home)))
    done = guard(scripts, fresh(), home, PYTHONPATH=str(extra))
    assert done.returncode == 4 and "functions-framework 3.8.3 is too old" in done.stdout
    assert len(done.stdout.strip().splitlines()) == 1


OPTIONAL = "try:\n        import orjson\n    except ImportError:\n        orjson = None\n    return orjson"
TYPES = "from typing import TYPE_CHECKING\n    if TYPE_CHECKING:\n        import boto3"


@pytest.mark.parametrize(
    "change",
    [
        append("requirements.txt", "six==1.17.0\n"),
        append("requirements.txt", "--index-url=https://example.com/simple\n"),
        append("requirements.txt", "--extra-index-url=https://${NAME}:${TOKEN}@example.com/simple\n"),
        append("requirements.txt", "--extra-index-url=https://__token__:${TOKEN}@example.com/simple\n"),
        append("requirements.txt", "# mail ada@example.com, or see https://example.com?x=a@b\n"),
        all_of(
            *(
                append(f"requirements.{end}", f"My_Pkg @ git+ssh://deploy@example.com/a@{COMMIT}\n")
                for end in ("in", "txt")
            ),
        ),
        all_of(append("requirements.in", "six===1.17.0\n"), append("requirements.txt", "six===1.17.0\n")),
        all_of(append("limits.txt", "flask<9\n"), append("requirements.in", "-c limits.txt\n")),
        all_of(append("more.in", "flask\n"), append("requirements.in", "-r more.in\n")),
        all_of(
            *(append(f"requirements.{end}", f"a @ git+ssh://git@example.com/a@{COMMIT}\n") for end in ("in", "txt")),
        ),
        append("requirements.in", "tomli ; python_version < '3.11'\n"),
        encode("requirements.txt", "utf-8-sig"),
        append("requirements.in", "markupsafe ; sys_platform == 'linux'\nFlask[async]>=3\n"),
        package("thirdparty", "setup.py", "code.py"),
        package("localpackage", "setup.py"),
        append("README.md", "\n=======\n<<<<<<<<<< a drawing\n"),
        package(".venv", "patch.rej"),
        package(".venv", "setup.py"),
        append("pyproject.toml", "\n[project]\nname = 'mine'\n"),
        in_main(OPTIONAL),
        in_main(TYPES),
        in_main("with contextlib.suppress(ImportError):\n        import orjson"),
        in_main("try:\n        import orjson\n    except Exception:\n        pass"),
        in_main("if sys.version_info >= (3, 11):\n        import tomllib\n    else:\n        import tomli"),
        in_main("if sys.platform == 'win32':\n        import winloop"),
        in_main(f"return {'я' * 150!r}, {'漢字' * 60!r}"),
        all_of(
            append("VERSION", "1"),
            append("events/x.json", ""),
            in_main("return os.environ.get('VERSION'), Path('/mnt') / 'events', ', '.join('tests')"),
        ),
        append("pluggy/env.py", ""),
        lambda project: (project / ".#main.py").symlink_to("nowhere"),
        append("env/pyvenv.cfg", ""),
        all_of(append("../shared/tests/x.py", ""), append("../shared/.ruff_cache/x", "")),
        drop(".gcloudignore", "/*"),
        in_main("import json.decoder\n    import xml.etree.ElementTree"),
        in_main("return open('.env'), open('no-such-file.json'), 'tests', {'localpackage': 1}['localpackage']"),
        all_of(append("localpackage/table.csv", ""), in_main("return open('localpackage/table.csv')")),
        # Text that has the name of a folder: a route, a bucket.
        all_of(append("api/v1/spec.txt", ""), in_main("return {'api/v1': 1}, os.path.join('gs://bucket', 'tests')")),
        in_main(f"return {' + '.join(['1'] * 1500)}"),
        # An ignore file of the user's leaves out what it leaves out.
        all_of(track("localpackage/zip.db"), drop(".gcloudignore", "# Yours")),
        track(
            "localpackage/table.csv",
            "localpackage/Á.csv",
            "localpackage/.gitkeep",
            "tests/more/data.db",
            "docs/zip.db",
        ),
        all_of(track("localpackage/zip.db"), lambda project: (project / "localpackage" / "zip.db").unlink()),
    ],
)
def test_guard_allows(fresh: Bake, scripts: Path, home: Path, change: Change) -> None:
    project = fresh()
    change(project)
    check_output(guard(scripts, project, home))


READS = ("os.environ['API_KEY']", "os.environ.get('API_KEY')", "os.getenv('API_KEY', 'none')", "environ['API_KEY']")
HINT = "main.py reads API_KEY, which neither deploy.yaml nor .env.example names: see"


@pytest.mark.parametrize("read", READS)
def test_guard_hints_at_a_variable(fresh: Bake, scripts: Path, home: Path, read: str) -> None:
    """deploy.yaml names it in a comment, which sets nothing."""
    project = fresh()
    in_main(f"return {read}")(project)
    assert HINT in " ".join(check_output(guard(scripts, project, home)).split())
    append("pyproject.toml", 'filterwarnings = ["ignore:.* reads API_KEY"]\n')(project)
    assert "API_KEY" not in check_output(guard(scripts, project, home))


@pytest.mark.parametrize(
    ("read", "change"),
    [
        (READS[0], append(".env.example", "API_KEY=''\n")),
        (READS[1], append(".env.example", "# API_KEY=''\n")),
        (READS[2], append("deploy.prod.yaml", "--update-env-vars:\n  API_KEY: x\n")),
        (READS[3], append("deploy.prod.yaml", "--update-secrets: {'API_KEY': 'api-key:latest'}\n")),
        ("[os.environ['PORT'], os.getenv('K_SERVICE'), os.environ.get('FUNCTION_TARGET')]", all_of()),
        ("[os.environ[name], settings['API_KEY'], settings.get('API_KEY'), os.environ]", all_of()),
        ("os.environ.update(API_KEY='x')\n    os.environ['API_KEY'] = 'x'\n    del os.environ['API_KEY']", all_of()),
    ],
)
def test_guard_knows_a_variable(fresh: Bake, scripts: Path, home: Path, read: str, change: Change) -> None:
    project = fresh(trigger="pubsub")
    in_main(read)(project)
    change(project)
    assert "reads" not in check_output(guard(scripts, project, home))


def test_guard_is_short(bake: Bake) -> None:
    for file in (bake() / "tests" / "guard").iterdir():
        assert len(file.read_text("utf-8").splitlines()) <= 250, file.name
