"""How it is deployed, judged by the real gcloud against a cloud on loopback that remembers and refuses."""

import io
import json
import os
import re
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.cloud_functions import named
from tests.support.cloud_rights import BUILDER, OWNER, SECRETS
from tests.support.deploying import (
    CALL,
    DEPLOYER,
    EMULATOR,
    GITHUB,
    KEEP,
    ONE_OF_EACH_CONTRACT,
    SECRET,
    SET_UP,
    STAGE,
    UNCOMMENTED,
    described,
    flags,
    paste,
    with_variables,
)
from tests.support.fake_cloud import FakeCloud, deploy, fake_cloud, gcloud_environment, plain_gcloud
from tests.support.folders import append, edit
from tests.support.pages import blocks, both_pages, page, section
from tests.support.processes import check_output, environment, posix_only, require_tool, run
from tests.support.questions import TRIGGERS, fact
from tests.support.serving import check, served
from tests.support.types import Bake

pytestmark = [pytest.mark.slow, posix_only]


FUNCTION = "projects/{}/locations/us-central1/functions/hello-function"


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_commands_from_a_new_project_to_the_first_call(fresh: Bake, home: Path, trigger: str) -> None:
    """Each line in the order of the page; whoever deploys has the printed roles and no others."""
    require_tool("gcloud")
    project = fresh(trigger=trigger, ci="github")
    UNCOMMENTED(project)
    with fake_cloud(ready=False) as there:
        paste(project, home, there, SET_UP, SECRET)
        there.caller = DEPLOYER
        before = len(there.asked)
        check_output(deploy(project, home, there))
        assert not [one for one in there.asked[before:] if "setIamPolicy" in one]
        assert described(there.created) == flags(project)
        there.caller = OWNER
        caller = f"serviceAccount:{named(there.created).get('trigger', 'runner@my-project.iam.gserviceaccount.com')}"
        caller = "user:ada@example.com" if fact(trigger, "contract") == "http" else caller
        assert not there.may_call(caller, FUNCTION.format("my-project"))
        calling = with_variables(project, re.sub(r"(?m)^curl .*\n", "", section(project, CALL)))
        env = gcloud_environment(home, **there.environment())
        check_output(run("sh", "-euc", calling, cwd=project, env=env))
        assert there.may_call(caller, FUNCTION.format("my-project"))
        assert [account for _, account in there.targets] == (
            [caller.partition(":")[2]] if "--oidc-service-account-email" in calling else []
        )
    # test_pubsub.py runs those of EMULATOR, test_dead_letters.py those of KEEP.
    emulator = [EMULATOR] if trigger == "pubsub" else []
    keep = [KEEP] if fact(trigger, "contract") == "event" else []
    titles = ("Deploy it", *emulator, SET_UP, CALL, *keep, SECRET, STAGE, GITHUB)
    shown, pasted = "".join(blocks(both_pages(project))), "".join(section(project, title) for title in titles)
    assert re.findall(r"(?m)^gcloud .*", shown) == re.findall(r"(?m)^gcloud .*", pasted)


def test_second_stage_differs_by_contract_only(bake: Bake) -> None:
    texts = {(fact(trigger, "contract"), page(bake(trigger=trigger, ci="github"), STAGE)) for trigger in TRIGGERS}
    assert len(texts) == len(ONE_OF_EACH_CONTRACT)


@pytest.mark.parametrize("trigger", ONE_OF_EACH_CONTRACT)
def test_commands_deploy_a_second_stage_and_update_it(fresh: Bake, home: Path, trigger: str) -> None:
    """What differs is in the files of the stages; whoever deploys has the printed roles and no others."""
    require_tool("gcloud")
    project = fresh(trigger=trigger, ci="github")
    UNCOMMENTED(project)
    text = (project / "deploy.yaml").read_text("utf-8")
    [own] = re.findall(r"(?m)^.*cloud_logging.*\n  GOOGLE_CLOUD_PROJECT: .*\n", text)
    edit("deploy.yaml", own, "")(project)
    append("deploy.prod.yaml", "--update-env-vars:\n  GOOGLE_CLOUD_PROJECT: my-project\n")(project)
    append("deploy.staging.yaml", section(project, STAGE, "yaml"))(project)
    with fake_cloud() as there:
        there.grant(
            "projects/my-project/secrets/api-key", SECRETS, "serviceAccount:runner@my-project.iam.gserviceaccount.com"
        )
        there.secrets["projects/my-project/secrets/api-key"] = ["a value"]
        there.services.add("my-project/secretmanager.googleapis.com")
        check_output(deploy(project, home, there, "--flags-file=deploy.prod.yaml"))
        lines = section(project, SET_UP) + section(project, SECRET)
        lines = lines.replace("gcloud iam service-accounts create deployer", ": ")
        lines = lines.replace("PROJECT=my-project", "PROJECT=my-staging")
        env = gcloud_environment(home, **there.environment())
        check_output(run("sh", "-euc", lines, cwd=project, env=env, stdin="a value"))
        there.caller = DEPLOYER
        for method in ("POST", "PATCH"):
            before = len(there.asked)
            check_output(deploy(project, home, there, title=STAGE))
            asked = there.asked[before:]
            assert [one for one in asked if one.startswith(method) and "/functions" in one], asked
            assert not [one for one in asked if "setIamPolicy" in one]
    for stage, file in (("my-staging", "deploy.staging.yaml"), ("my-project", "deploy.prod.yaml")):
        assert described(there.functions[FUNCTION.format(stage)]) == flags(project, "deploy.yaml", file)


