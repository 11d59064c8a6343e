"""The workflow of docs/fleet.md for a repository of functions: judged, and run, command by command, as GitHub would."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from tests.support.fake_cloud import fake_cloud, gcloud_environment
from tests.support.folders import append, commit
from tests.support.pages import blocks
from tests.support.processes import check_output, environment, git, posix_only, require_tool, run
from tests.support.questions import ROOT
from tests.support.serving import loopback
from tests.support.types import Bake
from tests.support.workflows import TOOLS, complaints, jobs

pytestmark = [pytest.mark.slow, posix_only]
NAME = ".github/workflows/functions.yml"
[PAGE] = [block for block in blocks((ROOT / "docs" / "fleet.md").read_text("utf-8"), "yaml") if f"# {NAME}\n" in block]
WORKFLOW = yaml.safe_load(PAGE)
FIND, TEST, DEPLOY = (WORKFLOW["jobs"][name] for name in ("find", "test", "deploy"))
# One of the names begins with another; one has a hyphen.
PYTHONS = {"report": "3.13", "report-daily": "3.12", "thumbnails": "3.13"}
ALL = sorted(PYTHONS)


def with_workflow(folder: Path, text: str = PAGE) -> Path:
    (folder / NAME).parent.mkdir(parents=True)
    (folder / NAME).write_text(text, "utf-8")
    return folder


def test_the_judges_find_nothing(tmp_path: Path, home: Path) -> None:
    assert not complaints(with_workflow(tmp_path / "repository"), home)
    assert WORKFLOW["permissions"] == {}
    # What the repository or an event says reaches a shell in variables only.
    assert not [step for job in WORKFLOW["jobs"].values() for step in job["steps"] if "${{" in step.get("run", "")]


@pytest.mark.parametrize(
    ("old", "new", "judge"),
    [
        ("matrix:\n        include:", "matrix:\n        includes: 1\n        include: 1 #", "check-jsonschema"),
        (r'deploy "\$FUNCTION"', "deploy ${{ matrix.function }}", "zizmor"),
        ("fetch-depth: 0\n          persist-credentials: false", "fetch-depth: 0", "zizmor"),
        (r"actions/checkout@\w+ # v[\d.]+", "actions/checkout@v7", "zizmor"),
        (r"\[ -e \"\$name/deploy.yaml\"", "[ -e $name/deploy.yaml", "shellcheck"),
    ],
)
def test_broken_workflow_fails_its_linter(tmp_path: Path, home: Path, old: str, new: str, judge: str) -> None:
    text, times = re.subn(old, new, PAGE, count=1)
    assert times
    assert f"{judge}: " in complaints(with_workflow(tmp_path / "repository", text), home)


def test_it_does_what_a_functions_own_workflow_does(bake: Bake) -> None:
    """The same triggers, conditions and steps, with the same actions, so that neither is forgotten when one changes."""
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
    # Each action with the version in its comment.
    actions = {line.strip() for line in PAGE.splitlines() if "uses: " in line}
    text = (own / ".github" / "workflows" / "function.yml").read_text("utf-8")
    assert actions == {line.strip() for line in text.splitlines() if "uses: " in line}


class GitHub:
    """A repository of functions, and what GitHub knows of it: the runs of its workflow, and where they clone it from."""

    def __init__(self, first_push: Path, folder: Path) -> None:
        self.folder, self.clone, self.home = folder / "repository", folder / "clone", folder / "runner"
        self.home.mkdir()
        self.runs: list[dict[str, str]] = []
        self.works = True
        shutil.copytree(first_push, self.folder)

    def says(self, *arguments: str) -> str:
        return check_output(run("git", *arguments, cwd=self.folder, env=environment(self.home))).strip()

    def push(self, *names: str, ended: str = "") -> str:
        """Commit a change of some files; if a run of that push has ended, remember how. Return the commit."""
        for name in names:
            append(name, "\n")(self.folder)
        git("add", "-A", cwd=self.folder)
        git("commit", "--allow-empty", "-m", "a change", cwd=self.folder)
        if ended:
            self.ended(ended)
        return self.says("rev-parse", "HEAD")

    def ended(self, how: str, event: str = "push", branch: str = "main") -> None:
        facts = {"event": event, "branch": branch, "status": how, "head_sha": self.says("rev-parse", "HEAD")}
        self.runs.insert(0, facts)

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answer as GitHub's API lists runs; refuse whoever has no token, and what is asked otherwise."""
        asked = urlsplit(path)
        if not self.works or headers.get("Authorization") != "Bearer token-of-the-run":
            return 401, {"message": "Bad credentials"}
        if (method, asked.path) != ("GET", "/repos/org/functions/actions/workflows/functions.yml/runs"):
            return 404, {"message": "Not Found"}
        wanted = dict(parse_qsl(asked.query))
        first = int(wanted.pop("per_page", "30"))
        return 200, {"workflow_runs": [one for one in self.runs if wanted.items() <= one.items()][:first]}

    def checkout(self) -> None:
        """Clone what the first job checks out: what no branch holds any more is not in it."""
        shutil.rmtree(self.clone, ignore_errors=True)
        branch = self.says("branch", "--show-current")
        depth = FIND["steps"][0]["with"].get("fetch-depth", 1)
        clone = ("git", "clone", "-q", "--branch", branch, *(["--depth", str(depth)] if depth else []))
        check_output(run(*clone, self.folder.as_uri(), self.clone, cwd=self.home, env=environment(self.home)))

    def find(self, event: str = "push") -> Any:
        """Run the job that finds what has changed; return what it says and the functions that it hands on."""
        self.checkout()
        [step] = [step for step in FIND["steps"] if "run" in step]
        output, script = self.home / "output", self.home / "step.sh"
        output.write_text("")
        script.write_text(step["run"])
        with loopback(self.answer) as api:
            variables = {"GITHUB_API_URL": api, "GITHUB_REPOSITORY": "org/functions", "GITHUB_EVENT_NAME": event}
            variables |= {**step["env"], "GITHUB_OUTPUT": str(output)}
            assert variables["TOKEN"] == "${{ github.token }}"
            variables["TOKEN"] = "token-of-the-run"
            done = run("bash", "-e", script, cwd=self.clone, env=environment(self.home, **variables))
        name, _, value = output.read_text().strip().partition("=")
        assert FIND["outputs"] == {"functions": "${{ steps.find.outputs.functions }}"} and step["id"] == "find"
        assert done.returncode or name == "functions"
        return done, json.loads(value or "null"), value

    def changed(self, event: str = "push") -> list[str]:
        done, found, _ = self.find(event)
        check_output(done)
        assert all(one["python"] == PYTHONS.get(one["function"], "3.13") for one in found)
        return sorted(one["function"] for one in found)


