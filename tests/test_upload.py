"""What is uploaded, by what gcloud lists and by the archive that it packs."""

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cloud import GIVEN, cloud, deploy
from support import TRIGGERS, environment, fact, must, run

pytestmark = pytest.mark.slow
PLANTED = [
    ".env", ".env.local", "sa-key.json", "credentials.json", "key.pem", "venv/x.py", ".venv/x.py", "node_modules/x.js", ".git/config",
    "tests/x.py", "__pycache__/x.pyc", ".pytest_cache/x", ".ruff_cache/x", ".mypy_cache/x", ".DS_Store", ".idea/x", ".vscode/x", "main.py~",
    "terraform.tfstate", "terraform.tfstate.backup", "x.pyc",
]  # fmt: skip
BESIDE = [
    "another.py",
    "another/__init__.py",
    "notes.txt",
    "localpackage.zip",
    "localpackage2/x.py",
    "main.py.bak",
    "setup.cfg",
]


def plant(project: Path, package: str, event: bool) -> set[str]:
    """Put all that must not go up into a project; return the paths that must."""
    for name in [*PLANTED, *BESIDE, *(f"{package}/{name}" for name in PLANTED if package != "none")]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("secret")
    expected = {"main.py", "requirements.txt", "cloud_logging.py", *(["delivery.py"] if event else [])}
    if package != "none":
        (project / package / "data").mkdir()
        (project / package / "data" / "table.csv").write_text("1")
        expected |= {f"{package}/{name}" for name in ("__init__.py", "script.py", "data/table.csv")}
    (project / "vendor").mkdir()
    (project / "vendor" / "a-1-py3-none-any.whl").write_text("")
    return expected | {"vendor/a-1-py3-none-any.whl"}


def archived(archive: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(archive)).namelist()


@pytest.mark.parametrize(
    ("trigger", "package", "hashes"),
    [*((t, p, False) for t in TRIGGERS for p in ("localpackage", "none")), ("http", "logic", True)],
)
def test_exactly_this_is_uploaded(
    fresh: Any, gcloud: Any, home: Path, trigger: str, package: str, hashes: bool
) -> None:
    project = fresh(trigger=trigger, local_package=package, hashes=hashes)
    expected = plant(project, package, fact(trigger, "contract") == "event")
    listed = must(gcloud("meta", "list-files-for-upload", project))
    assert {line for line in listed.splitlines() if line} == expected
    with cloud() as there:
        must(deploy(project, home, **GIVEN, **there.environment()))
        assert {name for name in archived(there.archive) if not name.endswith("/")} == expected


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [("!/.\n", "", "main.py"), ("!/localpackage\n", "!/localpackage/\n", "localpackage/script.py")],
)
def test_what_gcloud_lists_is_not_what_it_packs(
    fresh: Any, gcloud: Any, home: Path, old: str, new: str, lost: str
) -> None:
    """Why .gcloudignore has its second line, and no slash at the end of a folder: the listing would not tell."""
    project = fresh()
    ignore = project / ".gcloudignore"
    assert old in ignore.read_text("utf-8")
    ignore.write_text(ignore.read_text("utf-8").replace(old, new), "utf-8")
    assert lost in must(gcloud("meta", "list-files-for-upload", project)).splitlines()
    with cloud() as there:
        must(deploy(project, home, **GIVEN, **there.environment()))
        assert lost not in archived(there.archive)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("main.py", "import another\n", "add the line !/another.py to .gcloudignore"),
        ("main.py", "from another import x\n", "add the line !/another.py"),
        ("main.py", "def f() -> None:\n    import another.y\n", "add the line !/another.py"),
        ("localpackage/script.py", "import another\n", "add the line !/another.py"),
        ("cloud_logging.py", "import package\n", "add the line !/package to .gcloudignore"),
        ("localpackage/__init__.py", "from package.deep import x\n", "add the line !/package "),
    ],
)
def test_what_is_imported_and_not_uploaded(
    fresh: Any, scripts: Path, home: Path, file: str, text: str, says: str
) -> None:
    project = fresh()
    (project / "another.py").write_text("x = 1\n")
    (project / "package").mkdir()
    (project / "package" / "__init__.py").write_text("")
    (project / "package" / "deep.py").write_text("import another\nx = 1\n")
    options = ("-q", "-p", "no:cacheprovider", "tests/test_layout.py", "-k", "uploaded")
    pytest_ = (scripts / "python", "-B", "-P", "-m", "pytest", *options)
    must(run(*pytest_, cwd=project, env=environment(home)))
    with (project / file).open("a") as end:
        end.write(text)
    done = run(*pytest_, cwd=project, env=environment(home))
    assert done.returncode == 1 and says in done.stdout, done.stdout
    with (project / ".gcloudignore").open("a") as end:
        end.write("!/another.py\n!/package\n")
    must(run(*pytest_, cwd=project, env=environment(home)))


def test_a_project_without_its_allow_list(fresh: Any, scripts: Path, home: Path) -> None:
    project = fresh()
    (project / ".gcloudignore").unlink()
    options = ("-q", "-p", "no:cacheprovider", "tests/test_layout.py")
    done = run(scripts / "python", "-B", "-P", "-m", "pytest", *options, cwd=project, env=environment(home))
    assert done.returncode == 1 and ".gcloudignore is missing" in done.stdout
    shutil.rmtree(project)
