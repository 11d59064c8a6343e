"""Many functions in one repository: the scripts of docs/fleet.md create, update and guard them and copy shared code.

`FN_FLEET=200 python -m uv run pytest -n0 tests/update/test_fleet.py` makes 200.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.deploying import archived
from tests.support.fake_cloud import deploy, fake_cloud
from tests.support.fleet import MAKE, SCRIPTS, add_config, function_name
from tests.support.folders import append, commit, edit
from tests.support.pages import COPY
from tests.support.processes import check_output, environment, find_tool, git, posix_only, require_tool, run, shell
from tests.support.questions import QUESTIONS, ROOT, TRIGGERS, VERSION
from tests.support.types import Bake, Done, Gcloud
from tests.support.updates import own_tests

pytestmark = [pytest.mark.slow, posix_only]
GUARD = "tests/guard"
MANY = int(os.environ.get("FN_FLEET", "4"))


def test_fleet_is_made_updated_and_guarded(template: Path, home: Path, tmp_path: Path) -> None:
    repository = tmp_path / "functions-of-a-team"
    repository.mkdir()
    git("init", cwd=repository)
    names = sorted(map(function_name, range(MANY)))
    # Those that this machine has.
    pythons = {version: found for version in QUESTIONS["python_version"] if (found := find_tool(f"python{version}"))}
    for number, function in enumerate(names):
        add_config(
            repository,
            function,
            trigger=TRIGGERS[number % len(TRIGGERS)],
            python_version=list(pythons)[number % len(pythons)],
            local_package=("localpackage", "none")[number // 2 % 2],
            hashes=number % 5 == 0,
        )
    for script, text in SCRIPTS.items():
        (repository / script).write_text(text)

    def run_here(commands: str) -> Done:
        return shell(commands, repository, home, *(Path(found).parent for found in pythons.values()))

    def is_new(function: str) -> bool:
        """Whether a function has all changes of the newer template; fail if it has some."""
        new = ["# Newer." in (repository / function / "cloud_logging.py").read_text("utf-8")]
        new += ['version = "99.0.0"' in (repository / function / "pyproject.toml").read_text("utf-8")]
        assert new[0] == new[1], function
        return new[0]

    check_output(run_here(MAKE))
    # In the middle: one whose guard goes red, and two that conflict with the update. git can merge only a file whose
    # original it has seen.
    red, merged, rejected = names[MANY // 2 - 1 : MANY // 2 + 2]
    edit(f"{rejected}/tests/conftest.py", "import sys\n", "# Mine.\nimport sys\n")(repository)
    commit(repository)
    behind = check_output(shell("grep '^version' */pyproject.toml", repository, home)).splitlines()
    assert len(behind) == MANY and all(line.endswith(f'"{VERSION}"') for line in behind)

    commit(
        repository,
        append(f"{red}/requirements.in", "six\n"),
        edit(f"{merged}/cloud_logging.py", "import json\n", "# Mine.\nimport json\n"),
    )
    for function in (red, merged, rejected):
        append(f"{function}/.env", "MINE=1\n")(repository)
    done = run_here(f"bash guard.sh {red} {names[0]}")
    assert done.returncode == 1 and done.stdout.splitlines()[-1] == f"Red in tests/guard: {red}"
    commit(
        template,
        edit("{{cookiecutter.function_name}}/cloud_logging.py", "import json\n", "# Newer.\nimport json\n"),
        edit("{{cookiecutter.function_name}}/tests/conftest.py", "import sys\n", "# Newer.\nimport sys\n"),
        edit("pyproject.toml", f'version = "{VERSION}"', 'version = "99.0.0"'),
        lambda template: (template / "{{cookiecutter.function_name}}" / "new.txt").write_text("Newer.\n"),
    )

    # Uncommitted changes are not touched.
    append("update.sh", "# Mine.\n")(repository)
    done = run_here("bash update.sh")
    assert done.returncode == 1 and done.stdout == "Commit or stash your changes first.\n"
    git("restore", "update.sh", cwd=repository)

    def update(updated: int, *stay: str) -> None:
        """Run the script, which updates some functions and leaves others as they are."""
        before = int(git("rev-list", "--count", "HEAD", cwd=repository))
        done = run_here("bash update.sh")
        assert done.returncode == 1 and done.stdout.splitlines()[-1] == f"Not updated: {' '.join(stay)}"
        assert [function for function in names if not is_new(function)] == list(stay)
        assert git("status", "--porcelain", cwd=repository) == ""
        assert int(git("rev-list", "--count", "HEAD", cwd=repository)) == before + updated
        for function in stay:
            assert (repository / function / ".env").read_text() == "MINE=1\n"
            assert not (repository / function / "new.txt").exists()

    update(MANY - 3, red, merged, rejected)
    # Again it updates only what has been mended meanwhile.
    mended = (f"{merged}/cloud_logging.py", f"{rejected}/tests/conftest.py")
    commit(repository, *(edit(file, "# Mine.\n", "") for file in mended))
    update(2, red)


@pytest.mark.parametrize("deploy_with", QUESTIONS["deploy_with"])
def test_guard_script_takes_the_python_of_the_cloud(fresh: Bake, home: Path, deploy_with: str) -> None:
    """It fails if there is no guard."""
    functions = fresh(deploy_with=deploy_with, python_version="3.12").parent
    shutil.rmtree(functions / "hello-function" / "tests")
    on_python = "import sys\n\n\ndef test_python() -> None:\n    assert sys.version_info[:2] == (3, 12)\n"
    append("hello-function/tests/guard/test_python.py", on_python)(functions)
    (functions / "guard.sh").write_text(SCRIPTS["guard.sh"])
    python = Path(require_tool("python3.12")).parent
    check_output(shell("bash guard.sh", functions, home, python))
    shutil.rmtree(functions / "hello-function" / "tests")
    done = shell("bash guard.sh", functions, home, python)
    assert done.returncode == 1 and done.stdout.splitlines()[-1] == "Red in tests/guard: hello-function"


def test_update_script_without_functions(home: Path, tmp_path: Path) -> None:
    git("init", cwd=tmp_path)
    for script, text in SCRIPTS.items():
        append(f"functions/{script}", text)(tmp_path)
    commit(tmp_path)
    assert check_output(shell("bash update.sh", tmp_path / "functions", home)).startswith("Nothing to update: ")


def test_shared_code_is_copied_compared_and_uploaded(fresh: Bake, gcloud: Gcloud, scripts: Path, home: Path) -> None:
    thumbnails = fresh(function_name="thumbnails")
    source = thumbnails.parent / "shared" / "ourlib"
    (source / "inner").mkdir(parents=True)
    (source / "__init__.py").write_text('WORD = "shared"\n')
    (source / "inner" / "table.csv").write_text("1\n")
    check_output(shell(COPY, thumbnails.parent, home))
    script = thumbnails / "localpackage" / "script.py"
    script.write_text(f"{script.read_text('utf-8')}\n\nimport ourlib\n\nassert ourlib.WORD\n", "utf-8")
    guard = (scripts, thumbnails, home, GUARD)
    assert "add the line !/ourlib to .gcloudignore" in own_tests(*guard).stdout
    append(".gcloudignore", "!/ourlib\n")(thumbnails)
    check_output(own_tests(*guard))
    listed = check_output(gcloud("meta", "list-files-for-upload", thumbnails)).splitlines()
    expected = {"ourlib/__init__.py", "ourlib/inner/table.csv"}
    assert {line for line in listed if line.startswith("ourlib")} == expected
    with fake_cloud() as there:
        check_output(deploy(thumbnails, home, there))
        assert expected <= set(archived(there.archive))
    # A new file in one place, or an old one in the other, is found.
    for name in ("shared/ourlib/new.py", "thumbnails/ourlib/old.py"):
        (thumbnails.parent / name).write_text("")
        done = own_tests(*guard)
        assert done.returncode == 1 and "ourlib differs from ../shared/ourlib" in done.stdout
        check_output(shell(COPY, thumbnails.parent, home))
        check_output(own_tests(*guard))


def test_cookiecutterrc_defaults(home: Path, tmp_path: Path) -> None:
    defaults = {"region": "europe-west4", "python_version": "3.12", "ci": "github", "hashes": True}
    (home / ".cookiecutterrc").write_text(yaml.safe_dump({"default_context": defaults}))
    command = (sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "function_name=ours")
    check_output(run(*command, cwd=tmp_path, env=environment(home)))
    made = tmp_path / "ours"
    assert (made / ".python-version").read_text("utf-8") == "3.12\n" and (made / ".github").is_dir()
    assert "--hash=" in (made / "requirements.txt").read_text("utf-8")
    assert "--region: europe-west4\n" in (made / "deploy.yaml").read_text("utf-8")
