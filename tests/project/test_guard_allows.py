"""What the guard of a project allows, and the variables that it knows or hints at."""

from pathlib import Path

import pytest

from tests.support.changes import drop, encode, in_main, package, together, track
from tests.support.folders import append, edit
from tests.support.guard import guard
from tests.support.processes import check_output
from tests.support.types import Bake, Change

pytestmark = pytest.mark.slow
COMMIT = "0123456789abcdef0123456789abcdef01234567"
OPTIONAL = "try:\n        import orjson\n    except ImportError:\n        orjson = None\n    return orjson"
TYPES = "from typing import TYPE_CHECKING\n    if TYPE_CHECKING:\n        import boto3"


REQUIREMENTS = (
    append("requirements.txt", "six==1.17.0\n"),
    append("requirements.txt", "--index-url=https://example.com/simple\n"),
    append("requirements.txt", "--extra-index-url=https://${NAME}:${TOKEN}@example.com/simple\n"),
    append("requirements.txt", "--extra-index-url=https://__token__:${TOKEN}@example.com/simple\n"),
    append("requirements.txt", "# mail ada@example.com, or see https://example.com?x=a@b\n"),
    *(append(f"requirements.{end}", f"My_Pkg @ git+ssh://deploy@example.com/a@{COMMIT}\n") for end in ("in", "txt")),
    *(append(f"requirements.{end}", f"a @ git+ssh://git@example.com/a@{COMMIT}\n") for end in ("in", "txt")),
    *(append(f"requirements.{end}", "wheel===0.45.1\n") for end in ("in", "txt")),
    *(append("limits.txt", "flask<9\n"), append("requirements.in", "-c limits.txt\n")),
    *(append("more.in", "flask\n"), append("requirements.in", "-r more.in\n")),
    append("requirements.in", "tomli ; python_version < '3.11'\n"),
    append("requirements.in", "markupsafe ; sys_platform == 'linux'\nFlask[async]>=3\n"),
    encode("requirements.txt", "utf-8-sig"),
)
FILES = (
    package("thirdparty", "setup.py", "code.py"),
    package("localpackage", "setup.py"),
    append("README.md", "\n=======\n<<<<<<<<<< a drawing\n"),
    package(".venv", "patch.rej", "setup.py"),
    append("pyproject.toml", "\n[project]\nname = 'mine'\n"),
    append("pluggy/env.py", ""),
    lambda project: (project / ".#main.py").symlink_to("nowhere"),
    append("env/pyvenv.cfg", ""),
    *(append("../shared/tests/x.py", ""), append("../shared/.ruff_cache/x", "")),
)
CODE = (
    in_main(OPTIONAL),
    in_main(TYPES),
    in_main("with contextlib.suppress(ImportError):\n        import orjson"),
    in_main("try:\n        import orjson\n    except Exception:\n        pass"),
    in_main("if sys.version_info >= (3, 11):\n        import tomllib\n    else:\n        import tomli"),
    in_main("if sys.platform == 'win32':\n        import winloop"),
    in_main("import json.decoder\n    import xml.etree.ElementTree"),
    in_main(f"return {'я' * 150!r}, {'漢字' * 60!r}"),
    in_main(f"return {' + '.join(['1'] * 1500)}"),
    *(append("VERSION", "1"), append("events/x.json", "")),
    in_main("return os.environ.get('VERSION'), Path('/mnt') / 'events', ', '.join('tests')"),
    in_main("return open('.env'), open('no-such-file.json'), 'tests', {'localpackage': 1}['localpackage']"),
    *(append("localpackage/table.csv", ""), in_main("return open('localpackage/table.csv')")),
    # Text that has the name of a folder: a route, a bucket.
    *(append("api/v1/spec.txt", ""), in_main("return {'api/v1': 1}, os.path.join('gs://bucket', 'tests')")),
)
# gcloud reads each of these.
FLAGS = (
    edit("deploy.yaml", "--entry-point: hello_function", "--entry-point: &entry hello_function"),
    edit("deploy.yaml", "--runtime: python313", "--runtime:\n  python313"),
)
DELETED = (track("localpackage/zip.db"), lambda project: (project / "localpackage" / "zip.db").unlink())
TRACKED = ("localpackage/table.csv", "localpackage/Á.csv", "localpackage/.gitkeep", "tests/more/data.db", "docs/zip.db")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(REQUIREMENTS, id="requirements"),
        pytest.param(FILES, id="files"),
        pytest.param(CODE, id="code"),
        pytest.param(FLAGS, id="flags"),
        pytest.param((*DELETED, track(*TRACKED)), id="tracked"),
        pytest.param((drop(".gcloudignore", "/*"),), id="all is uploaded"),
        # An ignore file of the user's leaves out what it leaves out.
        pytest.param((track("localpackage/zip.db"), drop(".gcloudignore", "# Yours")), id="another ignore file"),
    ],
)
def test_guard_allows(fresh: Bake, scripts: Path, home: Path, changes: tuple[Change, ...]) -> None:
    project = fresh()
    together(*changes)(project)
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
        ("[os.environ['PORT'], os.getenv('K_SERVICE'), os.environ.get('FUNCTION_TARGET')]", together()),
        ("[os.environ[name], settings['API_KEY'], settings.get('API_KEY'), os.environ]", together()),
        ("os.environ.update(API_KEY='x')\n    os.environ['API_KEY'] = 'x'\n    del os.environ['API_KEY']", together()),
    ],
)
def test_guard_knows_a_variable(fresh: Bake, scripts: Path, home: Path, read: str, change: Change) -> None:
    project = fresh(trigger="pubsub")
    in_main(read)(project)
    change(project)
    assert "reads" not in check_output(guard(scripts, project, home))
