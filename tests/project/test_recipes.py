"""The recipes of docs/recipes.md that change main.py: pasted as printed, checked by the function's own tools, served."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import recipes
from tests.support.deploying import described, flags
from tests.support.fake_cloud import fake_cloud, gcloud_environment
from tests.support.folders import append, edit
from tests.support.loopback import loopback
from tests.support.processes import check_output, environment, posix_only, require_tool, run
from tests.support.serving import JSON, served_by
from tests.support.types import Bake

pytestmark = [pytest.mark.slow, posix_only]
PAGE = "https://www.example.com"
TRACE = "0123456789abcdef0123456789abcdef"
ALLOWED = "Access-Control-Allow-Origin"


def test_all_recipes_together_pass_the_functions_own_checks(stocked: Bake, home: Path) -> None:
    project = stocked()
    for change in (recipes.cors, recipes.pydantic, recipes.traces, recipes.second):
        change(project)
    modules = [
        block
        for heading in (recipes.CLIENT, recipes.CALL, recipes.SLOW, recipes.ONCE)
        for block in recipes.code(heading)
    ]
    recipes.files(*modules)(project)
    scripts, env = project / ".venv" / "bin", environment(home, PYTHONDONTWRITEBYTECODE="1")
    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "."]):
        check_output(run(scripts / command[0], *command[1:], cwd=project, env=env))
    # The guard looks at what main.py imports.
    append("main.py", "\n\nfrom localpackage import calls, orders, prices, texts\n")(project)
    done = check_output(run(scripts / "pytest", "-q", "-p", "no:cacheprovider", cwd=project, env=env))
    assert "failed" not in done and "OTEL_EXPORTER_OTLP_ENDPOINT, which neither deploy.yaml" in done


def test_page_says_what_each_package_costs() -> None:
    priced = [name for row in recipes.rows(recipes.COST) for name in row]
    assert sorted(priced) == recipes.packages()


def test_web_pages_may_call(stocked: Bake, home: Path) -> None:
    project = stocked()
    preflight: Mapping[str, Any] = {"method": "OPTIONS", "headers": {"Origin": PAGE}}
    with recipes.serve(project, home) as function:
        assert function.ask(**preflight)[0] == 405
    recipes.cors(project)
    with recipes.serve(project, home) as function:
        status, body, headers = function.ask(**preflight)
        assert (status, body, headers[ALLOWED], headers["Vary"]) == (204, b"", PAGE, "Origin")
        assert headers["Access-Control-Allow-Methods"] == "GET, POST"
        assert headers["Access-Control-Allow-Headers"] == "Content-Type"
        for body, status in ((b'{"name": "Ada"}', 200), (b"[]", 400)):
            answer, _, headers = function.ask(body=body, headers={**JSON, "Origin": PAGE})
            assert (answer, headers[ALLOWED]) == (status, PAGE)
        others: list[dict[str, str]] = [{"Origin": "https://example.com"}, {}]
        for other in others:
            _, _, headers = function.ask(headers=other)
            assert ALLOWED not in headers and headers["Vary"] == "Origin"


def test_pydantic_checks_a_request(stocked: Bake, home: Path) -> None:
    project = stocked()
    recipes.pydantic(project)
    [refusal] = recipes.code(recipes.PYDANTIC, "json")
    edit("main.py", 'json_body(request).get("name")', "read_order(request).product")(project)
    with recipes.serve(project, home) as function:
        for body, status, answer in (
            ('{"product": "tea", "pieces": 1}', 200, {"message": "Hello, tea!"}),
            ('{"product": "tea", "pieces": 0}', 400, json.loads(refusal)),
            ('{"product": 1, "pieces": 1}', 400, {"error": "product: Input should be a valid string"}),
            ("{}", 400, {"error": "product: Field required"}),
            ("[]", 400, {"error": "the body must be a JSON object"}),
            ("{", 400, {"error": "the body is not valid JSON"}),
        ):
            found, raw, _ = function.ask(body=body.encode(), headers=JSON)
            assert (found, json.loads(raw)) == (status, answer)
        assert [entry["severity"] for entry in function.entries()] == ["WARNING"] * 5


class Sink:
    """A collector that keeps what it is sent and answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.spans: list[bytes] = []

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        if (method, path) != ("POST", "/v1/traces"):
            return 404, {}
        self.spans.append(body)
        return self.status, {}


def test_request_is_a_span_of_its_callers_trace(stocked: Bake, home: Path) -> None:
    project, sink = stocked(), Sink()
    recipes.traces(project)
    headers = {"traceparent": f"00-{TRACE}-0123456789abcdef-01"}
    with loopback(sink.answer) as there:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": there, "OTEL_SERVICE_NAME": "shop"}
        with recipes.serve(project, home, **variables) as function:
            assert function.ask(headers=headers)[0] == 200
            # It is there as soon as the answer is.
            [span] = sink.spans
            for part in (bytes.fromhex(TRACE), bytes.fromhex("0123456789abcdef"), b"hello_function", b"shop"):
                assert part in span
            sink.status = 503
            assert function.ask(headers=headers)[0] == 200
            assert any(entry["severity"] == "ERROR" and "export" in entry["message"] for entry in function.entries())


def test_without_an_endpoint_nothing_is_sent(stocked: Bake, home: Path) -> None:
    project = stocked()
    recipes.traces(project)
    with recipes.serve(project, home) as function:
        assert function.ask()[0] == 200
        assert function.entries() == []


def test_second_function_is_served_and_deployed(stocked: Bake, home: Path) -> None:
    require_tool("gcloud")
    project = stocked()
    recipes.second(project)
    start, deploy = "".join(recipes.code(recipes.SECOND, "sh")).splitlines()
    env = environment(home)
    with served_by(f"{project}/.venv/bin/{start}", project, home / "log", env) as function:
        assert json.loads(function.ask()[1]) == {"message": "Goodbye!"}
    with fake_cloud() as there:
        env = gcloud_environment(home, **there.environment())
        check_output(run(*shlex.split(deploy), cwd=project, env=env))
        assert there.created["name"].endswith("/goodbye-function")
        assert described(there.created) == flags(project) | {"--entry-point": "goodbye_function"}
