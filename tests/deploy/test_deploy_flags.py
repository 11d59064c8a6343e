"""What a user edits in deploy.yaml, and what of it arrives."""

import json
import re
from pathlib import Path

import pytest

from tests.support.deploying import described, flags
from tests.support.fake_cloud import deploy, fake_cloud
from tests.support.folders import edit
from tests.support.guard import guard
from tests.support.pages import FLEET, blocks, both_pages
from tests.support.processes import check_output, posix_only
from tests.support.questions import TRIGGERS
from tests.support.types import Bake

pytestmark = [pytest.mark.slow, posix_only]
# The line of docs/fleet.md by which the functions of a repository share flags.
[SHARE] = [block for block in blocks(FLEET, "yaml") if block.startswith("--flags-file")]


def test_rules_of_a_second_flags_file(fresh: Bake, home: Path) -> None:
    """The rules that REFERENCE.md and deploy.yaml state."""
    project = fresh(trigger="pubsub")
    more = project / "deploy.staging.yaml"
    with fake_cloud() as there:
        more.write_text("--memory: 1Gi\n--no-retry:\n--update-env-vars:\n  MORE: a, 'b' and $(c)\n")
        check_output(deploy(project, home, there, f"--flags-file={more.name}"))
        expected = flags(project, "deploy.yaml", more.name)
        assert expected.pop("--retry") is None and described(there.created) == expected
        assert expected["--memory"] == "1Gi" and len(expected["--update-env-vars"]) == 4
        more.write_text("--retry: false\n")
        check_output(deploy(project, home, there, f"--flags-file={more.name}"))
        assert "--retry" in described(there.created)
        more.write_text("--update-env-vars:\n  GOOGLE_CLOUD_PROJECT: other\n")
        done = deploy(project, home, there, f"--flags-file={more.name}")
        assert done.returncode and '"GOOGLE_CLOUD_PROJECT" cannot be specified multiple times' in done.stdout
        more.write_text("--update-env-vars:\n  A: 1\n")
        assert "values must be strings" in deploy(project, home, there, f"--flags-file={more.name}").stdout
        # What is no longer listed stays, until it is removed by name.
        more.write_text("--remove-env-vars:\n- MORE\n")
        assert "MORE" in there.created["serviceConfig"]["environmentVariables"]
        check_output(deploy(project, home, there, f"--flags-file={more.name}"))
        assert "MORE" not in there.created["serviceConfig"]["environmentVariables"]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_readme_lists_the_values_to_replace(bake: Bake, trigger: str) -> None:
    project = bake(trigger=trigger)
    [listed] = re.findall(r"(?s)In `deploy.yaml`.*?\n\n", (project / "README.md").read_text("utf-8"))
    text = (project / "deploy.yaml").read_text("utf-8")
    assert set(re.findall(r"`(my-\w+)`", listed)) == set(re.findall(r"\bmy-\w+", text))
    # Whatever names something of a project begins so.
    named_there = re.findall(r"(?m)^ *--(?:project|trigger-topic|trigger-bucket|\S*service-account): (.*)$", text)
    assert named_there and all("my-" in value for value in named_there)


def test_uncommented_line_builds_from_vendor(fresh: Bake, home: Path) -> None:
    project = fresh()
    edit("deploy.yaml", "# --update-build-env-vars:\n#   GOOGLE", "--update-build-env-vars:\n  GOOGLE")(project)
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
        assert described(there.created) == flags(project)
        assert flags(project)["--update-build-env-vars"] == {"GOOGLE_VENDOR_PIP_DEPENDENCIES": "vendor"}
        # And the one that REFERENCE.md puts in its place.
        [back] = re.findall(r"`(--remove-build-env-vars: \w+)`", both_pages(project))
        edit("deploy.yaml", "--update-build-env-vars:\n  GOOGLE_VENDOR_PIP_DEPENDENCIES: vendor", back)(project)
        check_output(deploy(project, home, there))
        assert not there.created["buildConfig"].get("environmentVariables")


@pytest.mark.parametrize(
    ("trigger", "old", "new", "expected"),
    [
        ("storage", r"# (--trigger-event.*)\n--trigger-bucket.*", r"\1", "google.cloud.storage.object.v1.deleted"),
        (
            "firestore",
            r"v1\.written",
            "v1.created.withAuthContext",
            "google.cloud.firestore.document.v1.created.withAuthContext",
        ),
    ],
)
def test_another_type_of_event_as_the_comment_says(
    fresh: Bake, home: Path, trigger: str, old: str, new: str, expected: str
) -> None:
    project = fresh(trigger=trigger)
    file = project / "deploy.yaml"
    text, times = re.subn(old, new, file.read_text("utf-8"))
    assert times == 1
    file.write_text(text, "utf-8")
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
    event = there.created["eventTrigger"]
    assert event["eventType"] == expected
    filters = {one["attribute"]: one["value"] for one in event["eventFilters"]}
    assert filters == (
        {"bucket": "my-bucket"} if trigger == "storage" else {"database": "(default)", "document": "my-collection/{id}"}
    )


def test_answers_reach_the_deployment(fresh: Bake, home: Path) -> None:
    project = fresh(function_name="other-name", python_version="3.12", region="europe-west4", local_package="none")
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
    assert there.created["name"] == "projects/my-project/locations/europe-west4/functions/other-name"
    assert there.created["buildConfig"]["runtime"] == "python312"
    assert json.dumps(there.created).count("other_name") == 1


def test_own_flags_go_before_shared_ones(fresh: Bake, scripts: Path, home: Path) -> None:
    project = fresh()
    own = flags(project)
    shared = project.parent / "shared" / "deploy.yaml"
    shared.parent.mkdir()
    shared.write_text("--update-labels:\n  cost: shared\n--memory: 1Gi\n")
    text = (project / "deploy.yaml").read_text("utf-8")
    (project / "deploy.yaml").write_text(SHARE + text, "utf-8")
    with fake_cloud() as there:
        done = deploy(project, home, there)
        assert done.returncode == 0 and own["--memory"] != "1Gi", done.stdout
        labels = {**own.get("--update-labels", {}), "cost": "shared"}
        assert described(there.created) == {**own, "--update-labels": labels}
    assert guard(scripts, project, home).returncode == 0