@pytest.fixture(scope="module")
def first_push(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of functions and of other folders, with one commit; treat it as read-only."""
    folder = tmp_path_factory.mktemp("first") / "repository"
    for name, version in PYTHONS.items():
        shutil.copytree(bake(function_name=name, python_version=version), folder / name)
    for name in ("shared/ourlib/__init__.py", "notes/main.py", "kubernetes/deploy.yaml", "README.md"):
        append(name, "\n")(folder)
    with_workflow(folder)
    git("init", cwd=folder)
    commit(folder)
    return folder


@pytest.fixture
def github(first_push: Path, tmp_path: Path) -> GitHub:
    require_tool("curl"), require_tool("jq")
    return GitHub(first_push, tmp_path)


def test_what_a_push_changes(github: GitHub) -> None:
    assert github.changed() == ALL, "the first push"
    github.ended("success")
    github.push("report-daily/main.py", ended="success")
    github.runs.pop(0)
    assert github.changed() == ["report-daily"]
    github.ended("success")
    github.push("README.md", "notes/main.py")
    done, found, value = github.find()
    assert found == [] and TEST["if"] == f"needs.find.outputs.functions != '{value}'"
    github.push("shared/ourlib/__init__.py")
    assert github.changed() == ALL
    github.ended("success")
    git("rm", "-rq", "report", cwd=github.folder)
    github.push()
    assert github.changed() == []
    git("mv", "thumbnails", "posters", cwd=github.folder)
    github.push()
    assert github.changed() == ["posters"]
    assert github.changed("workflow_dispatch") == ["posters", "report-daily"]


def test_what_a_red_run_has_left_undone(github: GitHub) -> None:
    """A function that passed beside one that did not is deployed once that one is mended; so is what was never run."""
    github.ended("success")
    github.push("report/main.py", "thumbnails/main.py", ended="failure")
    github.push("report-daily/main.py", ended="cancelled")
    github.push("report/main.py")
    assert github.changed() == ALL
    github.ended("success")
    assert github.changed() == []


def test_a_revert_of_what_a_red_run_has_deployed(github: GitHub) -> None:
    """The push before may have deployed one function and failed at another, whose files are now as they were before."""
    github.ended("success")
    github.push("report/main.py", "thumbnails/main.py", ended="failure")
    git("revert", "--no-edit", "HEAD", cwd=github.folder)
    assert github.changed() == ["report", "thumbnails"]
    github.ended("success")
    assert github.changed() == []
    # The same, on a branch that is merged: the side of a merge that comes to nothing counts too.
    git("switch", "-qc", "feature", cwd=github.folder)
    github.push("report/main.py", ended="failure")
    git("revert", "--no-edit", "HEAD", cwd=github.folder)
    git("switch", "-q", "main", cwd=github.folder)
    github.push("README.md")
    git("merge", "-q", "--no-ff", "-m", "merge", "feature", cwd=github.folder)
    assert github.changed() == ["report"]


def test_a_merge_changes_what_its_branch_changes(github: GitHub) -> None:
    """Main has moved on since the branch began; what was deployed from it since is not deployed again."""
    git("switch", "-qc", "feature", cwd=github.folder)
    github.push("report-daily/main.py")
    git("switch", "-q", "main", cwd=github.folder)
    github.push("thumbnails/main.py", ended="success")
    git("merge", "-q", "--no-ff", "--no-commit", "feature", cwd=github.folder)
    assert github.push() and github.changed() == ["report-daily"]
    # A merge may also bring what none of its parents has.
    github.ended("success")
    git("switch", "-qc", "another", cwd=github.folder)
    github.push("README.md")
    git("switch", "-q", "main", cwd=github.folder)
    git("merge", "-q", "--no-ff", "--no-commit", "another", cwd=github.folder)
    assert github.push("report/main.py") and github.changed() == ["report"]


def test_a_push_that_cannot_be_compared_changes_all(github: GitHub) -> None:
    github.push("report/main.py", ended="success")
    git("reset", "-q", "--hard", "HEAD^", cwd=github.folder)
    git("reflog", "expire", "--expire=now", "--all", cwd=github.folder)
    github.push("thumbnails/main.py")
    assert github.changed() == ALL, "after a force push"
    github.ended("success")
    assert github.changed() == []
    github.works = False
    assert github.changed() == ALL, "GitHub does not answer"


def test_only_pushes_to_main_count_as_deployed(github: GitHub) -> None:
    """A pull request from somebody's branch `main` has passed, with a commit that is merged then."""
    github.ended("success")
    github.push("report/main.py")
    github.ended("success", event="pull_request")
    github.ended("success", branch="another")
    assert github.changed() == ["report"]


def test_what_a_pull_request_changes(github: GitHub) -> None:
    """GitHub merges it into the base first, which may have moved on."""
    git("switch", "-qc", "feature", cwd=github.folder)
    github.push("report-daily/main.py")
    github.push("README.md")
    git("switch", "-q", "main", cwd=github.folder)
    github.push("thumbnails/main.py")
    git("switch", "-qc", "merge", cwd=github.folder)
    git("merge", "-q", "--no-ff", "-m", "merge", "feature", cwd=github.folder)
    assert github.changed("pull_request") == ["report-daily"]


def test_a_folder_that_is_named_like_no_function_is_refused(github: GitHub) -> None:
    github.ended("success")
    for name in ("has space", "$(touch pwned)", '"quote"', "under_score", "Capital", ":(top)"):
        shutil.copytree(github.folder / "report", github.folder / name)
        github.push()
        done, found, _ = github.find()
        assert done.returncode == 1 and f"::error::Rename {name} to " in done.stdout and found is None
        assert not (github.clone / "pwned").exists()
        shutil.rmtree(github.folder / name)


def test_a_runtime_that_is_no_python_is_refused(github: GitHub) -> None:
    file = github.folder / "report" / "deploy.yaml"
    text = file.read_text("utf-8")
    for runtime in ("", "--runtime: nodejs22", '--runtime: python313"', "--runtime: python3$(touch pwned)"):
        file.write_text(text.replace("--runtime: python313", runtime), "utf-8")
        github.push()
        done, found, _ = github.find()
        assert done.returncode == 1 and "give its deploy.yaml a --runtime" in done.stdout and found is None


def test_a_runtime_may_be_quoted_and_explained(github: GitHub) -> None:
    file = github.folder / "report" / "deploy.yaml"
    text = file.read_text("utf-8")
    for runtime in ('"python313"', "'python313'", "python313  # ours", '"python313" # ours'):
        file.write_text(text.replace("--runtime: python313", f"--runtime: {runtime}"), "utf-8")
        assert yaml.safe_load(file.read_text("utf-8"))["--runtime"] == "python313"
        github.push()
        assert github.changed() == ALL


def fill(value: str, one: Mapping[str, str]) -> str:
    """Put a job's entry of the matrix into an expression."""
    return re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found: one[found[1]], value)


