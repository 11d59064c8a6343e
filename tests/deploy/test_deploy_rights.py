"""What deploying needs, and no more: each printed role and API, and no right to change who may call."""

import json
import os
import re
from pathlib import Path

import pytest

from tests.support.cloud_rights import BUILDER, OWNER
from tests.support.deploying import CALL, DEPLOYER, SECRET, SET_UP, UNCOMMENTED, SetUp, paste, shell, with_variables
from tests.support.fake_cloud import FakeCloud, deploy, fake_cloud, gcloud_environment
from tests.support.folders import edit
from tests.support.pages import page, section
from tests.support.processes import check_output, environment, posix_only, require_tool, run
from tests.support.questions import TRIGGERS
from tests.support.types import Bake

pytestmark = [pytest.mark.slow, posix_only]
# This cloud does not see what these APIs are for: accounts are there already, logs are read later, and a person's gcloud
# asks for projects in another way than a service account's.
UNSEEN = {"cloudresourcemanager", "iam", "logging", "storage"}


def test_each_printed_role_is_needed(fresh: Bake, bake: Bake, home: Path) -> None:
    """Without any one of them the deployment ends in an error that names what is missing. storage needs them all."""
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
        for service in sorted(there.services - {f"my-project/{name}.googleapis.com" for name in UNSEEN}):
            there.services.remove(service)
            assert deploy(project, home, there).returncode and not there.functions, service
            there.services.add(service)
        [values] = there.secrets.values()
        [value], values[:] = values, []
        assert "secrets/api-key/versions/latest was not found" in deploy(project, home, there).stdout
        values[:] = [value]
        check_output(deploy(project, home, there))


def test_default_build_account_cannot_build(fresh: Bake, home: Path) -> None:
    project = fresh()
    line = re.findall(r"(?m)^--build-service-account.*\n", (project / "deploy.yaml").read_text("utf-8"))[0]
    edit("deploy.yaml", line, "")(project)
    with fake_cloud() as there:
        done = deploy(project, home, there)
        assert done.returncode and f"compute@developer.gserviceaccount.com lacks {BUILDER}" in done.stdout
        assert not there.functions


def test_deployer_may_not_repeat_a_flag_that_sets_rights(fresh: Bake, set_up: SetUp, home: Path) -> None:
    """Why deploy.yaml has no --no-allow-unauthenticated: the roles of whoever deploys are not enough, an owner's too many."""
    project = fresh(ci="github")
    with fake_cloud(ready=False) as there:
        set_up(project, there)
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
    env = gcloud_environment(home, **there.environment())
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(project)
        os.execvpe(command[0], command, env)
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
    project = fresh()
    if not quiet:
        edit("deploy.yaml", "--quiet:\n", "")(project)
    with fake_cloud() as there:
        shown = in_a_terminal(project, home, there)
        assert ("Allow unauthenticated invocations" in shown) is not quiet
        assert bool([one for one in there.asked if "setIamPolicy" in one]) is not quiet


def test_printed_line_calls_a_private_function(fresh: Bake, bake: Bake, home: Path) -> None:
    """curl gets 403 until gcloud, signed in with a key, gives it an identity token."""
    require_tool("curl")
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
        check_output(shell(project, home, there, *allow))
        assert json.loads(check_output(run("sh", "-euc", call, cwd=project, env=env))) == {"called": "/call?name=Ada"}
        without = re.sub(r'-H "[^"]*"', "", call)
        assert without != call and "403" in run("sh", "-euc", without, cwd=project, env=env).stdout
