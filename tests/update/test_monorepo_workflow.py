"""The workflow of docs/fleet-ci.md passes linters, matches that of a function, and tests and deploys."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.fake_cloud import fake_cloud, gcloud_environment
from tests.support.folders import append
from tests.support.monorepo import DEPLOY, FIND, PAGE, TEST, WORKFLOW, FakeGitHub, add_workflow
from tests.support.processes import check_output, environment, posix_only, require_tool, run
from tests.support.questions import REGION
from tests.support.types import Bake, Done
from tests.support.workflows import TOOLS, complaints, jobs

pytestmark = [pytest.mark.slow, posix_only]


def test_workflow_passes_linters(tmp_path: Path, home: Path) -> None:
    assert not complaints(add_workflow(tmp_path / "repository"), home)
    assert WORKFLOW["permissions"] == {}
    # Names from the repository or an event reach a shell only in variables.
    assert not [step for job in WORKFLOW["jobs"].values() for step in job["steps"] if "${{" in step.get("run", "")]


@pytest.mark.parametrize(
    ("old", "new", "linter"),
    [
        ("matrix:\n        include:", "matrix:\n        includes: 1\n        include: 1 #", "check-jsonschema"),
        (r'deploy "\$FUNCTION"', "deploy ${{ matrix.function }}", "zizmor"),
        ("fetch-depth: 0\n          persist-credentials: false", "fetch-depth: 0", "zizmor"),
        (r"actions/checkout@\w+ # v[\d.]+", "actions/checkout@v7", "zizmor"),
        (r"\[ -e \"\$name/deploy.yaml\"", "[ -e $name/deploy.yaml", "shellcheck"),
    ],
)
def test_broken_workflow_fails_its_linter(tmp_path: Path, home: Path, old: str, new: str, linter: str) -> None:
    text, times = re.subn(old, new, PAGE, count=1)
    assert times
    assert f"{linter}: " in complaints(add_workflow(tmp_path / "repository", text), home)


def test_workflow_matches_that_of_a_function(bake: Bake) -> None:
    """Both have the same triggers, conditions, steps and actions."""
    own = bake(ci="github")
    [test, deploy] = jobs(own)
    workflow = yaml.safe_load((own / ".github" / "workflows" / "function.yml").read_text("utf-8"))
    assert (WORKFLOW[True], WORKFLOW["concurrency"]) == (workflow[True], workflow["concurrency"])
    added = {"name", "if", "needs", "strategy", "defaults", "steps"}
    for ours, its in ((TEST, test), (DEPLOY, deploy)):
        assert {key: ours[key] for key in ours if key not in added} == {
            key: its[key] for key in its if key not in added
        }
        assert ours["defaults"] == {"run": {"working-directory": "${{ matrix.function }}"}}
        assert ours["strategy"] == {
            "fail-fast": False,
            "matrix": {"include": "${{ fromJSON(needs.find.outputs.functions) }}"},
        }
    assert DEPLOY["if"] == deploy["if"] and DEPLOY["needs"] == ["find", "test"] and TEST["needs"] == "find"
    python, audit = test["steps"][1], test["steps"][-1]
    python["with"] = {"python-version": "${{ matrix.python }}"}
    pinned = re.compile(r"pip-audit==[\d.]+")
    assert pinned.findall(PAGE) == pinned.findall((own / "tests" / "audit.py").read_text("utf-8"))
    audit["run"] = TEST["steps"][-1]["run"]
    assert TEST["steps"] == test["steps"]
    step = deploy["steps"][-1]
    step |= {"env": {"FUNCTION": "${{ matrix.function }}"}, "run": step["run"].replace("hello-function", '"$FUNCTION"')}
    assert DEPLOY["steps"] == deploy["steps"]
    assert re.sub(r" # .*", "", str(FIND["steps"][0]["uses"])) == test["steps"][0]["uses"]
    # With the version in each comment.
    actions = {line.strip() for line in PAGE.splitlines() if "uses: " in line}
    text = (own / ".github" / "workflows" / "function.yml").read_text("utf-8")
    assert actions == {line.strip() for line in text.splitlines() if "uses: " in line}


def fill_matrix(value: str, one: Mapping[str, str]) -> str:
    """Fill an entry of the matrix into an expression."""
    return re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found: one[found[1]], value)


def run_step(
    github: FakeGitHub, job: Mapping[str, Any], step: Mapping[str, Any], one: Mapping[str, str], **env: str
) -> Done:
    """Run the command of a step in its folder and with its variables."""
    script = github.home / "step.sh"
    script.write_text(step["run"])
    variables = {name: fill_matrix(value, one) for name, value in step.get("env", {}).items()}
    cwd = github.clone / fill_matrix(job["defaults"]["run"]["working-directory"], one)
    return run("bash", "-e", script, cwd=cwd, env=environment(github.home, **variables, **env))


def test_changed_function_is_tested_on_its_own_python(github: FakeGitHub) -> None:
    """Linting is not run: test_ci_test_job.py runs these steps in a function's own workflow."""
    github.add_run("success")
    github.push("report-daily/README.md")
    [one] = github.run_find_job()[1]
    action = TEST["steps"][1]
    assert "actions/setup-python" in action["uses"]
    python = require_tool(f"python{fill_matrix(action['with']['python-version'], one)}")
    runner, env = github.home / "python", environment(github.home)
    check_output(run(TOOLS / "uv", "venv", "-q", "--seed", "--python", python, runner, cwd=github.home, env=env))
    # uv is quicker than pip, which then finds what it would install.
    locks = ("-r", "requirements.txt", "-r", "requirements-dev.txt")
    install = (TOOLS / "uv", "pip", "install", "-q", "--python", runner, *locks)
    check_output(run(*install, cwd=github.clone / "report-daily", env=env))
    path = os.pathsep.join(map(str, (runner / "bin", os.environ["PATH"])))
    first, *_, test, _ = [step for step in TEST["steps"] if "run" in step]
    # Only this function's tests run.
    append("report/main.py", "import nowhere\n")(github.clone)
    for step in (first, test):
        check_output(run_step(github, TEST, step, one, PATH=path))
    assert run_step(github, TEST, {"run": "python --version"}, one, PATH=path).stdout.startswith("Python 3.12.")
    append("report-daily/main.py", "import nowhere\n")(github.clone)
    assert run_step(github, TEST, test, one, PATH=path).returncode


