"""What is uploaded and how it is deployed, judged by the real gcloud: without an account, and against a cloud on loopback."""

import io
import json
import re
import shlex
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cloud import DISTINCT, GIVEN, NO_ACCOUNT, cloud, deploy
from support import QUESTIONS, TRIGGERS, environment, fact, must, need, posix_only, run, served, variables
from test_function import check
from test_guard import fill_vendor

pytestmark = [pytest.mark.slow, posix_only]
# What each trigger cannot do without, and what gcloud makes of it in the request.
NEEDED = {"pubsub": "TOPIC", "storage": "BUCKET", "firestore": "DOCUMENT", "cloudevent": "EVENT_FILTERS"}
TRIGGER_MADE: dict[str, Any] = {
    "pubsub": {"eventType": "google.cloud.pubsub.topic.v1.messagePublished", "pubsubTopic": "projects/demo/topics/my-topic"},
    "storage": {
        "eventType": "google.cloud.storage.object.v1.finalized", "triggerRegion": "us-central1",
        "eventFilters": [{"attribute": "bucket", "value": "my-bucket"}],
    },
    "firestore": {
        "eventType": "google.cloud.firestore.document.v1.written", "triggerRegion": "us-central1",
        "eventFilters": [
            {"attribute": "database", "value": "(default)"},
            {"attribute": "document", "operator": "match-path-pattern", "value": "users/{id}"},
        ],
    },
    "cloudevent": {
        "eventType": "google.cloud.audit.log.v1.written", "triggerRegion": "us-central1",
        "eventFilters": [
            {"attribute": "methodName", "value": "storage.buckets.create"},
            {"attribute": "serviceName", "value": "storage.googleapis.com"},
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_deployed_for_real_up_to_the_network(fresh: Any, tmp_path: Path, home: Path, trigger: str) -> None:
    """gcloud packs, uploads and creates; what arrived is installed from its lock and served."""
    need("gcloud")
    project = fresh(trigger=trigger)
    with cloud() as there:
        must(deploy(project, home, **GIVEN, **there.environment()))
    arrived = tmp_path / "arrived"
    zipfile.ZipFile(io.BytesIO(there.archive)).extractall(arrived)
    made = there.created
    assert made["name"] == "projects/demo/locations/us-central1/functions/hello-function"
    assert (made["buildConfig"]["runtime"], made["buildConfig"]["entryPoint"]) == ("python313", "hello_function")
    service = made["serviceConfig"]
    assert service["environmentVariables"] == {
        **variables(trigger), "GOOGLE_CLOUD_PROJECT": "demo", "GREETING": "it's a \"day\"",
    }  # fmt: skip
    assert [(s["key"], s["secret"], s["version"]) for s in service["secretEnvironmentVariables"]] == [
        ("API_KEY", "api-key", "latest"), ("TOKEN", "token", "3"),
    ]  # fmt: skip
    assert service["serviceAccountEmail"] == GIVEN["SERVICE_ACCOUNT"]
    at_once = 80 if "FUNCTION_USE_ASGI" in variables(trigger) else 4
    bounds = ("availableCpu", "maxInstanceCount", "maxInstanceRequestConcurrency")
    assert [service[bound] for bound in bounds] == ["1", 10, at_once]
    assert not [asked for asked in there.asked if "setIamPolicy" in asked]
    check_trigger(trigger, made)
    env = environment(home)
    venv, scripts = tmp_path / "venv", tmp_path / "venv" / "bin"
    must(run(sys.executable, "-m", "venv", venv, cwd=home, env=env))
    pip = (sys.executable, "-m", "uv", "pip", "install", "-q", "--python", venv)
    must(run(*pip, "-r", arrived / "requirements.txt", cwd=home, env=env))
    must(run(scripts / "python", "-m", "compileall", "-q", "-f", arrived, cwd=home, env=env))
    with served(scripts, arrived, "hello_function", home) as function:
        check(trigger, function)


def check_trigger(trigger: str, made: dict[str, Any]) -> None:
    """Compare the trigger in the request that makes the function with what was asked for."""
    if fact(trigger, "contract") != "event":
        assert "eventTrigger" not in made
        return
    event = made["eventTrigger"]
    assert event.pop("retryPolicy") == "RETRY_POLICY_RETRY"
    assert event.pop("serviceAccountEmail") == GIVEN["SERVICE_ACCOUNT"]
    event.get("eventFilters", []).sort(key=lambda found: found["attribute"])
    assert event == TRIGGER_MADE[trigger]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_the_command_is_what_gcloud_takes(fresh: Any, home: Path, trigger: str) -> None:
    need("gcloud")
    project = fresh(trigger=trigger)
    done = deploy(project, home, **GIVEN)
    assert done.returncode != 0 and NO_ACCOUNT in done.stdout
    for wrong, said in (
        ("--no-such-flag", "unrecognized arguments"),
        ("--concurrency=many", "must be an integer"),
        ("--trigger-bucket=A_B", "--trigger-bucket"),
    ):
        done = deploy(project, home, "--", wrong, **GIVEN)
        assert done.returncode != 0 and NO_ACCOUNT not in done.stdout and said in done.stdout, done.stdout


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_the_setup_is_what_gcloud_takes(fresh: Any, gcloud: Any, home: Path, trigger: str) -> None:
    project = fresh(trigger=trigger)
    commands = [
        line for line in must(deploy(project, home, "--setup", **GIVEN)).splitlines() if not line.startswith("#")
    ]
    assert len(commands) >= 5
    unknown = [*shlex.split(commands[-1])[1:], "--no-such-flag"]
    assert NO_ACCOUNT not in gcloud(*unknown).stdout
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "gcloud"
        done = gcloud(*arguments)
        assert done.returncode != 0 and NO_ACCOUNT in done.stdout, done.stdout


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_the_readmes_commands_are_what_gcloud_takes(fresh: Any, gcloud: Any, trigger: str) -> None:
    project = fresh(trigger=trigger)
    readme = (project / "README.md").read_text("utf-8")
    commands = re.findall(r"(?m)^gcloud (.*)$", readme)
    assert commands
    for command in commands:
        done = gcloud(*shlex.split(command), cwd=project)
        assert done.returncode != 0 and NO_ACCOUNT in done.stdout, done.stdout


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("python_version", QUESTIONS["python_version"][-1:])
def test_dry_run_prints_what_a_shell_reads_back(bake: Any, home: Path, trigger: str, python_version: str) -> None:
    project = bake(trigger=trigger, python_version=python_version)
    awkward = {**GIVEN, "PROJECT": "a b", "ENV_VARS": "A='x',B=\"$HOME\",C=`d`,D=\\e,F=é 😀", "REGION": "europe-west1"}
    printed = must(deploy(project, home, "--dry-run", "--", "--description=it's  two", **awkward))
    words = shlex.split(printed)
    assert (
        words[:5] == ["gcloud", "functions", "deploy", "hello-function", "--gen2"]
        and words[-1] == "--description=it's  two"
    )
    assert {"--project=a b", "--region=europe-west1", f"--runtime=python{python_version.replace('.', '')}"} <= set(
        words
    )
    fixed = ",".join(f"{name}={value}" for name, value in variables(trigger).items())
    assert f"--update-env-vars={fixed},GOOGLE_CLOUD_PROJECT=a b,{awkward['ENV_VARS']}" in words
    assert f"--source={project}" in words and "--no-allow-unauthenticated" in words
    assert "--remove-build-env-vars=GOOGLE_VENDOR_PIP_DEPENDENCIES" in words
    pasted = must(run("sh", "-c", f'gcloud() {{ printf "%s\\n" "$@"; }}\n{printed}', cwd=home, env=environment(home)))
    assert pasted.splitlines() == words[1:]


def test_vendor_is_used_where_there_is_one(fresh: Any, home: Path) -> None:
    project = fresh()
    (project / "vendor").mkdir()
    words = shlex.split(must(deploy(project, home, "--dry-run", **GIVEN)))
    assert "--update-build-env-vars=GOOGLE_VENDOR_PIP_DEPENDENCIES=vendor" in words


@pytest.mark.parametrize("mode", ["", "--dry-run", "--setup"])
@pytest.mark.parametrize(("trigger", "missing"), [("http", "PROJECT"), ("http", "SERVICE_ACCOUNT"), *NEEDED.items()])
def test_a_missing_variable_is_named(bake: Any, home: Path, trigger: str, missing: str, mode: str) -> None:
    project = bake(trigger=trigger)
    for without in ({}, {missing: ""}):
        given = {**{name: value for name, value in GIVEN.items() if name != missing}, **without}
        done = deploy(project, home, *filter(None, [mode]), **given)
        assert done.returncode == 2 and f"{missing}: set it to" in done.stdout and len(done.stdout.splitlines()) == 1


def test_an_unknown_argument(bake: Any, home: Path) -> None:
    done = deploy(bake(), home, "--nope", **GIVEN)
    assert done.returncode == 2 and "unknown argument '--nope'" in done.stdout
    assert "--dry-run" in must(deploy(bake(), home, "--help"))


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_clean_under_shellcheck(bake: Any, home: Path, trigger: str) -> None:
    project = bake(trigger=trigger)
    shellcheck = Path(sys.executable).with_name("shellcheck")
    must(
        run(
            shellcheck,
            "--shell=sh",
            "--enable=all",
            "--exclude=SC2250,SC2292,SC2310,SC2312",
            project / "deploy.sh",
            cwd=home,
            env=environment(home),
        )
    )
    assert (project / "deploy.sh").stat().st_mode & 0o111


@pytest.mark.parametrize("trigger", DISTINCT)
def test_vendor_installs_without_a_network(fresh: Any, tmp_path: Path, home: Path, trigger: str) -> None:
    """In an empty network namespace, by both of the builders' installers."""
    python, unshare = need("python3.13"), need("unshare")
    project, env = fresh(trigger=trigger), environment(home)
    fill_vendor(project, Path(sys.executable).parent, home)
    # Without pip's own settings, which may name a folder of wheels.
    env = {
        **{name: value for name, value in env.items() if not name.startswith("PIP_")},
        "PIP_CONFIG_FILE": "/dev/null",
    }
    for installer in ("pip", "uv"):
        venv = tmp_path / installer
        must(run(python, "-m", "venv", venv, cwd=project, env=env))
        pip = (venv / "bin" / "python", "-m", "pip") if installer == "pip" else (sys.executable, "-m", "uv", "pip")
        into = () if installer == "pip" else ("--python", venv, "--no-cache")
        offline = (unshare, "--net", *pip)
        install = ("install", *into, "-r", "requirements.txt")
        assert run(*offline, *install, cwd=project, env=env).returncode != 0
        must(run(*offline, *install, "--no-index", "--find-links", "vendor", cwd=project, env=env))
        must(run(*offline, "check", *into[:2], cwd=project, env=env))
        with served(venv / "bin", project, "hello_function", home) as function:
            check(trigger, function)


def test_the_answers_reach_the_request(fresh: Any, home: Path) -> None:
    need("gcloud")
    project = fresh(function_name="other-name", python_version="3.12", region="europe-west4", local_package="none")
    with cloud() as there:
        must(deploy(project, home, **GIVEN, **there.environment()))
    assert there.created["name"] == "projects/demo/locations/europe-west4/functions/other-name"
    assert there.created["buildConfig"]["runtime"] == "python312"
    assert json.dumps(there.created).count("other_name") == 1
