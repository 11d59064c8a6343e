"""docs/terraform.md: its script, run with the real gcloud; test_terraform_settings.py has its HCL."""

import json
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.fake_cloud import gcloud_environment
from tests.support.folders import append
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, posix_only, require_tool, run
from tests.support.questions import ROOT
from tests.support.serving import served
from tests.support.types import Bake, Change, Gcloud

PAGE = (ROOT / "docs" / "terraform.md").read_text("utf-8")
[ARCHIVE] = blocks(PAGE, "python")
MAIN, _ = blocks(PAGE, "hcl")
[APPLY] = blocks(PAGE)
Pack = Callable[[], Path]


# Takes what Terraform is given for the page's variable, and refuses all else.
TERRAFORM = """#!/bin/sh
[ "$#" = 3 ] && [ "$1 $2" = "apply -var" ] && [ -f "${3#archive=}" ] && echo "${3#archive=}"
"""


@pytest.fixture
def pack(home: Path, tmp_path: Path) -> Pack:
    """Run the page's command as it is printed; return the archive that Terraform is given."""
    require_tool("gcloud")
    folder, tools = tmp_path / "fresh", tmp_path / "tools"
    for place in (folder, tools):
        place.mkdir(exist_ok=True)
    (folder / "archive.py").write_text(ARCHIVE)
    (tools / "terraform").write_text(TERRAFORM)
    (tools / "terraform").chmod(0o755)
    path = os.pathsep.join(map(str, (tools, Path(sys.executable).parent, os.environ["PATH"])))

    def pack() -> Path:
        done = run("sh", "-euc", APPLY, cwd=folder, env=gcloud_environment(home, PATH=path))
        return folder / check_output(done).strip()

    return pack


@posix_only
@pytest.mark.slow
def test_archive_is_what_gcloud_would_upload(
    fresh: Bake, gcloud: Gcloud, pack: Pack, scripts: Path, home: Path, tmp_path: Path
) -> None:
    project = fresh()
    append("localpackage/data/table.csv", "1\n")(project)
    append(".env", "SECRET=1\n")(project)
    append("localpackage/sa-key.json", "{}")(project)
    first = pack()
    with zipfile.ZipFile(first) as archive:
        listed = check_output(gcloud("meta", "list-files-for-upload", project)).split()
        assert archive.namelist() == sorted(listed) and "localpackage/data/table.csv" in listed
        found = {(entry.create_system, entry.external_attr >> 16, entry.compress_type) for entry in archive.infolist()}
        assert found == {(3, 0o644, zipfile.ZIP_STORED)}
        assert all(archive.read(name) == (project / name).read_bytes() for name in listed)
        archive.extractall(tmp_path / "arrived")
    content = first.read_bytes()
    first.unlink()

    # Written again in another order, with other times and modes.
    for path in reversed(sorted(path for path in project.rglob("*") if path.is_file())):
        text = path.read_bytes()
        path.unlink()
        path.write_bytes(text)
        path.chmod(0o600)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert pack() == first and first.read_bytes() == content

    append("main.py", "# Newer.\n")(project)
    assert pack().name != first.name
    with served(scripts, tmp_path / "arrived", "hello_function", home) as function:
        assert json.loads(function.ask("/?name=Ada")[1]) == {"message": "Hello, Ada!"}


@posix_only
@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (append(".gcloudignore", "#!include:nowhere\n"), "exited with 1"),
        (append(".gcloudignore", "/main.py\n"), "gcloud would upload no main.py from "),
        (shutil.rmtree, "gcloud would upload no main.py from "),
    ],
)
def test_terraform_is_not_run_without_an_archive(fresh: Bake, pack: Pack, broken: Change, why: str) -> None:
    project = fresh()
    broken(project)
    with pytest.raises(AssertionError, match=why):
        pack()
    assert not list(project.parent.glob("*.zip"))


@pytest.mark.slow
def test_terraform_refuses_the_name_of_no_archive(home: Path) -> None:
    """A shell runs it even if archive.py has failed, with what that printed: nothing."""
    [variable] = re.findall(r'(?ms)^variable "archive" {\n.*?^}\n', MAIN)
    (home / "main.tf").write_text(variable)
    plan = (require_tool("terraform"), "plan", "-no-color", "-var")
    check_output(run(*plan, "archive=hello-function.zip", cwd=home, env=environment(home)))
    done = run(*plan, "archive=", cwd=home, env=environment(home))
    assert done.returncode == 1 and "archive.py has made no archive." in done.stdout