def test_audit_is_the_functions_own_or_strict(github: FakeGitHub) -> None:
    github.checkout()
    step, one = TEST["steps"][-1], {"function": "report"}
    path = os.pathsep.join(map(str, (TOOLS, os.environ["PATH"])))
    # pip-audit cannot look this one up: it skips it, unless it is strict.
    lock = github.clone / "report" / "requirements.txt"
    lock.write_text("ours @ git+https://example.com/ours.git@0123456789\n")
    done = run_step(github, TEST, step, one, PATH=path)
    assert done.returncode == 1 and "ours" in done.stdout and "URL requirements cannot be pinned" in done.stdout
    lenient = {"run": step["run"].replace(" --strict", "")}
    assert run_step(github, TEST, lenient, one, PATH=path).returncode == 0
    append("report/tests/audit.py", "raise SystemExit('audited')\n")(github.clone)
    done = run_step(github, TEST, step, one, PATH=path)
    assert done.returncode == 1 and done.stdout.endswith("audited\n")


def test_changed_function_is_deployed_with_its_own_file(github: FakeGitHub) -> None:
    """Staging first, then production."""
    require_tool("gcloud")
    github.add_run("success")
    append("report-daily/deploy.staging.yaml", "--region: europe-west4\n")(github.folder)
    github.push()
    [one] = github.run_find_job()[1]
    [step] = [step for step in DEPLOY["steps"] if "run" in step]
    with fake_cloud() as there:
        env = {**there.environment(), "CLOUDSDK_CONFIG": gcloud_environment(github.home)["CLOUDSDK_CONFIG"]}
        check_output(run_step(github, DEPLOY, step, one, **env))
    name = "projects/my-project/locations/{}/functions/report-daily"
    assert list(there.functions) == [name.format("europe-west4"), name.format(REGION)]
    assert {made["buildConfig"]["runtime"] for made in there.functions.values()} == {"python312"}
