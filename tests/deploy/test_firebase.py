"""How Firebase's CLI deploys it, judged by the real one against a cloud on loopback that remembers and refuses."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.deploying import (
    CALL,
    DEPLOYER,
    SECRET,
    SET_UP,
    archived,
    described,
    flags,
    paste,
    with_variables,
)
from tests.support.fake_cloud import deploy
from tests.support.firebase_cli import in_one_repository
from tests.support.firebase_cloud import FirebaseCloud, firebase_cloud, sh
from tests.support.folders import append, edit
from tests.support.pages import page, section
from tests.support.processes import check_output, posix_only, require_tool
from tests.support.questions import REGION, TRIGGERS, fact
from tests.support.types import Bake
from tests.support.uploads import plant

pytestmark = [pytest.mark.slow, posix_only]
RUNNER = "serviceAccount:runner@my-project.iam.gserviceaccount.com"
MEMORY = "availableMemoryMb: 512"
FUNCTION = f"projects/my-project/locations/{REGION}/functions/{{}}"


def callers(there: FirebaseCloud, name: str) -> set[str]:
    """Return the members that may call a function."""
    policy = there.policies.get(FUNCTION.format(name).replace("/functions/", "/services/"), {})
    return {member for binding in policy.get("bindings", []) for member in binding["members"]}


def as_firebase_deploys(name: str, flags: dict[str, Any]) -> dict[str, Any]:
    """Return the flags of what the CLI deploys where gcloud deploys what `flags` says."""
    variables = {name: value for name, value in flags["--update-env-vars"].items() if name != "GOOGLE_CLOUD_PROJECT"}
    variables |= {
        "EVENTARC_CLOUD_EVENT_SOURCE": f"projects/my-project/locations/{REGION}/services/{name}",
        "FIREBASE_CONFIG": '{"projectId":"my-project"}',
        "FUNCTION_REGION": REGION,
        "FUNCTION_TARGET": flags["--entry-point"],
        "GCLOUD_PROJECT": "my-project",
        **({} if "--trigger-http" in flags else {"FUNCTION_SIGNATURE_TYPE": "cloudevent"}),
    }
    own = {"--build-service-account": None, "--update-build-env-vars": {"GOOGLE_NODE_RUN_SCRIPTS": ""}}
    if "database" in (filters := flags.get("--trigger-event-filters", {})):
        own["--trigger-event-filters"] = {**filters, "namespace": "(default)"}
    return {**flags, **own, "--update-env-vars": variables}


def test_every_trigger_is_deployed_as_gcloud_would(bake: Bake, fresh: Bake, tmp_path: Path, home: Path) -> None:
    """The same functions with the same files and callers, then a change of each; and what else is there stays."""
    require_tool("gcloud")
    root = tmp_path / "repository"
    folders = in_one_repository(fresh, root)
    packed, wanted, who = {}, {}, {}
    for trigger, (name, folder) in zip(TRIGGERS, folders.items(), strict=True):
        packed[name] = plant(folder, "localpackage", fact(trigger, "contract") == "event")
        # A build from vendor/ needs a variable of the build, and the CLI sets none of ours.
        packed[name] -= {"vendor/a-1-py3-none-any.whl"}
        # The CLI would set what is in it, and the guard says so.
        (folder / ".env").unlink()
        wanted[name] = as_firebase_deploys(name, flags(bake(trigger=trigger, function_name=name)))
        who[name] = {RUNNER} if fact(trigger, "contract") == "headers" else set()
    with firebase_cloud(home) as there:
        check_output(deploy(bake(function_name="made-by-gcloud"), home, there))
        [other] = there.functions
        # The CLI refuses more time than Google allows, so what the comments say is not more.
        longest = {
            name: re.findall(r"at most (\d+)", (folders[name] / "functions.yaml").read_text("utf-8"))[0]
            for name in folders
        }
        for memory, seconds, change in (
            ("512Mi", dict.fromkeys(folders, "60"), ""),
            ("1024Mi", longest, "# A change.\n"),
        ):
            for name, folder in folders.items():
                edit("functions.yaml", MEMORY, f"availableMemoryMb: {memory[:-2]}")(folder)
                edit("functions.yaml", "timeoutSeconds: 60", f"timeoutSeconds: {seconds[name]}")(folder)
                append("main.py", change)(folder)
            check_output(sh("firebase deploy --only functions --project my-project --force", root, home, there))
            made = {name: there.functions[FUNCTION.format(name)] for name in folders}
            objects = {name: one["buildConfig"]["source"]["storageSource"]["object"] for name, one in made.items()}
            assert {name: set(archived(there.archives[one])) for name, one in objects.items()} == packed
            deployed = {name: described(one) for name, one in made.items()}
            assert deployed == {
                name: {**one, "--memory": memory, "--timeout": f"{seconds[name]}s"} for name, one in wanted.items()
            }
            assert {name: callers(there, name) for name in folders} == who
            if not change:
                for name in ("http-function", "schedule-function", "tasks-function"):
                    calling = re.sub(r"(?m)^curl .*\n", "", section(folders[name], CALL))
                    check_output(sh(with_variables(folders[name], calling), root, home, there))
                # The next deployment takes the right to call from whom functions.yaml does not name.
                assert callers(there, "http-function") == {"user:ada@example.com"}
        assert other in there.functions and not there.deleted
        assert [account for _, account in there.targets] == [RUNNER.partition(":")[2]] * 2


def test_commands_from_a_new_project_to_the_second_deployment(fresh: Bake, bake: Bake, home: Path) -> None:
    """Each line in the order of the page, of the trigger that needs the most. Whom an owner lets in may go on calling."""
    require_tool("gcloud")
    project = fresh(trigger="storage", deploy_with="firebase")
    command = section(project, "Deploy it")
    with firebase_cloud(home, ready=False) as there:
        paste(project, home, there, SET_UP)
        check_output(sh(section(project, SECRET), project, home, there))
        edit("functions.yaml", "# secretEnv", "secretEnv")(project)
        edit("functions.yaml", "#   - key", "  - key")(project)
        # Somebody has to say yes to events that are delivered again.
        done = deploy(project, home, there)
        assert done.returncode and "--force" in done.stdout and not there.functions
        check_output(deploy(project, home, there, "--force"))
        assert not callers(there, "hello-function")
        check_output(sh(with_variables(project, section(project, CALL)), project, home, there))
        assert there.reached == [FUNCTION.format("hello-function")]
        edit("functions.yaml", MEMORY, "availableMemoryMb: 1024")(project)
        # Unless the command names the function, the CLI compares archives, and functions.yaml is in none.
        assert "Skipped" in check_output(sh(command.replace(":hello-function", ""), project, home, there))
        assert described(there.created)["--memory"] == "512Mi"
        check_output(deploy(project, home, there))
        assert described(there.created)["--memory"] == "1024Mi"
        assert described(there.created)["--update-secrets"] == {"API_KEY": "API_KEY:1"}
        assert callers(there, "hello-function") == {RUNNER}
        # The CLI enables what is missing, which few accounts may do. It asks the same for each trigger, and http needs the
        # fewest. The function has no runtime configuration.
        looked_up = set(re.findall(r"/services/([a-z]+\.googleapis\.com)\n", "\n".join(there.asked)))
        enabled = page(bake(deploy_with="firebase"), SET_UP).split()
        assert looked_up - {"runtimeconfig.googleapis.com"} <= set(enabled) and len(looked_up) > 5


def test_cloud_refuses(fresh: Bake, home: Path) -> None:
    """Whoever deploys needs more roles than for gcloud."""
    project = fresh(deploy_with="firebase")
    with firebase_cloud(home) as there:
        there.caller = DEPLOYER
        there.grant("projects/my-project", "roles/cloudfunctions.developer", DEPLOYER)
        done = deploy(project, home, there, "--force")
        assert done.returncode and "firebase.projects.get" in done.stdout and not there.functions


def test_default_codebase_would_delete_another_function(fresh: Bake, bake: Bake, home: Path) -> None:
    """Why each function has a codebase of its own."""
    require_tool("gcloud")
    project = fresh(deploy_with="firebase", function_name="other-name")
    with firebase_cloud(home) as there:
        check_output(deploy(bake(), home, there))
        # As one that the CLI deployed from the codebase `default`.
        there.created["labels"] = {"deployment-tool": "cli-firebase"}
        edit("firebase.json", '"codebase": "other-name"', '"codebase": "default"')(project)
        command = section(project, "Deploy it").replace(":other-name", "").strip()
        check_output(sh(f"{command} --force", project, home, there))
        assert there.deleted == [FUNCTION.format("hello-function")]
