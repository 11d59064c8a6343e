"""Every type of a product, in every form that a sender may choose: what the logic gets."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.support.event_samples import cloudevent, firestore, pubsub, storage
from tests.support.folders import append
from tests.support.serving import served
from tests.support.types import Bake, Installed

pytestmark = pytest.mark.slow

# Instead of the work: keep what the logic was given.
KEEP = """

def handle(received: object) -> None:
    import os, pickle
    with open(os.environ["RECEIVED"], "ab") as file:
        pickle.dump(vars(received), file)
"""


def strict(value: Any) -> Any:
    """Return what differs for 1, 1.0 and True, too."""
    if isinstance(value, dict):
        return {name: strict(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [strict(item) for item in value]
    return type(value), value


@pytest.mark.parametrize("trigger", ["pubsub", "storage", "firestore", "cloudevent"])
def test_logic_gets_each_type_in_each_form(fresh: Bake, installed: Installed, home: Path, trigger: str) -> None:
    project = fresh(trigger=trigger)
    scripts = installed(project)
    append("localpackage/script.py", KEEP)(project)
    samples = {"pubsub": pubsub, "storage": storage, "cloudevent": cloudevent}
    received = home / "received"
    wrong = []
    with served(scripts, project, "hello_function", home, RECEIVED=str(received)) as function:
        for sample in firestore(scripts) if trigger == "firestore" else samples[trigger]():
            for form, headers, body, expected in sample.forms():
                received.unlink(missing_ok=True)
                status = function.ask(body=body, headers=headers)[0]
                got = pickle.loads(received.read_bytes()) if received.exists() else {}
                names = [name for name in got | expected if strict(got.get(name)) != strict(expected.get(name))]
                if status != 200 or names:
                    wrong.append((sample.type, form, status, [(name, repr(got.get(name))[:99]) for name in names]))
        assert function.entries() == []
    assert not wrong