def test_each_printed_role_is_needed(fresh: Bake, bake: Bake, home: Path) -> None:
    """Without any one of them the deployment ends in an error that names what is missing. storage needs them all."""
    require_tool("gcloud")
    project = fresh(trigger="storage")
    roles = {trigger: set(re.findall(r"--role=\S+", page(bake(trigger=trigger), SET_UP))) for trigger in TRIGGERS}
    assert all(needed <= roles["storage"] for needed in roles.values())
    UNCOMMENTED(project)
    with fake_cloud(ready=False) as there:
        paste(project, home, there, SET_UP, SECRET)
        there.caller = "user:ada@example.com"
        granted = [(resource, binding) for resource, policy in there.policies.items() for binding in policy["bindings"]]
        assert len(granted) == 7
        for resource, binding in granted:
            there.policies[resource]["bindings"].remove(binding)
            done = deploy(project, home, there)
            assert done.returncode and not there.functions, binding
            assert re.search(r"(?i)permission|denied|lacks|unable", done.stdout), done.stdout
            there.policies[resource]["bindings"].append(binding)
        for service in sorted(there.services):
            there.services.remove(service)
            if deploy(project, home, there).returncode == 0:
                assert service.partition("/")[2].partition(".")[0] in UNSEEN
                there.functions.clear()
            there.services.add(service)
        [values] = there.secrets.values()
        [value], values[:] = values, []
        assert "secrets/api-key/versions/latest was not found" in deploy(project, home, there).stdout
        values[:] = [value]
        check_output(deploy(project, home, there))


# What these APIs are for this cloud does not know: accounts are there already, logs are read later, a person's gcloud asks
# for projects by another way than a service account's.
UNSEEN = ("cloudresourcemanager", "iam", "logging", "storage")


def test_default_build_account_cannot_build(fresh: Bake, home: Path) -> None:
    require_tool("gcloud")
    project = fresh()
    line = re.findall(r"(?m)^--build-service-account.*\n", (project / "deploy.yaml").read_text("utf-8"))[0]
    edit("deploy.yaml", line, "")(project)
    with fake_cloud() as there:
        done = deploy(project, home, there)
        assert done.returncode and f"compute@developer.gserviceaccount.com lacks {BUILDER}" in done.stdout
        assert not there.functions


def test_deployer_may_not_repeat_a_flag_that_sets_rights(fresh: Bake, home: Path) -> None:
    """Why deploy.yaml has no --no-allow-unauthenticated: the roles of whoever deploys are not enough, an owner's too many."""
    require_tool("gcloud")
    project = fresh(ci="github")
    with fake_cloud(ready=False) as there:
        paste(project, home, there, SET_UP)
        there.caller = DEPLOYER
        check_output(deploy(project, home, there, "--no-allow-unauthenticated"))
        done = deploy(project, home, there, "--no-allow-unauthenticated")
        assert done.returncode and "Permission 'run.services.setIamPolicy' denied" in done.stdout
        there.caller = OWNER
        name = there.created["name"]
        there.grant(name.replace("/functions/", "/services/"), "roles/run.invoker", "allUsers")
        check_output(deploy(project, home, there))
        assert there.may_call("user:anybody@example.com", name)
        check_output(deploy(project, home, there, "--no-allow-unauthenticated"))
        assert not there.may_call("user:anybody@example.com", name)


