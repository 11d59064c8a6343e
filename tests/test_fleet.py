"""Many functions in one repository: made, updated and guarded by the loops of docs/fleet.md; and code that they share.

`FN_FLEET=200 python -m uv run pytest -n0 -s tests/test_fleet.py` makes 200, and tells the time for each.
"""

import os
import re
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud import GIVEN, cloud, deploy
from support import QUESTIONS, ROOT, TRIGGERS, VERSION, append, blocks, edit, environment, git, must, posix_only, run
from test_update import commit, own_tests
from test_upload import archived

pytestmark = [pytest.mark.slow, posix_only]
FLEET = (ROOT / "docs" / "fleet.md").read_text("utf-8")
MAKE, UPDATE = (block for block in blocks(FLEET) if block.startswith("for "))
[GUARD] = [block for block in blocks(FLEET) if block.startswith("pytest --rootdir")]
[COPY] = [block for block in blocks(FLEET) if "shutil.copytree" in block]
MANY = int(os.environ.get("FN_FLEET", "12"))


def shell(commands: str, cwd: Path, home: Path, scripts: Path, **variables: str) -> str:
    """Run commands as a person would paste them, with cruft and a function's environment on the path."""
    path = os.pathsep.join(map(str, (scripts, Path(sys.executable).parent, os.environ["PATH"])))
    return must(run("bash", "-euc", commands, cwd=cwd, env=environment(home, PATH=path, **variables)))


def test_a_repository_of_functions(
    template: Path, installed: Any, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = tmp_path / "functions-of-a-team"
    (repository / "functions").mkdir(parents=True)
    git("init", cwd=repository)
    for number in range(MANY):
        answers = {
            "function_name": f"function-{number}",
            "trigger": TRIGGERS[number % len(TRIGGERS)],
            "python_version": QUESTIONS["python_version"][number % 4],
            "local_package": ("localpackage", "none")[number // 2 % 2],
        }
        text = yaml.safe_dump({"default_context": answers})
        (repository / "functions" / f"function-{number}.yaml").write_text(text)
    # With what every trigger asks for: no two of their locks differ in a version.
    for lock in ("requirements.txt", "requirements-dev.txt"):
        lines = {
            line for path in (ROOT / "templates").glob(f"*/{lock}") for line in path.read_text("utf-8").splitlines()
        }
        (tmp_path / lock).write_text("\n".join(lines))
    scripts = installed(tmp_path, quick=True)
    times = {}

    def timed(what: str, commands: str) -> str:
        start = time.perf_counter()
        said = shell(commands, repository, home, scripts)
        times[what] = (time.perf_counter() - start) / MANY
        return said

    timed("made", MAKE)
    commit(repository)
    behind = shell("grep '^version' */pyproject.toml", repository, home, scripts).splitlines()
    assert len(behind) == MANY and all(line.endswith(f'"{VERSION}"') for line in behind)
    timed("guarded", GUARD)
    commit(
        template,
        edit("{{cookiecutter.function_name}}/cloud_logging.py", "import json\n", "# Newer.\nimport json\n"),
        edit("pyproject.toml", f'version = "{VERSION}"', 'version = "99.0.0"'),
    )
    timed("updated", UPDATE)
    assert must(run("git", "status", "--porcelain", cwd=repository, env=environment(home))) == ""
    for function in repository.glob("function-*"):
        assert "# Newer." in (function / "cloud_logging.py").read_text("utf-8")
        assert 'version = "99.0.0"' in (function / "pyproject.toml").read_text("utf-8")
    said = timed("guarded again", GUARD)
    assert int(re.findall(r"(\d+) passed", said)[0]) >= MANY * 10
    append("function-0/requirements.txt", "requests\n")(repository)
    with pytest.raises(AssertionError, match="function-0/tests/test_layout.py"):
        shell(GUARD, repository, home, scripts)
    with capsys.disabled():
        print(f"\n{MANY} functions, seconds for each: {', '.join(f'{k} {v:.2f}' for k, v in times.items())}")


def test_shared_code_is_copied_compared_and_uploaded(fresh: Any, gcloud: Any, scripts: Path, home: Path) -> None:
    thumbnails = fresh(function_name="thumbnails")
    source = thumbnails.parent / "shared" / "ourlib"
    (source / "inner").mkdir(parents=True)
    (source / "__init__.py").write_text('WORD = "shared"\n')
    (source / "inner" / "table.csv").write_text("1\n")
    shell(COPY, thumbnails.parent, home, scripts)
    script = thumbnails / "localpackage" / "script.py"
    script.write_text(f"{script.read_text('utf-8')}\n\nimport ourlib\n\nassert ourlib.WORD\n", "utf-8")
    guard = (scripts, thumbnails, home, "tests/test_layout.py")
    assert "add the line !/ourlib to .gcloudignore" in own_tests(*guard).stdout
    append(".gcloudignore", "!/ourlib\n")(thumbnails)
    must(own_tests(*guard))
    listed = must(gcloud("meta", "list-files-for-upload", thumbnails)).splitlines()
    expected = {"ourlib/__init__.py", "ourlib/inner/table.csv"}
    assert {line for line in listed if line.startswith("ourlib")} == expected
    with cloud() as there:
        must(deploy(thumbnails, home, **GIVEN, **there.environment()))
        assert expected <= set(archived(there.archive))
    # What changes in one place, or is left over in the other, is seen.
    for name in ("shared/ourlib/new.py", "thumbnails/ourlib/old.py"):
        (thumbnails.parent / name).write_text("")
        done = own_tests(*guard)
        assert done.returncode == 1 and "ourlib differs from ../shared/ourlib" in done.stdout
        shell(COPY, thumbnails.parent, home, scripts)
        must(own_tests(*guard))


def test_a_teams_own_defaults(home: Path, tmp_path: Path) -> None:
    defaults = {"region": "europe-west4", "python_version": "3.12", "ci": "github", "hashes": True}
    (home / ".cookiecutterrc").write_text(yaml.safe_dump({"default_context": defaults}))
    command = (sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "function_name=ours")
    must(run(*command, cwd=tmp_path, env=environment(home)))
    made = tmp_path / "ours"
    assert (made / ".python-version").read_text("utf-8") == "3.12\n" and (made / ".github").is_dir()
    assert "--hash=" in (made / "requirements.txt").read_text("utf-8")
    words = shlex.split(must(deploy(made, home, "--dry-run", **GIVEN)))
    assert "--region=europe-west4" in words