def step_of(github: GitHub, job: Mapping[str, Any], step: Mapping[str, Any], one: Mapping[str, str], **env: str) -> Any:
    """Run the command of a step where and with what the workflow says."""
    script = github.home / "step.sh"
    script.write_text(step["run"])
    variables = {name: fill(value, one) for name, value in step.get("env", {}).items()}
    cwd = github.clone / fill(job["defaults"]["run"]["working-directory"], one)
    return run("bash", "-e", script, cwd=cwd, env=environment(github.home, **variables, **env))


def test_a_changed_function_is_tested_on_its_own_python(github: GitHub) -> None:
    github.ended("success")
    github.push("report-daily/README.md")
    [one] = github.find()[1]
    action = TEST["steps"][1]
    assert "actions/setup-python" in action["uses"]
    python = require_tool(f"python{fill(action['with']['python-version'], one)}")
    check_output(run(python, "-m", "venv", github.home / "python", cwd=github.home, env=environment(github.home)))
    path = os.pathsep.join(map(str, (github.home / "python" / "bin", os.environ["PATH"])))
    commands = [step for step in TEST["steps"] if "run" in step]
    for step in commands[:-1]:
        check_output(step_of(github, TEST, step, one, PATH=path))
    assert step_of(github, TEST, {"run": "python --version"}, one, PATH=path).stdout.startswith("Python 3.12.")
    # The test of this function and of no other.
    append("report/main.py", "import nowhere\n")(github.clone)
    check_output(step_of(github, TEST, commands[-2], one, PATH=path))
    append("report-daily/main.py", "import nowhere\n")(github.clone)
    assert step_of(github, TEST, commands[-2], one, PATH=path).returncode


