"""Fixtures: cached bakes, a home folder, environments from the lock files."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings
from pytest_cookies.plugin import Cookies

from tests.support.fake_cloud import gcloud_environment
from tests.support.processes import check_output, environment, git, require_tool, run, run_module
from tests.support.questions import QUESTIONS, ROOT
from tests.support.types import Answer, Bake, Cookiecutter, Done, Gcloud, Installed

# The same few cases in each run, unless --hypothesis-profile=long asks for many that are new.
settings.register_profile("sample", max_examples=8, derandomize=True, deadline=None, database=None)
settings.register_profile("long", max_examples=300, deadline=None, print_blob=True)
settings.load_profile("sample")
# A test's home folder is empty: without these, each would download its packages again.
os.environ.setdefault("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
os.environ.setdefault("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip"))
# pip's way to say --no-compile. A test runs a few of the modules that it installs, once.
os.environ["PIP_NO_COMPILE"] = "0"
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"


def pytest_xdist_auto_num_workers() -> int:
    """Start two processes more than there are cores, since tests wait for servers and installations."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest test: at the end, one process would run it alone."""
    items.sort(key=lambda item: item.path.name != "test_fleet.py")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that the processes of a parallel run share."""
    mine = tmp_path_factory.getbasetemp()
    return mine if worker_id == "master" else mine.parent


@pytest.fixture(scope="session")
def bake(cookies_session: Cookies, shared: Path) -> Bake:
    """Return a cached bake of some answers, no CI unless they name one, else the defaults; treat it as read-only."""

    @cache
    def folder_of(answers: str) -> Path:
        folder = shared / f"bake-{hashlib.sha256(answers.encode()).hexdigest()[:16]}"
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                result = cookies_session.bake(extra_context=json.loads(answers), template=str(ROOT))
                if result.exception:
                    raise result.exception
                result.project_path.parent.rename(folder)
        return folder

    def bake(**answers: Answer) -> Path:
        # cookiecutter passes over a name that it does not know.
        assert answers.keys() <= QUESTIONS.keys(), f"no such question: {answers.keys() - QUESTIONS.keys()}"
        # A fork may have another default.
        [project] = folder_of(json.dumps({"ci": "none", **answers}, sort_keys=True)).iterdir()
        return project

    return bake


@pytest.fixture
def fresh(bake: Bake, tmp_path: Path) -> Bake:
    """Like bake, but a copy of one's own to write into."""

    def fresh(**answers: Answer) -> Path:
        made = bake(**answers)
        return Path(shutil.copytree(made, tmp_path / "fresh" / made.name))

    return fresh


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder."""
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture(scope="session")
def template_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This template's history in one pack, with the working tree as the newest commit; treat it as read-only.

    That has no tests: cruft copies a template whole, several times for each update, and they are half of its files.
    """
    require_tool("git")
    clone = tmp_path_factory.mktemp("repository") / "fn-template"
    git("clone", "-q", "--no-tags", "--no-local", "--no-checkout", str(ROOT), str(clone), cwd=clone.parent)
    kept = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__")
    shutil.copytree(ROOT, clone, ignore=kept, dirs_exist_ok=True)
    shutil.rmtree(clone / "tests")
    git("add", "-A", cwd=clone)
    git("commit", "-m", "the working tree", cwd=clone)
    return clone


@pytest.fixture
def template(template_repository: Path, tmp_path: Path, home: Path) -> Path:
    """This template as somebody's copy on GitHub: its history, the working tree as the newest commit, no tags.

    In `home`, git finds it under the address that the README names.
    """
    place = tmp_path / "github"
    clone = place / "org" / "fn-template"
    git("clone", "-q", str(template_repository), str(clone), cwd=tmp_path)
    clone.with_name("fn-template.git").symlink_to(clone)
    settings = {f"url.{place}/.insteadOf": "https://github.com/", "user.name": "a", "user.email": "a@example.com"}
    for name, value in {**settings, "init.defaultBranch": "main"}.items():
        git("config", "--file", str(home / ".gitconfig"), name, value, cwd=place)
    return clone


@pytest.fixture
def cookiecutter(tmp_path: Path, home: Path) -> Cookiecutter:
    """Run cookiecutter's own command as a person would, with a fresh home, into tmp_path / 'out'."""

    def cookiecutter(*arguments: str, template: str | Path = ROOT, stdin: str = "") -> Done:
        (tmp_path / "out").mkdir(exist_ok=True)
        arguments = (str(template), "-o", str(tmp_path / "out"), *arguments)
        return run_module("cookiecutter", *arguments, cwd=tmp_path, env=environment(home), stdin=stdin)

    return cookiecutter


@pytest.fixture(scope="session")
def installed(shared: Path) -> Installed:
    """Return the scripts of an environment that holds exactly a project's two locks, or the one that was uploaded.

    Projects whose locks are the same bytes share one.
    """

    def installed(project: Path, python: str = sys.executable) -> Path:
        locks = sorted(project.glob("requirements*.txt"))
        digest = hashlib.sha256(b"".join([python.encode(), *(lock.read_bytes() for lock in locks)])).hexdigest()[:16]
        venv, ready = shared / f"venv-{digest}", shared / f"venv-{digest}.ready"
        with FileLock(shared / f"venv-{digest}.lock"):
            if not ready.exists():
                env = environment(shared)
                uv, into = (sys.executable, "-m", "uv"), ("--python", venv)
                check_output(run(*uv, "venv", "-q", "--python", python, venv, cwd=shared, env=env))
                both = [argument for lock in locks for argument in ("-r", lock)]
                check_output(run(*uv, "pip", "install", "-q", *into, *both, cwd=shared, env=env))
                check_output(run(*uv, "pip", "check", *into, cwd=shared, env=env))
                ready.touch()
        return venv / SCRIPTS

    return installed


@pytest.fixture(scope="session")
def pip_and_pipx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment that holds pip and pipx; this process's own has neither."""
    home = tmp_path_factory.mktemp("pipx")
    uv, venv, env = (sys.executable, "-m", "uv"), home / "venv", environment(home)
    # This takes a tenth of the time of `python -m venv` and pip.
    check_output(run(*uv, "venv", "-q", "--seed", "--python", sys.executable, venv, cwd=home, env=env))
    check_output(run(*uv, "pip", "install", "-q", "--python", venv, "pipx", cwd=home, env=env))
    return venv / SCRIPTS


@pytest.fixture(scope="session")
def scripts(bake: Bake, installed: Installed) -> Path:
    """The scripts of an environment with a default project's locks, on this Python."""
    return installed(bake())


@pytest.fixture(scope="session", autouse=True)
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let mypy keep what it finds out about packages from project to project."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYPY_CACHE_DIR", str(tmp_path_factory.mktemp("mypy")))
        yield


@pytest.fixture
def gcloud(home: Path) -> Gcloud:
    """Run the real gcloud with a configuration of its own."""
    tool = require_tool("gcloud")

    def gcloud(*arguments: str | Path, cwd: Path = home, **variables: str) -> Done:
        return run(tool, *arguments, cwd=cwd, env=gcloud_environment(home, **variables))

    return gcloud
