"""The message after a bake: it never fails the bake, it is printed only for a new project, and its commands run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.folders import append, contents, without_bytecode
from tests.support.processes import check_output, environment, git, posix_only, require_tool, run, run_module
from tests.support.questions import ROOT
from tests.support.types import Bake
from tests.support.updates import cruft

COMMAND = (sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input", "-o")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_narrow_encoding_does_not_fail_a_bake(tmp_path: Path, home: Path, encoding: str) -> None:
    """As where the output goes into a pipe on Windows."""
    out = tmp_path / "Dokumente-проект"
    env = environment(home, PYTHONUTF8="0", PYTHONIOENCODING=encoding)
    done = check_output(run(*COMMAND, out, cwd=tmp_path, env=env))
    assert (out / "hello-function" / "main.py").is_file()
    assert "Made hello-function." in done and "Dokumente-??????" in done


@posix_only
@pytest.mark.parametrize("output", [">&-", ">/dev/full", "| :"])
def test_closed_output_does_not_fail_a_bake(tmp_path: Path, home: Path, bake: Bake, output: str) -> None:
    if output == ">/dev/full" and not Path(output[1:]).exists():
        pytest.skip("/dev/full is not on this machine")
    if output == "| :":
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([*COMMAND, tmp_path / "out"], cwd=tmp_path, env=environment(home), stdout=writer)
        os.close(writer)
    else:
        add_command = ["sh", "-c", f'exec "$@" {output}', "sh", *COMMAND, str(tmp_path / "out")]
        done = subprocess.run(add_command, cwd=tmp_path, env=environment(home))
    assert done.returncode == 0
    assert contents(tmp_path / "out" / "hello-function") == without_bytecode(bake())


def test_message_after_keeping_existing_files(tmp_path: Path, home: Path) -> None:
    """Its requirements are its own, and have to be locked first."""
    append("hello-function/requirements.txt", "requests\n")(tmp_path)
    done = check_output(run_module(*COMMAND[2:], tmp_path, "-f", "-s", cwd=tmp_path, env=environment(home)))
    assert done.strip() == "Added what hello-function lacked. Your files are as they were."


@posix_only
def test_folder_whose_name_is_not_text(tmp_path: Path, home: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path / "😀") + b"\xff")
    done = check_output(
        run_module("cookiecutter", ROOT, "--no-input", "-o", folder, cwd=tmp_path, env=environment(home))
    )
    assert "Made hello-function." in done and os.path.exists(os.path.join(folder, "hello-function", "main.py"))
    assert "😀?" in done


def test_cruft_prints_steps_only_for_a_new_project(template: Path, home: Path) -> None:
    assert "Made hello-function." in check_output(cruft("create", template, "--no-input", cwd=home, home=home))
    project = home / "hello-function"
    assert check_output(cruft("diff", cwd=project, home=home)) == ""
    assert "Made " not in check_output(cruft("check", cwd=project, home=home))
    git("init", cwd=project)
    git("add", ".", cwd=project)
    git("commit", "-m", "new", cwd=project)
    append("{{cookiecutter.function_name}}/cloud_logging.py", "# Newer.\n")(template)
    git("commit", "-am", "newer", cwd=template)
    assert "Made " not in check_output(cruft("update", "--skip-apply-ask", cwd=project, home=home))
    assert (project / "cloud_logging.py").read_text("utf-8").endswith("# Newer.\n")
    (project / ".cruft.json").unlink()
    assert "Made " not in check_output(cruft("link", template, "--no-input", cwd=project, home=home))


def next_steps(out: Path, home: Path, path: Path, version: str = "3.13") -> list[str]:
    """Return the commands printed for a user whose PATH is one folder."""
    env = environment(home, PATH=str(path))
    done = check_output(run_module(*COMMAND[2:], out, f"python_version={version}", cwd=home, env=env))
    said = done.splitlines()
    assert "Made hello-function. To run it (README.md has the rest):" in said
    return [line[2:] for line in said if line.startswith("  ")]


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """An empty folder for commands."""
    (tmp_path / "commands").mkdir()
    return tmp_path / "commands"


def add_command(folder: Path, name: str, code: int = 0) -> None:
    (folder / name).write_text(f"#!/bin/sh\necho '  on purpose'\nexit {code}\n")
    (folder / name).chmod(0o755)


LOCKS = "-r requirements.txt -r requirements-dev.txt"


@posix_only
def test_steps_name_an_installed_python(tmp_path: Path, home: Path, commands: Path) -> None:
    def install(version: str = "3.13") -> str:
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        _, install, start = next_steps(tmp_path / "out", home, commands, version)
        assert start == ".venv/bin/functions-framework --target hello_function --host 127.0.0.1 --debug"
        return install

    assert install() == f"'{sys.executable}' -m venv .venv && .venv/bin/python -m pip install {LOCKS}"
    add_command(commands, "python")
    assert install() == f"python -m venv .venv && .venv/bin/python -m pip install {LOCKS}"
    add_command(commands, "python3")
    assert install().startswith("python3 -m venv .venv && ")
    # As pyenv puts one there for a Python that is not chosen.
    add_command(commands, "python3.12", 127)
    assert install("3.12").startswith("python3 -m venv .venv && ")
    add_command(commands, "python3.12")
    assert install("3.12").startswith("python3.12 -m venv .venv && ")
    assert install("3.13").startswith("python3 -m venv .venv && ")
    add_command(commands, "uv")
    assert install("3.12") == f"uv venv --allow-existing --python 3.12 && uv pip install --python .venv {LOCKS}"


@pytest.mark.slow
@posix_only
@pytest.mark.parametrize("with_uv", [True, False])
def test_steps_run(tmp_path: Path, home: Path, commands: Path, with_uv: bool) -> None:
    """Twice, although another environment is active."""
    python = require_tool("python3.12")
    (commands / "python3.12").write_text(f'#!/bin/sh\nexec {python} "$@"\n')
    (commands / "python3.12").chmod(0o755)
    if with_uv:
        uv = Path(sys.executable).with_name("uv")
        (commands / "uv").symlink_to(uv if uv.exists() else require_tool("uv"))
    lines = next_steps(tmp_path / "Zoë's Ordner", home, commands, "3.12")
    assert lines[1].startswith("uv venv " if with_uv else "python3.12 -m venv ")
    if not with_uv:
        # The test of CI installs both locks by pip.
        (tmp_path / "Zoë's Ordner" / "hello-function" / "requirements-dev.txt").write_text("")
    other = tmp_path / "other"
    env = environment(home, VIRTUAL_ENV=str(other), PATH=f"{other / 'bin'}:{commands}:/usr/bin:/bin")
    check_output(run(python, "-m", "venv", "--without-pip", other, cwd=home, env=env))
    before = contents(other)
    pasted = [*lines[:2], lines[1], lines[2].partition(" ")[0] + " --help"]
    check_output(run("bash", "-euc", "\n".join(pasted), cwd=home, env=env))
    assert contents(other) == before