def test_the_audit_is_the_functions_own_or_a_strict_one(github: GitHub) -> None:
    github.checkout()
    step, one = TEST["steps"][-1], {"function": "report"}
    path = os.pathsep.join(map(str, (TOOLS, os.environ["PATH"])))
    # Nothing is asked of any service: this one is looked up nowhere, so it is passed over unless the audit is strict.
    lock = github.clone / "report" / "requirements.txt"
    lock.write_text("ours @ git+https://example.com/ours.git@0123456789\n")
    done = step_of(github, TEST, step, one, PATH=path)
    assert done.returncode == 1 and "ours" in done.stdout and "URL requirements cannot be pinned" in done.stdout
    lenient = {"run": step["run"].replace(" --strict", "")}
    assert step_of(github, TEST, lenient, one, PATH=path).returncode == 0
    append("report/tests/audit.py", "raise SystemExit('audited')\n")(github.clone)
    done = step_of(github, TEST, step, one, PATH=path)
    assert done.returncode == 1 and done.stdout.endswith("audited\n")


def test_a_changed_function_is_deployed_by_its_own_file(github: GitHub) -> None:
    """Staging first, then production."""
    require_tool("gcloud")
    github.ended("success")
    append("report-daily/deploy.staging.yaml", "--region: europe-west4\n")(github.folder)
    github.push()
    [one] = github.find()[1]
    [step] = [step for step in DEPLOY["steps"] if "run" in step]
    with fake_cloud() as there:
        env = {**there.environment(), "CLOUDSDK_CONFIG": gcloud_environment(github.home)["CLOUDSDK_CONFIG"]}
        check_output(step_of(github, DEPLOY, step, one, **env))
    name = "projects/my-project/locations/{}/functions/report-daily"
    assert list(there.functions) == [name.format("europe-west4"), name.format("us-central1")]
    assert {made["buildConfig"]["runtime"] for made in there.functions.values()} == {"python312"}
