"""An index of an organisation that asks for a login: it is found outside of the lock files, which do not hold it."""

import base64
import http.server
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.builder import INSTALLERS, build
from tests.support.fake_cloud import deploy, fake_cloud
from tests.support.folders import append
from tests.support.guard import guard
from tests.support.loopback import listen
from tests.support.pages import both_pages, lock_commands
from tests.support.processes import check_output, environment, posix_only, require_tool, run
from tests.support.types import Bake
from tests.support.wheels import wheel

pytestmark = pytest.mark.slow
LOGIN = "Basic " + base64.b64encode(b"ada:pa55word").decode()


class Index(http.server.BaseHTTPRequestHandler):
    """Offers one package to whoever has the login, and nothing else to anybody."""

    def do_GET(self) -> None:
        pages = {"/simple/ourlib/": b'<a href="/ourlib-1.0-py3-none-any.whl">ourlib-1.0-py3-none-any.whl</a>',
                 "/ourlib-1.0-py3-none-any.whl": wheel("ourlib", "1.0")}  # fmt: skip
        status = 401 if self.headers.get("Authorization") != LOGIN else 200 if self.path in pages else 404
        body = pages[self.path] if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("WWW-Authenticate", "Basic")
        self.end_headers()
        self.wfile.write(body if self.command == "GET" else b"")

    do_HEAD = do_GET

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def index() -> Iterator[str]:
    """Serve the index until the test ends; yield host and port."""
    with listen(Index) as address:
        yield address


@pytest.fixture
def asks(fresh: Bake, index: str) -> tuple[Path, list[str]]:
    """A project that asks the index for its one requirement, and the command that locks it."""
    project = fresh()
    (project / "requirements.in").write_text(f"--index-url=http://{index}/simple\nourlib\n")
    return project, [*lock_commands(project)[0].split()[1:], "--emit-index-url", "--no-cache"]


NETRC = append(".netrc", "machine 127.0.0.1 login ada password pa55word\n")


@pytest.mark.parametrize("login", ["netrc", "uv auth login", "in the address"])
def test_login_stays_out_of_the_lock(
    asks: tuple[Path, list[str]], scripts: Path, home: Path, index: str, login: str
) -> None:
    (project, lock), env = asks, environment(home)
    refused = run(scripts / "uv", *lock, cwd=project, env=env)
    assert refused.returncode and "401 Unauthorized" in refused.stdout
    if login == "netrc":
        NETRC(home)
    elif login == "uv auth login":
        stored = [*login.split()[1:], f"http://{index}", "--username=ada", "--password=-"]
        check_output(run(scripts / "uv", *stored, cwd=project, env=env, stdin="pa55word"))
    else:
        # As it is often done, and uv writes it down as it is.
        env["UV_INDEX_URL"] = f"http://ada:pa55word@{index}/simple"
    check_output(run(scripts / "uv", *lock, cwd=project, env=env))
    text = (project / "requirements.txt").read_text("utf-8")
    assert "ourlib==1.0" in text and f"{index}/simple" in text
    said = guard(scripts, project, home).stdout
    there = login == "in the address"
    assert there == ("pa55word" in text) == (f"requirements.txt holds a login for {index}" in said)
    assert "pa55word" not in said


@posix_only
@pytest.mark.parametrize("installer", INSTALLERS)
def test_build_finds_the_login_in_netrc(
    asks: tuple[Path, list[str]], home: Path, tmp_path: Path, index: str, installer: str
) -> None:
    """As Google's builder writes it for Artifact Registry. A user name in the address keeps pip from looking there."""
    python, layer, env = require_tool("python3.13"), tmp_path / "layer", environment(home)
    project, _ = asks
    lock = f"--index-url http://{index}/simple\nourlib==1.0\n"
    (project / "requirements.txt").write_text(lock)
    refused = build(installer, python, project, layer, env)
    assert refused.returncode and ("401 Unauthorized" if installer == "uv" else "User for 127.0.0.1") in refused.stdout
    NETRC(home)
    check_output(build(installer, python, project, layer, env))
    assert list(layer.rglob("ourlib.py"))
    (project / "requirements.txt").write_text(lock.replace("http://", "http://ada@"))
    named = build(installer, python, project, tmp_path / "named", env)
    assert (named.returncode == 0) == (installer == "uv")


def test_printed_variable_reaches_the_build(fresh: Bake, home: Path) -> None:
    require_tool("gcloud")
    project = fresh(python_version="3.14")
    [variable] = re.findall(r"`(GOOGLE_PYTHON_\w+: \w+)`", both_pages(project))
    append("deploy.yaml", f"--update-build-env-vars:\n  {variable}\n")(project)
    with fake_cloud() as there:
        check_output(deploy(project, home, there))
    assert there.created["buildConfig"]["environmentVariables"] == {"GOOGLE_PYTHON_PACKAGE_MANAGER": "pip"}
