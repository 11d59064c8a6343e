"""An index of an organisation that asks for a login: uv finds it in ~/.netrc, and the lock files do not hold it."""

import base64
import http.server
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud import cloud, deploy
from support import append, environment, must, need, run
from test_guard import guard
from test_locks import lock_commands

pytestmark = pytest.mark.slow
LOGIN = "Basic " + base64.b64encode(b"ada:pa55word").decode()


def wheel() -> bytes:
    """Return a package of the organisation's."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ourlib.py", "")
        archive.writestr("ourlib-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: ourlib\nVersion: 1.0\n")
        archive.writestr("ourlib-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("ourlib-1.0.dist-info/RECORD", "")
    return packed.getvalue()


class Index(http.server.BaseHTTPRequestHandler):
    """Offers one package to whoever has the login, and nothing else to anybody."""

    def do_GET(self) -> None:
        pages = {"/simple/ourlib/": b'<a href="/ourlib-1.0-py3-none-any.whl">ourlib-1.0-py3-none-any.whl</a>',
                 "/ourlib-1.0-py3-none-any.whl": wheel()}  # fmt: skip
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
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("netrc", [True, False])
def test_the_login_stays_out_of_the_lock(fresh: Any, scripts: Path, home: Path, index: str, netrc: bool) -> None:
    project = fresh()
    (project / "requirements.in").write_text(f"--index-url=http://{index}/simple\nourlib\n")
    command: list[str | Path] = [scripts / "uv", *lock_commands(project)[0].split()[1:], "--emit-index-url"]
    env = environment(home, UV_NO_CACHE="1")
    if netrc:
        append(".netrc", "machine 127.0.0.1 login ada password pa55word\n")(home)
        must(run(*command, cwd=project, env=env))
    else:
        assert run(*command, cwd=project, env=env).returncode
        # As it is often done: the login in the address, which uv writes down as it is.
        must(run(*command, cwd=project, env={**env, "UV_INDEX_URL": f"http://ada:pa55word@{index}/simple"}))
    text = (project / "requirements.txt").read_text("utf-8")
    assert "ourlib==1.0" in text and f"{index}/simple" in text
    said = guard(scripts, project, home).stdout
    assert ("pa55word" in text) == (f"requirements.txt holds a login for {index}" in said) == (not netrc)
    assert "pa55word" not in said


# As Google's buildpacks have them; into a folder of the test's own.
PIP = "python -m pip install --upgrade --upgrade-strategy only-if-needed --force-reinstall --no-compile --no-cache-dir"
UV = "uv pip install --reinstall --link-mode=copy --no-cache"


@pytest.mark.parametrize("installer", [PIP, UV], ids=["pip", "uv"])
def test_the_builders_installers_sign_in_by_netrc(
    fresh: Any, scripts: Path, home: Path, tmp_path: Path, index: str, installer: str
) -> None:
    project, layer, netrc = fresh(), tmp_path / "layer", home / ".netrc"
    (project / "requirements.in").write_text(f"--index-url=http://{index}/simple\nourlib\n")
    lock: list[str | Path] = [scripts / "uv", *lock_commands(project)[0].split()[1:], "--emit-index-url"]
    append(".netrc", "machine 127.0.0.1 login ada password pa55word\n")(home)
    must(run(*lock, cwd=project, env=environment(home, UV_NO_CACHE="1")))
    assert f"\n--index-url http://{index}/simple\n" in (project / "requirements.txt").read_text("utf-8")
    netrc.rename(home / "away")
    tool, *options = installer.split()
    command: list[str | Path] = [scripts / tool, *options, "--target", layer, "-r", "requirements.txt"]
    refused = run(*command, cwd=project, env=environment(home))
    assert refused.returncode and not (layer / "ourlib.py").exists()
    assert {PIP: "User for 127.0.0.1", UV: "401 Unauthorized"}[installer] in refused.stdout, refused.stdout
    (home / "away").rename(netrc)
    must(run(*command, cwd=project, env=environment(home)))
    assert (layer / "ourlib.py").exists()


def test_the_readmes_variable_reaches_the_build(fresh: Any, home: Path) -> None:
    need("gcloud")
    project = fresh(python_version="3.14")
    [variable] = re.findall(r"`(GOOGLE_PYTHON_\w+: \w+)`", (project / "README.md").read_text("utf-8"))
    append("deploy.yaml", f"--update-build-env-vars:\n  {variable}\n")(project)
    with cloud() as there:
        must(deploy(project, home, there))
    assert there.created["buildConfig"]["environmentVariables"] == {"GOOGLE_PYTHON_PACKAGE_MANAGER": "pip"}
