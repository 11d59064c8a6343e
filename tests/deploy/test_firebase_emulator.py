"""Functions in Firebase's emulators: what they answer, whether they reload, and events from other emulators."""

import base64
import json
import os
import re
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.emulators import COMPONENTS, component
from tests.support.firebase_cli import firebase_cli, in_one_repository
from tests.support.firebase_emulator import ALONE, Emulators, emulators
from tests.support.folders import edit
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, require_tool, run
from tests.support.questions import REGION, ROOT, TRIGGERS
from tests.support.serving import JSON, Function, check, valid_request
from tests.support.types import Bake, Installed
from tests.support.waiting import until

# Each takes the ports that the CLI prefers.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("firebase_emulators")]


def with_environments(fresh: Bake, installed: Installed, root: Path, *triggers: str) -> dict[str, Path]:
    """Make functions below one firebase.json, each with the environment that the emulator looks for."""
    folders = in_one_repository(fresh, root, *triggers)
    for folder in folders.values():
        (folder / "venv").symlink_to(installed(folder).parent)
    firebase = json.loads((root / "firebase.json").read_text("utf-8"))
    # The page that shows the emulators would be downloaded.
    firebase["emulators"] = {"ui": {"enabled": False}, "pubsub": {}, "firestore": {}}
    (root / "firebase.json").write_text(json.dumps(firebase), "utf-8")
    return folders


def wait_for(there: Emulators, words: str) -> None:
    until(lambda: words in there.said(), there.said)


def test_every_function_answers_and_reloads(fresh: Bake, installed: Installed, tmp_path: Path, home: Path) -> None:
    """Those with a URL answer what they do elsewhere; the others take their samples. Only cloudevent is passed over."""
    folders = with_environments(fresh, installed, tmp_path / "repository")
    with emulators(tmp_path / "repository", home, "functions") as there:
        for trigger, (name, folder) in zip(TRIGGERS, folders.items(), strict=True):
            function = there.function(name)
            if function.url.endswith(name):
                check(trigger, function)
                continue
            headers, body = valid_request(folder, installed(folder), trigger)
            if "protobuf" in headers.get("Content-Type", ""):
                body = base64.b64encode(body)  # As the Firestore emulator sends it.
            status, answer, _ = function.ask("", body, headers=headers)
            assert status == (404 if trigger == "cloudevent" else 204 if trigger == "schedule" else 200), answer
            if status != 404:
                wait_for(there, f"{folder}/localpackage/script.py")
        edit("localpackage/script.py", "Hello", "Welcome")(folders["http-function"])
        until(lambda: b"Welcome, Ada" in there.function("http-function").ask("/?name=Ada")[1], there.said)


def test_page_runs_a_function_in_the_emulator(fresh: Bake, home: Path) -> None:
    """The block of the page. The emulator has a machine of its own, where its port is free and no process stays behind."""
    page = (ROOT / "docs" / "firebase.md").read_text("utf-8")
    [block] = [block for block in blocks(page) if "emulators:exec" in block]
    path = os.pathsep.join([str(firebase_cli().parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    env = environment(home, PATH=path, UV_PYTHON_PREFERENCE="system")
    *install, start = block.replace("3.13", sys.executable).replace("us-central1", REGION).splitlines()
    project = fresh(deploy_with="firebase")
    check_output(run("bash", "-euc", "\n".join(install), cwd=project, env=env))
    alone = (require_tool("unshare"), "--net", *ALONE, "bash", "-euc", f"{require_tool('ip')} link set lo up\n{start}")
    assert "Hello, World!" in check_output(run(*alone, cwd=project, env=env))


def test_events_of_other_emulators_arrive(fresh: Bake, installed: Installed, tmp_path: Path, home: Path) -> None:
    """A message that is published, and a document that is written."""
    variables = emulators_of_gcloud(home)
    root = tmp_path / "repository"
    with_environments(fresh, installed, root, "pubsub", "firestore")
    with emulators(root, home, "functions", "pubsub", "firestore", **variables) as there:
        topic = f"http://{there.address('Pub/Sub')}/v1/projects/demo-project/topics/my-topic:publish"
        database = f"http://{there.address('Firestore')}/v1/projects/demo-project/databases/(default)/documents"
        message = {"messages": [{"data": base64.b64encode(b"hello").decode()}]}
        document = {"fields": {"name": {"stringValue": "Ada"}}}
        for url, sent in ((topic, message), (f"{database}/my-collection?documentId=one", document)):
            status, answer, _ = Function(url).ask("", json.dumps(sent).encode(), headers=JSON)
            assert status == 200, answer
        wait_for(there, ": 5 bytes of str")
        wait_for(there, "my-collection/one was created")


def emulators_of_gcloud(home: Path) -> dict[str, str]:
    """Return the variables that give the CLI gcloud's emulators in place of a download; skip where they cannot run."""
    java = check_output(run(require_tool("java"), "-version", cwd=home, env=environment(home)))
    version = int(re.findall(r'version "(\d+)', java)[0])
    if version < 21:
        pytest.skip(f"java is {version}, and Firebase's CLI wants 21 for other emulators")
    folders = {name: component(folder) for name, folder in COMPONENTS.items()}
    # The CLI runs `java -jar`, and gcloud's archive does not say which class to run.
    manifest = [
        "Manifest-Version: 1.0",
        "Main-Class: com.google.cloud.datastore.emulator.firestore.CloudFirestore",
        "Class-Path: emulator.jar",
    ]
    (home / "emulator.jar").symlink_to(folders["firestore"] / "cloud-firestore-emulator.jar")
    with zipfile.ZipFile(home / "firestore.jar", "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "".join(f"{line}\n" for line in manifest))
    return {
        "FIRESTORE_EMULATOR_BINARY_PATH": str(home / "firestore.jar"),
        "PUBSUB_EMULATOR_BINARY_PATH": str(folders["pubsub"] / "bin" / "cloud-pubsub-emulator"),
    }
