"""docs/terraform.md: its script run with the real gcloud, its HCL parsed and compared with deploy.yaml."""

import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import hcl2
import pytest
from lark.exceptions import UnexpectedInput

from tests.support.deploying import described, flags
from tests.support.fake_cloud import gcloud_environment
from tests.support.folders import append
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, posix_only, require_tool, run
from tests.support.questions import ROOT
from tests.support.serving import served
from tests.support.types import Bake, Change, Gcloud

PAGE = (ROOT / "docs" / "terraform.md").read_text("utf-8")
[ARCHIVE] = blocks(PAGE, "python")
MAIN, EVENT = blocks(PAGE, "hcl")
[APPLY] = blocks(PAGE)


# Takes what Terraform is given for the page's variable, and refuses all else.
TERRAFORM = """#!/bin/sh
[ "$#" = 3 ] && [ "$1 $2" = "apply -var" ] && [ -f "${3#archive=}" ] && echo "${3#archive=}"
"""


@pytest.fixture
def pack(home: Path, tmp_path: Path) -> Any:
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
        return (
            folder / check_output(run("sh", "-euc", APPLY, cwd=folder, env=gcloud_environment(home, PATH=path))).strip()
        )

    return pack


@posix_only
@pytest.mark.slow
def test_archive_is_what_gcloud_would_upload(
    fresh: Bake, gcloud: Gcloud, pack: Any, scripts: Path, home: Path, tmp_path: Path
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
def test_terraform_is_not_run_without_an_archive(fresh: Bake, pack: Any, broken: Change, why: str) -> None:
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


def parsed(text: str) -> dict[str, Any]:
    """Return HCL as the values that it stands for; a block is a dictionary, and so is a label of one."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {plain(name): plain(inner) for name, inner in value.items() if name != "__is_block__"}
        if isinstance(value, list):
            merged: dict[str, Any] = {}
            for block in value:
                for name, inner in plain(block).items():
                    merged[name] = {**merged.get(name, {}), **inner} if isinstance(inner, dict) else inner
            return merged
        return json.loads(value) if isinstance(value, str) and value.startswith('"') else value

    result: dict[str, Any] = plain(hcl2.loads(text))
    return result


def as_api(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the provider's names of settings as those of Google's API; names in a map are the user's."""
    return {
        re.sub(r"_(\w)", lambda found: found[1].upper(), name): as_api(value)
        if isinstance(value, dict) and name != "environment_variables"
        else value
        for name, value in settings.items()
    }


def deployed(text: str) -> dict[str, Any]:
    """Return the flags of the function that some HCL describes."""
    [function] = parsed(text)["resource"]["google_cloudfunctions2_function"].values()
    place = "projects/{project}/locations/{location}/functions/{name}".format(**function)
    return described({**as_api(function), "name": place})


def with_event(main: str = MAIN, event: str = EVENT) -> str:
    return main.replace("  build_config {", f"{event}\n  build_config {{")


def test_terraform_settings_match_deploy_yaml(bake: Bake) -> None:
    [python] = re.findall(r'runtime += "python3(\d+)"', MAIN)
    for text, trigger in ((MAIN, "http"), (with_event(), "pubsub")):
        assert deployed(text) == flags(bake(trigger=trigger, python_version=f"3.{python}"))


def test_terraform_function_is_built_from_the_archive() -> None:
    resources = parsed(MAIN)["resource"]
    bucket, [(name, stored)] = "${google_storage_bucket.source.name}", resources["google_storage_bucket_object"].items()
    assert stored == {"bucket": bucket, "name": "${basename(var.archive)}", "source": "${var.archive}"}
    [function] = resources["google_cloudfunctions2_function"].values()
    source = {"bucket": bucket, "object": f"${{google_storage_bucket_object.{name}.name}}"}
    assert function["build_config"]["source"] == {"storage_source": source}
    assert "source" in resources["google_storage_bucket"] and "archive" in parsed(MAIN)["variable"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"512Mi"', '"256Mi"'),
        ("max_instance_count               = 10", ""),
        ('LOG_EXECUTION_ID     = "true"', ""),
        ("runner@my-project", "other@my-project"),
        ('"RETRY_POLICY_RETRY"', '"RETRY_POLICY_DO_NOT_RETRY"'),
    ],
)
def test_different_setting_fails(bake: Bake, old: str, new: str) -> None:
    text = with_event()
    assert old in text
    try:
        assert deployed(text.replace(old, new, 1)) != flags(bake(trigger="pubsub"))
    except KeyError as missing:
        assert "maxInstanceCount" in str(missing)


@pytest.mark.parametrize(
    ("old", "new"),
    [("build_config {", "build_config"), ('"python313"', '"python313'), ("basename(var.archive)", "basename(")],
)
def test_broken_hcl_fails(old: str, new: str) -> None:
    assert old in MAIN
    with pytest.raises(UnexpectedInput):
        parsed(MAIN.replace(old, new, 1))
