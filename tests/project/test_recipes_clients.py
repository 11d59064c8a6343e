"""The recipe of docs/recipes.md for clients, for each service on the page: in tests, and in the real server."""

import ast
import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import recipes
from tests.support.emulators import PUBSUB, emulator
from tests.support.folders import append, edit
from tests.support.loopback import loopback
from tests.support.pages import under
from tests.support.processes import check_output, environment, posix_only, require_tool, run
from tests.support.pubsub import call
from tests.support.types import Bake, Done

pytestmark = [pytest.mark.slow, posix_only]


def fake(use: ast.expr) -> str:
    """Return what a test sets so that a call such as `client().get(name).text` gives it a value."""
    if isinstance(use, ast.Call):
        return "fake" if ast.unparse(use) == "client()" else f"{fake(use.func)}.return_value"
    assert isinstance(use, ast.Attribute)
    return f"{fake(use.value)}.{use.attr}"


def client_recipes() -> dict[str, tuple[str, str]]:
    """Return the module and the test for each service, by its package: as printed, and as the table changes them."""
    module, test = recipes.code(recipes.CLIENT)
    [printed] = re.findall(r"str\((client\(\).*)\)", module)
    found = {"google-cloud-storage": (module, test)}
    for package, imported, use in recipes.rows(recipes.CLIENT):
        name = package.replace("-", "_")
        changes = {
            "from google.cloud.storage import Client": imported,
            printed: use,
            fake(ast.parse(printed, mode="eval").body): fake(ast.parse(use, mode="eval").body),
            "texts": name,
        }
        texts = [module, test]
        for old, new in changes.items():
            texts = [text.replace(old, new) for text in texts]
        found[package] = (texts[0], texts[1])
    return found


def cut_off(project: Path, home: Path, *tests: str) -> Done:
    """Run some tests of a project without credentials and without a network."""
    command = (require_tool("unshare"), "--net", project / ".venv" / "bin" / "python", "-m", "pytest", "-q")
    return run(*command, "-p", "no:cacheprovider", *tests, cwd=project, env=environment(home))


def test_clients_are_replaced_in_tests(stocked: Bake, home: Path) -> None:
    project = stocked()
    services = client_recipes()
    assert len(services) == 4
    for service in services.values():
        recipes.files(*service)(project)
    tests = [test.partition("\n")[0].removeprefix("# ") for _, test in services.values()]
    assert "4 passed" in check_output(cut_off(project, home, *tests))
    for module, _ in services.values():
        at_import = module.replace("@cache\n", "CLIENT = Client()\n\n\n").replace("return Client()", "return CLIENT")
        recipes.files(at_import)(project)
    done = cut_off(project, home, *tests)
    # requests needs no credentials.
    assert "\n3 errors in " in done.stdout
    assert done.stdout.count("\nE   google.auth.exceptions.DefaultCredentialsError") == 3


def test_client_works_in_the_server(stocked: Bake, home: Path) -> None:
    def bucket(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        there = path.startswith("/download/storage/v1/b/my-bucket/o/Ada?")
        return (200, "Hello from the bucket") if there else (404, {})

    project = stocked()
    recipes.files(*recipes.code(recipes.CLIENT))(project)
    recipes.calling("texts", "texts.read(name)")(project)
    with (
        loopback(bucket) as there,
        recipes.serve(project, home, STORAGE_EMULATOR_HOST=there, GOOGLE_CLOUD_PROJECT="demo") as function,
    ):
        assert json.loads(function.ask("/?name=Ada")[1]) == {"message": '"Hello from the bucket"'}
        assert function.ask("/?name=Bob")[0] == 500


GIVING_UP = """
from google.cloud.storage import Client
from google.cloud.storage.retry import DEFAULT_RETRY
for name, call in {calls}.items():
    try:
        eval("Client().bucket('my-bucket').blob(name)." + call)
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_client_gives_up_as_told(stocked: Bake, home: Path) -> None:
    asked: list[str] = []

    def down(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        asked.append(path)
        return 503, {}

    once, longer = re.findall(r"`(download_as_text\(.+?\))`", under(recipes.SLOW, recipes.RECIPES))
    code = GIVING_UP.format(calls={"once": once, "longer": longer.replace("20", "1")})
    with loopback(down) as there:
        env = environment(home, STORAGE_EMULATOR_HOST=there, GOOGLE_CLOUD_PROJECT="demo")
        python = stocked() / ".venv" / "bin" / "python"
        errors = check_output(run(python, "-c", code, cwd=home, env=env)).splitlines()
    assert [error.split()[0] for error in errors] == ["ServiceUnavailable", "RetryError"]
    assert "Timeout of 1.0s exceeded" in errors[1]
    assert asked.count("/download/storage/v1/b/my-bucket/o/once?alt=media") == 1


def test_work_for_later_is_published(stocked: Bake, home: Path) -> None:
    project = stocked()
    module, _ = client_recipes()["google-cloud-pubsub"]
    work = "".join(f"    {line}\n" for line in recipes.code(recipes.LATER)[0].splitlines())
    recipes.files(module)(project)
    append("localpackage/google_cloud_pubsub.py", f"\n\ndef publish(order: dict[str, str]) -> None:\n{work}")(project)
    edit("localpackage/google_cloud_pubsub.py", "from functools", "import json\nfrom functools")(project)
    recipes.calling("google_cloud_pubsub", "str(google_cloud_pubsub.publish({'of': name or ''}))")(project)
    with emulator(PUBSUB, home) as place:
        address = f"http://{place}/v1/projects/my-project"
        with recipes.serve(project, home, PUBSUB_EMULATOR_HOST=place) as function:
            assert function.ask("/?name=Ada")[0] == 500
            assert "Topic not found" in function.entries()[-1]["message"]
            call(f"{address}/topics/my-topic", "PUT", {})
            call(f"{address}/subscriptions/one", "PUT", {"topic": "projects/my-project/topics/my-topic"})
            assert function.ask("/?name=Ada")[0] == 200
            [received] = call(f"{address}/subscriptions/one:pull", "POST", {"maxMessages": 1})["receivedMessages"]
    assert base64.b64decode(received["message"]["data"]) == b'{"of": "Ada"}'
