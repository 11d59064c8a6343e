"""tools/refresh.py regenerates the locks, from packages that have been public for a week."""

import datetime
import http.server
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import refresh

from tests.support.folders import append, contents
from tests.support.loopback import listen
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT
from tests.support.types import Done
from tests.support.wheels import wheel

NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A copy of the template to refresh."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__"))
    yield copy


def run_refresh(copy: Path, home: Path, **variables: str) -> Done:
    return run(sys.executable, "-B", "tools/refresh.py", cwd=copy, env=environment(home, **variables))


@pytest.mark.slow
def test_refreshing_twice_changes_nothing_more(copy: Path, home: Path) -> None:
    before = contents(copy)
    made = ("docs/run.svg", "docs/licences.md", "rules/reserved.json")
    for name in made:
        append(name, " ")(copy)
    # A package that becomes a week old between the two would differ.
    week = {"UV_EXCLUDE_NEWER": f"{NOW - datetime.timedelta(days=7):%FT%TZ}"}
    check_output(run_refresh(copy, home, **week))
    once = contents(copy)
    assert once.keys() == before.keys() and not any(once[name][1].endswith(b" ") for name in made)
    check_output(run_refresh(copy, home, **week))
    assert contents(copy) == once
    # What reads a lock is content with the new ones.
    tests = ("-m", "not slow", "-n0", "-p", "no:cacheprovider", "tests/project/test_locks.py")
    check_output(run(sys.executable, "-B", "-m", "pytest", *tests, cwd=copy, env=environment(home)))


def test_refreshing_without_a_network_changes_nothing(copy: Path, home: Path) -> None:
    before = contents(copy)
    done = run_refresh(copy, home, UV_OFFLINE="1", UV_CACHE_DIR=str(home / "cache"))
    assert done.returncode == 1 and "Nothing was changed" in done.stdout
    assert contents(copy) == before


def test_lock_of_another_version_fails(copy: Path, home: Path) -> None:
    pinned = copy / "templates" / "locks" / "default" / "requirements.txt"
    pinned.write_text(pinned.read_text("utf-8").replace("flask==", "flask==1."), "utf-8")
    tests = ("-n0", "-p", "no:cacheprovider", "tests/project/test_locks.py", "-k", "agree_on_versions")
    done = run(sys.executable, "-B", "-m", "pytest", *tests, cwd=copy, env=environment(home))
    assert done.returncode == 1 and "flask" in done.stdout


class Index(http.server.BaseHTTPRequestHandler):
    """Offers ourlib 1.0, and 2.0 that came a day ago; theirlib must be built from source."""

    def do_GET(self) -> None:
        name = self.path.strip("/").partition("-")[0].removeprefix("simple/")
        if self.path.endswith("/"):
            wheels = [("ourlib-1.0-py3-none-any.whl", 60), ("ourlib-2.0-py3-none-any.whl", 1)]
            offered = wheels if name == "ourlib" else [("theirlib-1.0.tar.gz", 60)]
            files = [
                {
                    "filename": file,
                    "url": f"/{file}",
                    "hashes": {},
                    "upload-time": f"{NOW - datetime.timedelta(days):%FT%TZ}",
                }
                for file, days in offered
            ]
            body = json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()
        else:
            body = wheel(name, self.path.split("-")[1])
        self.send_response(200)
        kind = "application/vnd.pypi.simple.v1+json" if self.path.endswith("/") else "application/octet-stream"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command == "GET" else b"")

    do_HEAD = do_GET

    def log_message(self, *arguments: object) -> None:
        pass


def test_new_and_unbuilt_packages_are_not_taken() -> None:
    with listen(Index) as place, refresh.workspace() as work:
        variables = {"UV_DEFAULT_INDEX": f"http://{place}/simple/", "UV_CACHE_DIR": str(work / "cache")}
        (work / "ours.in").write_text("ourlib\n")
        refresh.uv("pip", "compile", "--no-annotate", "ours.in", "-o", "ours.txt", cwd=work, **variables)
        assert "\nourlib==1.0\n" in (work / "ours.txt").read_text("utf-8")
        (work / "theirs.in").write_text("theirlib\n")
        with pytest.raises(SystemExit, match="theirlib.* no usable wheels"):
            refresh.uv("pip", "compile", "theirs.in", "-o", "theirs.txt", cwd=work, **variables)
