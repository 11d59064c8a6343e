"""What a bake says at its end: lines that run, and never a reason to fail."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, append, edit, environment, git, must, need, posix_only, run
from test_update import commit, cruft, made

pytestmark = [pytest.mark.slow, posix_only]
COOKIECUTTER = f"'{sys.executable}' -m cookiecutter '{ROOT}' --no-input"


@pytest.mark.parametrize("end", ["| cat", ">&-", "> /dev/full", "| true", ">&- 2>&-"])
def test_a_message_never_undoes_a_bake(home: Path, tmp_path: Path, end: str) -> None:
    """A narrow encoding, as in a pipe on Windows; and no place to print to."""
    place = tmp_path / "Dokumente-проект"
    place.mkdir()
    env = environment(home, PYTHONUTF8="0", PYTHONIOENCODING="cp1252")
    must(run("bash", "-c", f"{COOKIECUTTER} {end}", cwd=place, env=env))
    assert (place / "hello-function" / "main.py").is_file()


@pytest.mark.parametrize("uv", [True, False])
def test_the_three_lines_run(home: Path, tmp_path: Path, uv: bool) -> None:
    """By the tools that are there, whatever other environment is active."""
    tools = tmp_path / "tools"
    tools.mkdir()
    names: dict[str, str | Path] = {
        "uv": Path(sys.executable).with_name("uv"),
        "python3.13": need("python3.13"),
        "python3": need("python3.12"),
    }
    for name, path in names.items():
        if name != "uv" or uv:
            (tools / name).symlink_to(path)
    env = environment(home, PATH=f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin")
    must(run(sys.executable, "-m", "venv", "--without-pip", home / "other", cwd=home, env=env))
    said = must(run("bash", "-c", COOKIECUTTER, cwd=tmp_path, env=env)).splitlines()
    steps = [line for line in said if line.startswith("  ")]
    assert len(steps) == 3 and ("uv pip install" in steps[1]) == uv and ("python3.13 -m venv" in steps[1]) == (not uv)
    env["VIRTUAL_ENV"] = str(home / "other")
    must(run("bash", "-euc", "\n".join(steps[:2]), cwd=home, env=env))
    must(run("bash", "-euc", f"{steps[0]}\n{steps[2].partition(' --target')[0]} --help", cwd=home, env=env))


def test_a_python_of_another_name(home: Path, tmp_path: Path) -> None:
    (tmp_path / "python3").symlink_to(sys.executable)
    for names in (["python3"], []):
        env = environment(home, PATH=str(tmp_path) if names else str(home))
        done = must(run(sys.executable, "-m", "cookiecutter", ROOT, "--no-input", "-f", cwd=home, env=env))
        assert f"  {names[0] if names else 'python'} -m venv .venv && " in done


def test_nothing_is_said_of_folders_that_are_gone(template: Path, home: Path) -> None:
    """cruft renders a project that exists into a temporary folder, for each of these."""
    project = made(template, home)
    commit(
        template, edit("{{cookiecutter.function_name}}/cloud_logging.py", "import json\n", "# Newer.\nimport json\n")
    )
    commit(project, append("main.py", "# Mine.\n"))
    for arguments in (("check",), ("diff",), ("update", "--skip-apply-ask")):
        assert "To run it" not in cruft(*arguments, cwd=project, home=home).stdout, arguments
    assert "# Newer." in (project / "cloud_logging.py").read_text("utf-8")
    (project / ".cruft.json").unlink()
    assert "To run it" not in must(cruft("link", template, "--no-input", cwd=project, home=home))
    shutil.rmtree(project)
    assert "To run it" in must(cruft("create", template, "--no-input", cwd=home.parent, home=home))
    git("init", cwd=project)


def test_another_local_extensions_beside_us(home: Path, tmp_path: Path) -> None:
    """In the folder that Python runs in, and in a template that the same process rendered before."""
    (tmp_path / "local_extensions.py").write_text("class FnTemplate: ...\n")
    env: dict[str, Any] = environment(home)
    must(run(sys.executable, "-m", "cookiecutter", ROOT, "--no-input", cwd=tmp_path, env=env))
    other = tmp_path / "other"
    append("cookiecutter.json", '{"name": "x", "_extensions": ["local_extensions.Other"]}')(other)
    append("local_extensions.py", "from jinja2.ext import Extension\n\n\nclass Other(Extension): ...\n")(other)
    append("{{cookiecutter.name}}/file", "x")(other)
    code = "import sys; from cookiecutter.main import cookiecutter as c; [c(t, no_input=True) for t in sys.argv[1:]]"
    must(run(sys.executable, "-P", "-c", code, other, ROOT, cwd=home, env=env))
    assert (home / "hello-function" / "main.py").is_file()
