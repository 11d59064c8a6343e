"""What is uploaded, by what gcloud lists and by the archive that it packs; and how its lock is installed there."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.support.builder import INSTALLERS, VENDORED, build
from tests.support.deploying import ONE_OF_EACH_CONTRACT, archived
from tests.support.fake_cloud import deploy, fake_cloud
from tests.support.folders import append
from tests.support.guard import fill_vendor
from tests.support.locks import ONE_OF_EACH_UPLOAD
from tests.support.processes import check_output, environment, posix_only, require_tool, run
from tests.support.questions import TRIGGERS, fact
from tests.support.types import Bake, Gcloud
from tests.support.uploads import plant

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("trigger", "package", "hashes"),
    [*((t, p, False) for t in ONE_OF_EACH_CONTRACT for p in ("localpackage", "none")), ("http", "logic", True)],
)
def test_files_that_are_uploaded(
    bake: Bake, fresh: Bake, gcloud: Gcloud, home: Path, trigger: str, package: str, hashes: bool
) -> None:
    project = fresh(trigger=trigger, local_package=package, hashes=hashes)
    rules = (project / ".gcloudignore").read_bytes()
    # So the others are packed alike.
    for other in (other for other in TRIGGERS if fact(other, "contract") == fact(trigger, "contract")):
        assert (bake(trigger=other, local_package=package) / ".gcloudignore").read_bytes() == rules
    expected = plant(project, package, fact(trigger, "contract") == "event")
    listed = check_output(gcloud("meta", "list-files-for-upload", project))
    assert {line for line in listed.splitlines() if line} == expected
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
        assert {name for name in archived(there.archive) if not name.endswith("/")} == expected


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [("!/.\n", "", "main.py"), ("!/localpackage\n", "!/localpackage/\n", "localpackage/script.py")],
)
def test_gcloud_lists_more_than_it_packs(
    fresh: Bake, gcloud: Gcloud, home: Path, old: str, new: str, lost: str
) -> None:
    """Why .gcloudignore has its second line, and no slash at the end of a folder: the listing would not tell."""
    project = fresh()
    ignore = project / ".gcloudignore"
    assert old in ignore.read_text("utf-8")
    ignore.write_text(ignore.read_text("utf-8").replace(old, new), "utf-8")
    assert lost in check_output(gcloud("meta", "list-files-for-upload", project)).splitlines()
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
        assert lost not in archived(there.archive)


def test_guard_knows_what_gcloud_packs(fresh: Bake, gcloud: Gcloud, home: Path, scripts: Path) -> None:
    """Each file of a full folder: the guard's reading of .gcloudignore against the archive that gcloud uploads."""
    project = fresh(trigger="pubsub")
    plant(project, "localpackage", True)
    more = [
        "localpackage/tests/x.py",
        "localpackage/sub/tests/y.py",
        "localpackage/ca.pem",
        "localpackage/sub/b.pem",
        "data/a/b.csv",
        "data/c.txt",
    ]
    for name in [*more, "prices.json", "localpackage/notes.md", "localpackage/sub/keep.md"]:
        append(name, "x = 1\n")(project)
    append("more.ignore", "*.bak\n")(project)
    append("localpackage/data/a.json", "{}")(project)
    append("localpackage/x.bak", "x")(project)
    rules = [
        "#!include:more.ignore",
        "data/*.json",
        "!/localpackage/tests",
        "!/localpackage/ca.pem",
        "!/data",
        "/data/c.txt",
        "*.md",
        "!keep.md",
        "!/prices.json",
    ]
    append(".gcloudignore", "".join(f"{rule}\n" for rule in rules))(project)
    code = (
        "import sys; sys.path.insert(0, 'tests/guard'); from conftest import Upload;"
        "print(*(path.as_posix() for path in Upload().paths()), sep='\\n')"
    )
    known = check_output(run(scripts / "python", "-B", "-c", code, cwd=project, env=environment(home))).splitlines()
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
        assert set(known) == {name for name in archived(there.archive) if not name.endswith("/")}
    assert {"localpackage/ca.pem", "localpackage/tests/x.py", "data/a/b.csv", "localpackage/sub/keep.md"} <= set(known)


@posix_only
def test_gcloud_packs_no_linked_folder(fresh: Bake, gcloud: Gcloud, home: Path) -> None:
    """Why the guard refuses a link: the list has it, and the archive has not."""
    project = fresh()
    append("ourlib/__init__.py", "")(project.parent)
    (project / "ourlib").symlink_to(project.parent / "ourlib")
    append(".gcloudignore", "!/ourlib\n")(project)
    assert "ourlib/__init__.py" in check_output(gcloud("meta", "list-files-for-upload", project))
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
        assert not [name for name in archived(there.archive) if "ourlib" in name]


@posix_only
@pytest.mark.parametrize("trigger", ONE_OF_EACH_UPLOAD)
def test_builder_installs_the_lock(bake: Bake, fresh: Bake, tmp_path: Path, home: Path, trigger: str) -> None:
    """With hashes and without, from the package index and, in an empty network namespace, from vendor/: the same.

    Of these four ways each installer takes two with one lock, and the other two with the next.
    """
    python = require_tool("python3.13")
    project, locks = fresh(trigger=trigger), [bake(trigger=trigger, hashes=hashes) for hashes in (False, True)]
    fill_vendor(project, Path(sys.executable).parent, home)
    # Without pip's own settings, which may name a folder of wheels.
    alone = {name: value for name, value in environment(home).items() if not name.startswith("PIP_")}
    alone |= {"PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
    found = set()
    for position, installer in enumerate(INSTALLERS):
        assert build(installer, python, project, tmp_path / "none", alone, offline=True).returncode
        for number, lock in enumerate(locks):
            shutil.copy(lock / "requirements.txt", project)
            for offline, options, env in (False, (), environment(home)), (True, VENDORED, alone):
                if (position + number + offline + ONE_OF_EACH_UPLOAD.index(trigger)) % 2:
                    continue
                layer = tmp_path / f"{installer}-{number}-{offline}"
                check_output(build(installer, python, project, layer, env, *options, offline=offline))
                found.add(frozenset(path.name for path in layer.rglob("*.dist-info")))
    [distributions] = found
    assert any(name.startswith("functions_framework-") for name in distributions)