def in_a_terminal(project: Path, home: Path, there: FakeCloud) -> str:
    """Deploy in a terminal and say yes to all that is asked; return what is shown."""
    import pty  # Windows has none.

    command = section(project, "Deploy it").split()
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(project)
        os.execvpe(command[0], command, plain_gcloud(home, **there.environment()))
    os.write(terminal, b"y\n" * 3)
    shown = b""
    try:
        while more := os.read(terminal, 1 << 16):
            shown += more
    except OSError:  # That is how a terminal ends on Linux.
        pass
    os.close(terminal)
    assert os.waitpid(pid, 0)[1] == 0, shown.decode()
    return shown.decode()


@pytest.mark.parametrize("quiet", [True, False])
def test_deployment_in_a_terminal_changes_no_rights(fresh: Bake, home: Path, quiet: bool) -> None:
    """And without --quiet it would: so this can be seen."""
    require_tool("gcloud")
    project = fresh()
    if not quiet:
        edit("deploy.yaml", "--quiet:\n", "")(project)
    with fake_cloud() as there:
        shown = in_a_terminal(project, home, there)
        assert ("Allow unauthenticated invocations" in shown) is not quiet
        assert bool([one for one in there.asked if "setIamPolicy" in one]) is not quiet


def test_printed_line_calls_a_private_function(fresh: Bake, bake: Bake, home: Path) -> None:
    """curl gets 403 until gcloud, signed in with a key, gives it an identity token."""
    require_tool("gcloud"), require_tool("curl")
    project = fresh()
    assert page(project, CALL) == page(bake(trigger="async-http"), CALL)
    key = check_output(run("openssl", "genpkey", "-quiet", "-algorithm", "RSA", cwd=home, env=environment(home)))
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
        email = {"client_email": "ada@my-project.iam.gserviceaccount.com", "client_id": "1", "private_key_id": "1"}
        signed = {"type": "service_account", "private_key": key, "token_uri": f"{there.url}/token", **email}
        (home / "key.json").write_text(json.dumps(signed))
        env = gcloud_environment(home, **there.environment())
        del env["CLOUDSDK_AUTH_DISABLE_CREDENTIALS"]
        check_output(
            run("gcloud", "auth", "activate-service-account", "--key-file", home / "key.json", cwd=home, env=env)
        )
        *allow, curl = section(project, CALL).splitlines(keepends=True)
        call = with_variables(project, curl.replace("curl", "curl --fail --silent --show-error"))
        done = run("sh", "-euc", call, cwd=project, env=env)
        assert done.returncode and "403" in done.stdout
        check_output(run("sh", "-euc", with_variables(project, "".join(allow)), cwd=project, env=env))
        assert json.loads(check_output(run("sh", "-euc", call, cwd=project, env=env))) == {"called": "/call?name=Ada"}
        without = re.sub(r'-H "[^"]*"', "", call)
        assert without != call and "403" in run("sh", "-euc", without, cwd=project, env=env).stdout


def test_rules_of_a_second_flags_file(fresh: Bake, home: Path) -> None:
    """The rules that REFERENCE.md and deploy.yaml state."""
    require_tool("gcloud")
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
    require_tool("gcloud")
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


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_uploaded_archive_installs_and_serves(fresh: Bake, tmp_path: Path, home: Path, trigger: str) -> None:
    """gcloud packs and uploads; what arrived is installed from its lock and served."""
    require_tool("gcloud")
    project = fresh(trigger=trigger)
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
    arrived = tmp_path / "arrived"
    zipfile.ZipFile(io.BytesIO(there.archive)).extractall(arrived)
    env = environment(home)
    venv, scripts = tmp_path / "venv", tmp_path / "venv" / "bin"
    uv = (sys.executable, "-m", "uv")
    check_output(run(*uv, "venv", "-q", "--python", sys.executable, venv, cwd=home, env=env))
    lock = arrived / "requirements.txt"
    check_output(run(*uv, "pip", "install", "-q", "--python", venv, "-r", lock, cwd=home, env=env))
    check_output(run(scripts / "python", "-m", "compileall", "-q", "-f", arrived, cwd=home, env=env))
    with served(scripts, arrived, "hello_function", home) as function:
        check(trigger, function)


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
    require_tool("gcloud")
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
    require_tool("gcloud")
    project = fresh(function_name="other-name", python_version="3.12", region="europe-west4", local_package="none")
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
    assert there.created["name"] == "projects/my-project/locations/europe-west4/functions/other-name"
    assert there.created["buildConfig"]["runtime"] == "python312"
    assert json.dumps(there.created).count("other_name") == 1
