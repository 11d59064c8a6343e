"""What is uploaded and how it is deployed, judged by the real gcloud: without an account, and against a cloud on loopback."""

import io
import json
import re
import shlex
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cloud import cloud
from support import QUESTIONS, ROOT, TRIGGERS, environment, must, need, run, served, signature
from test_function import CHECKS

pytestmark = pytest.mark.slow
NO_ACCOUNT = "You do not currently have an active account selected"
GIVEN = {
    "PROJECT": "demo", "SERVICE_ACCOUNT": "runner@demo.iam.gserviceaccount.com", "SECRETS": "API_KEY=api-key:latest,TOKEN=token:3",
    "ENV_VARS": "GREETING=it's a \"day\"", "INVOKER": "user:ada@example.com", "SCHEDULE": "0 6 * * *", "TOPIC": "my-topic",
    "BUCKET": "my-bucket", "PROJECT_NUMBER": "1", "DOCUMENT": "users/{id}",
    "EVENT_FILTERS": "type=google.cloud.audit.log.v1.written,serviceName=storage.googleapis.com,methodName=storage.buckets.create",
}  # fmt: skip
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
# Triggers whose requirements.txt is the same, byte for byte, install alike.
DISTINCT = list({(ROOT / "templates" / t / "requirements.txt").read_bytes(): t for t in reversed(TRIGGERS)}.values())
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


@pytest.fixture
def gcloud(home: Path) -> Callable[..., Any]:
    """Run the real gcloud with a configuration of its own."""
    tool = need("gcloud")

    def gcloud(*arguments: str | Path, cwd: Path = home, **variables: str) -> Any:
        return run(tool, *arguments, cwd=cwd, env=gcloud_environment(home, **variables))

    return gcloud


def gcloud_environment(home: Path, **variables: str) -> dict[str, str]:
    mine = {"CLOUDSDK_CONFIG": str(home / "gcloud"), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    return environment(home, **{**mine, **variables})


def deploy(project: Path, home: Path, *arguments: str, **variables: str) -> Any:
    """Run a project's deploy.sh from another folder."""
    return run("sh", project / "deploy.sh", *arguments, cwd=home, env=gcloud_environment(home, **variables))


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


@pytest.mark.parametrize(
    ("trigger", "hashes"), [*((trigger, False) for trigger in TRIGGERS), *((trigger, True) for trigger in DISTINCT)]
)
@pytest.mark.parametrize("package", ["localpackage", "logic", "none"])
def test_exactly_this_is_uploaded(
    fresh: Any, gcloud: Any, home: Path, trigger: str, package: str, hashes: bool
) -> None:
    project = fresh(trigger=trigger, local_package=package, hashes=hashes)
    expected = plant(project, package, signature(trigger) == "cloud_event")
    listed = must(gcloud("meta", "list-files-for-upload", project))
    assert {line for line in listed.splitlines() if line} == expected
    with cloud() as there:
        must(deploy(project, home, **GIVEN, **there.environment()))
        assert {name for name in archived(there.archive) if not name.endswith("/")} == expected


def archived(archive: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(archive)).namelist()


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
        "LOG_EXECUTION_ID": "true", "GOOGLE_CLOUD_PROJECT": "demo", "GREETING": "it's a \"day\"",
    }  # fmt: skip
    assert [(s["key"], s["secret"], s["version"]) for s in service["secretEnvironmentVariables"]] == [
        ("API_KEY", "api-key", "latest"), ("TOKEN", "token", "3"),
    ]  # fmt: skip
    assert service["serviceAccountEmail"] == GIVEN["SERVICE_ACCOUNT"]
    assert (service["availableCpu"], service["maxInstanceCount"], service["maxInstanceRequestConcurrency"]) == (
        "1",
        10,
        4,
    )
    assert not [asked for asked in there.asked if "setIamPolicy" in asked]
    check_trigger(trigger, made)
    env = environment(home)
    venv, scripts = tmp_path / "venv", tmp_path / "venv" / "bin"
    must(run(sys.executable, "-m", "venv", venv, cwd=home, env=env))
    pip = (sys.executable, "-m", "uv", "pip", "install", "-q", "--python", venv)
    must(run(*pip, "-r", arrived / "requirements.txt", cwd=home, env=env))
    must(run(scripts / "python", "-m", "compileall", "-q", "-f", arrived, cwd=home, env=env))
    with served(scripts, arrived, "hello_function", home) as function:
        CHECKS[trigger](function)


def check_trigger(trigger: str, made: dict[str, Any]) -> None:
    """Compare the trigger in the request that makes the function with what was asked for."""
    if signature(trigger) == "http":
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
    assert f"--update-env-vars=LOG_EXECUTION_ID=true,GOOGLE_CLOUD_PROJECT=a b,{awkward['ENV_VARS']}" in words
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
    command = re.search(r"(?m)^python (-m pip download .*)$", (project / "README.md").read_text("utf-8"))
    assert command
    must(run(sys.executable, "-m", "venv", tmp_path / "any", cwd=project, env=env))
    must(run(tmp_path / "any" / "bin" / "python", *command[1].split(), cwd=project, env=env))
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
            CHECKS[trigger](function)


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


def test_the_answers_reach_the_request(fresh: Any, home: Path) -> None:
    need("gcloud")
    project = fresh(function_name="other-name", python_version="3.12", region="europe-west4", local_package="none")
    with cloud() as there:
        must(deploy(project, home, **GIVEN, **there.environment()))
    assert there.created["name"] == "projects/demo/locations/europe-west4/functions/other-name"
    assert there.created["buildConfig"]["runtime"] == "python312"
    assert json.dumps(there.created).count("other_name") == 1
