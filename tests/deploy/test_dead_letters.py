"""The dead-letter topic of REFERENCE.md, set up by the real gcloud in a cloud on loopback that refuses."""

import base64
import re
from pathlib import Path

import pytest

from tests.support.cloud_rights import PUBSUB_AGENT
from tests.support.deploying import KEEP, SetUp, described, flags, shell
from tests.support.fake_cloud import deploy, fake_cloud
from tests.support.folders import edit
from tests.support.pages import blocks, page
from tests.support.processes import check_output, posix_only
from tests.support.questions import TRIGGERS, fact
from tests.support.types import Bake

pytestmark = [pytest.mark.slow, posix_only]
RUNNER = "runner@my-project.iam.gserviceaccount.com"
LETTERS = "projects/my-project/subscriptions/hello-function-dead-letters"
TOLD = edit("deploy.yaml", "  # DEAD_LETTER:", "  DEAD_LETTER:")


def test_page_keeps_events_that_keep_failing(fresh: Bake, bake: Bake, set_up: SetUp, home: Path) -> None:
    """The lines in their order, from the deployment before which they fail to one with the variable."""
    project = fresh(trigger="firestore", ci="github")
    events = [trigger for trigger in TRIGGERS if fact(trigger, "contract") == "event"]
    assert {page(bake(trigger=trigger, ci="github"), KEEP) for trigger in events} == {page(project, KEEP)}
    keep, look, again, stop = blocks(page(project, KEEP))
    names = "".join(re.findall(r"(?m)^[A-Z]+=.*\n", keep))
    with fake_cloud(ready=False) as there:
        set_up(project, there)
        assert shell(project, home, there, keep).returncode
        assert not there.subscriptions
        check_output(deploy(project, home, there))
        [source] = there.subscriptions
        assert not there.keeps_dead_letters(source)
        check_output(shell(project, home, there, keep))
        assert there.keeps_dead_letters(source)
        assert there.subscriptions[source]["deadLetterPolicy"]["maxDeliveryAttempts"] == 20
        # Nothing of it expires.
        assert there.subscriptions[LETTERS]["expirationPolicy"] == {}
        assert there.subscriptions[LETTERS]["messageRetentionDuration"] == f"{31 * 24 * 3600}s"

        TOLD(project)
        check_output(deploy(project, home, there))
        assert described(there.created) == flags(project)
        assert flags(project)["--update-env-vars"]["DEAD_LETTER"] == "true"
        assert there.keeps_dead_letters(source)

        # The bytes of a document of Firestore.
        message = {"data": base64.b64encode(b"\n\xff\x00").decode(), "messageId": "1", "attributes": {"a": "b"}}
        there.kept = [{"ackId": "1", "message": message}]
        assert "a=b" in check_output(shell(project, home, there, look))
        check_output(shell(project, home, there, names, again))
        assert there.subscriptions[LETTERS]["pushConfig"] == there.subscriptions[source]["pushConfig"]
        assert there.subscriptions[LETTERS]["pushConfig"]["oidcToken"]["serviceAccountEmail"] == RUNNER
        check_output(shell(project, home, there, stop))
        assert not there.subscriptions[LETTERS]["pushConfig"].get("pushEndpoint")


def test_each_line_is_needed(fresh: Bake, home: Path) -> None:
    """Without a topic gcloud fails; without a role, or a subscription to the topic, dead letters are lost."""
    project = fresh(trigger="storage")
    keep = blocks(page(project, KEEP))[0]
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
        [source] = there.subscriptions
        before = len(there.policies)
        done = shell(project, home, there, keep.replace("gcloud pubsub topics create", ": "))
        assert done.returncode and "do not exist" in done.stdout
        check_output(shell(project, home, there, keep))
        granted = list(there.policies.items())[before:]
        assert len(granted) == 2 and PUBSUB_AGENT in str(granted[0]) and PUBSUB_AGENT in str(granted[1])
        for resource, policy in granted:
            there.policies[resource] = {}
            assert not there.keeps_dead_letters(source)
            there.policies[resource] = policy
        assert there.keeps_dead_letters(source)
        del there.subscriptions[LETTERS]
        assert not there.keeps_dead_letters(source)
