"""Old Pythons and cookiecutters: one line says what is needed, and nothing is made."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from support import ROOT, contents, environment, must, need, posix_only, run

pytestmark = [pytest.mark.slow, posix_only]
NEEDED = "fn-template needs Python 3.10 or newer and cookiecutter 2.2 or newer; this is Python {} and cookiecutter {}."
Make = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return the path of some cookiecutter's command, installed for some Python."""

    def command(python: str, cookiecutter: str) -> Path:
        venv = tmp_path_factory.getbasetemp() / f"{python}-{cookiecutter}"
        with FileLock(f"{venv}.lock"):
            if not (venv / "bin" / "cookiecutter").exists():
                env = environment(venv.parent)
                must(run(need(python), "-m", "venv", venv, cwd=venv.parent, env=env))
                install = (sys.executable, "-m", "uv", "pip", "install", "-q", "--python", venv)
                must(run(*install, f"cookiecutter=={cookiecutter}", cwd=venv.parent, env=env))
        return venv / "bin" / "cookiecutter"

    return command


@pytest.mark.parametrize(
    ("python", "cookiecutter", "says"),
    [
        ("python3.8", "2.6.0", NEEDED.format("3.8", "2.6.0")),
        ("python3.9", "2.6.0", NEEDED.format("3.9", "2.6.0")),
        ("python3.11", "2.1.1", NEEDED.format("3.11", "2.1.1")),
        # Debian 12's. It looks for no module beside cookiecutter.json, so the name of ours has to say it.
        ("python3.11", "1.7.3", "Unable to load extension: No module named 'fn_template_needs_cookiecutter_2_2'"),
    ],
)
def test_too_old(command: Make, home: Path, tmp_path: Path, python: str, cookiecutter: str, says: str) -> None:
    (tmp_path / "out").mkdir()
    old = command(python, cookiecutter)
    done = run(old, ROOT, "--no-input", "-o", tmp_path / "out", cwd=tmp_path, env=environment(home))
    assert (done.returncode, done.stdout) == (1, f"{says}\n")
    assert contents(tmp_path / "out") == {}


@pytest.mark.parametrize("cookiecutter", ["2.2.3", "2.3.1", "2.4.0", "2.5.0", "2.6.0"])
def test_old_enough(command: Make, home: Path, tmp_path: Path, bake: Callable[..., Path], cookiecutter: str) -> None:
    old = command("python3.10", cookiecutter)
    must(run(old, ROOT, "--no-input", "trigger=pubsub", cwd=tmp_path, env=environment(home)))
    assert contents(tmp_path / "hello-function") == contents(bake(trigger="pubsub"))
    done = run(old, ROOT, "--no-input", "function_name=X", cwd=tmp_path, env=environment(home))
    assert (
        done.returncode == 1
        and done.stdout.startswith("function_name: 'X' does not fit")
        and done.stdout.count("\n") == 1
    )
