"""The recipes of docs/recipes.md for calls: to another function, to a slow server, and to Firestore, once per event."""

import base64
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support import recipes
from tests.support.emulators import FIRESTORE, emulator
from tests.support.folders import append, edit
from tests.support.loopback import listen, loopback
from tests.support.processes import check_output, environment, posix_only, run
from tests.support.questions import variables
from tests.support.serving import sample
from tests.support.types import Bake

pytestmark = [pytest.mark.slow, posix_only]
RUNNER = "runner@my-project.iam.gserviceaccount.com"


def token(audience: str) -> str:
    """Return an identity token for an audience, without a signature."""
    claims = {"aud": audience, "email": RUNNER, "exp": 32503680000}
    parts = ({"alg": "RS256"}, claims, "")
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


class Metadata(BaseHTTPRequestHandler):
    """The metadata server of an instance. It refuses whoever does not ask as it wants, and counts the tokens."""

    tokens = 0

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        account = "/computeMetadata/v1/instance/service-accounts/default/"
        audience = parse_qs(asked.query).get("audience", [""])[0]
        known = {"/": "", account: json.dumps({"email": RUNNER}), f"{account}identity": token(audience)}
        allowed = self.headers["Metadata-Flavor"] == "Google" and asked.path in known
        Metadata.tokens += asked.path.endswith("identity")
        self.send_response(200 if allowed else 403)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", "application/json" if asked.path == account else "text/html")
        self.end_headers()
        self.wfile.write(known[asked.path].encode() if allowed else b"")

    def log_message(self, *arguments: object) -> None:
        pass


def test_function_calls_another_with_a_token(stocked: Bake, home: Path) -> None:
    """The other is behind Cloud Run, which lets in whom its owner named, with a token for its own address."""
    invited, Metadata.tokens = True, 0

    def cloud_run(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        # google-auth writes the name in lower case.
        if {"authorization": f"Bearer {token(url)}"}.items() <= headers.items():
            return (200, {"method": method, "got": json.loads(body)}) if invited else (403, {})
        return 401, {}

    project = stocked()
    recipes.files(*recipes.code(recipes.CALL))(project)
    recipes.calling("calls", "str(calls.call(request.args['url'], {'name': name}))")(project)
    with (
        listen(Metadata) as metadata,
        loopback(cloud_run) as url,
        recipes.serve(project, home, GCE_METADATA_HOST=metadata, GCE_METADATA_IP=metadata) as function,
    ):
        for _ in range(2):
            status, answer, _ = function.ask(f"/?name=Ada&url={url}")
            assert (status, json.loads(answer)) == (200, {"message": "{'method': 'POST', 'got': {'name': 'Ada'}}"})
        assert Metadata.tokens == 1
        # The same server under another name, for which the token is not.
        assert function.ask(f"/?name=Ada&url={url.replace('127.0.0.1', 'localhost')}")[0] == 500
        assert "401 Client Error" in function.entries()[-1]["message"]
        invited = False
        assert function.ask(f"/?name=Ada&url={url}")[0] == 500
        assert "403 Client Error" in function.entries()[-1]["message"]


class Slow(BaseHTTPRequestHandler):
    """A server that says nothing at /silent, and else one byte after the other until the test is over."""

    over = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not Slow.over.wait(0.05) and self.path != "/silent":
            try:
                self.wfile.write(b"1")
            except OSError:
                return
        Slow.over.wait()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.mark.parametrize(
    ("trigger", "shorter", "path", "error"),
    [
        ("http", ("(3, 10)", "(3, 0.5)"), "/silent", "Read timed out"),
        ("async-http", ("timeout(10)", "timeout(0.5)"), "/", "\nTimeoutError"),
    ],
)
def test_slow_server_is_given_up(
    stocked: Bake, home: Path, trigger: str, shorter: tuple[str, str], path: str, error: str
) -> None:
    project = stocked(trigger=trigger)
    [block] = [block for block in recipes.code(recipes.SLOW) if ("async" in block) == (trigger == "async-http")]
    assert shorter[0] in block
    recipes.files(block.replace(*shorter))(project)
    if trigger == "async-http":
        # By itself, httpx gives up after 5 seconds.
        code = "from localpackage import prices; print(prices.client().timeout)"
        command = project / ".venv" / "bin" / "python", "-c", code
        assert check_output(run(*command, cwd=project, env=environment(home))) == "Timeout(timeout=None)\n"
    call = "prices.price(name or '')"
    recipes.calling("prices", call)(project)
    Slow.over.clear()
    with (
        listen(Slow) as there,
        recipes.serve(project, home, **variables(trigger)) as function,
    ):
        try:
            assert function.ask(f"/?name=http://{there}{path}")[0] == 500
            assert any(error in entry["message"] for entry in function.entries())
        finally:
            Slow.over.set()


def test_event_is_counted_once(stocked: Bake, home: Path) -> None:
    project = stocked(trigger="pubsub")
    recipes.files(*recipes.code(recipes.ONCE))(project)
    edit("localpackage/script.py", "import json", "from localpackage import orders\nimport json")(project)
    append(
        "localpackage/script.py", "    logger.info('counted: %s', orders.count(message.source, message.event_id))\n"
    )(project)
    scripts = project / ".venv" / "bin"
    headers, body = sample(project, scripts, "pubsub")
    look = "from localpackage.orders import client; print(client().document('totals/orders').get().to_dict())"
    with emulator(FIRESTORE, home) as there:
        variables = {"FIRESTORE_EMULATOR_HOST": there, "GOOGLE_CLOUD_PROJECT": "demo-x"}
        with recipes.serve(project, home, **variables) as function:
            for number in ("1", "1", "2", "1"):
                assert function.ask(body=body, headers={**headers, "ce-id": number})[0] == 200
            said = [entry["message"] for entry in function.entries() if entry["message"].startswith("counted")]
        assert said == [f"counted: {first}" for first in (True, False, True, False)]
        env = environment(home, **variables)
        total = check_output(run(scripts / "python", "-c", look, cwd=project, env=env))
        assert total.splitlines()[-1] == "{'count': 2}"
