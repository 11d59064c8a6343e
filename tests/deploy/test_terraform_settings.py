"""docs/terraform.md: its HCL parsed, and compared with deploy.yaml."""

import json
import re
from typing import Any

import hcl2
import pytest
from lark.exceptions import UnexpectedInput

from tests.support.deploying import described, flags
from tests.support.pages import blocks
from tests.support.questions import ROOT
from tests.support.types import Bake

MAIN, EVENT = blocks((ROOT / "docs" / "terraform.md").read_text("utf-8"), "hcl")


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
        ("timeout_seconds                  = 60", "timeout_seconds = 300"),
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
