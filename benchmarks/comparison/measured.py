"""Make, test, mutate and ask one generator."""

import ast
import copy
import os
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.comparison.peer import Peer
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT
from tests.support.types import Done

HEAD = (
    "", "version", "makes", "its own tests", "mutants seen", "pinned packages", "events answered",
    "uploaded of what was planted", "updates",
)  # fmt: skip
# The second is how Google's console names a key that is downloaded from it.
PLANTED = ("sa-key.json", "my-project-0123456789ab.json", ".env")


def shell(work: Path, commands: str) -> Done:
    """Run a peer's commands in its folder, with this environment's tools and no account of anyone."""
    tools = work.parent / "tools"
    tools.mkdir(exist_ok=True)
    python = Path(sys.executable).resolve()
    # firebase makes an environment with the newest Python, by this name.
    if not (newest := tools / "python3.14").exists():
        newest.symlink_to(python)
    path = (str(Path(sys.executable).parent), str(python.parent), os.environ["PATH"], str(tools))
    more = {
        "PATH": os.pathsep.join(path), "REPOSITORY": str(ROOT), "UV_PYTHON": sys.executable,
        "PYTHON_VERSION": platform.python_version().rpartition(".")[0],
        "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    return run("bash", "-euc", commands, cwd=work, env=environment(work.parent, **more))


def mutants(source: str, name: str) -> Iterator[str]:
    """Yield four broken sources: the import fails, the function raises, has another name, answers nothing."""
    yield "import no_such_module\n" + source
    for body in ("raise RuntimeError", None, "return None"):
        tree = copy.deepcopy(ast.parse(source))
        kinds = ast.FunctionDef | ast.AsyncFunctionDef
        function = next(node for node in ast.walk(tree) if isinstance(node, kinds) and node.name == name)
        if body:
            function.body = ast.parse(body).body
        else:
            function.name += "_renamed"
        yield ast.unparse(tree)


def own_tests(work: Path, peer: Peer) -> tuple[str, str]:
    """Return whether a peer's own tests pass, and how many of four mutants they see."""
    if not peer.test:
        return "none", ""

    def pass_now(more: str = "PYTHONDONTWRITEBYTECODE=1") -> bool:
        command = f"cd {peer.project} && {more} {work}/env/bin/python -m pytest -q {peer.test}"
        return shell(work, command).returncode == 0

    # This writes the packages' bytecode, which the mutants' runs read.
    if not pass_now(""):
        return "fail", ""
    main, seen = work / peer.main, []
    source = main.read_text("utf-8")
    for mutant in mutants(source, peer.function):
        main.write_text(mutant, "utf-8")
        seen.append(not pass_now())
    main.write_text(source, "utf-8")
    return "pass", f"{sum(seen)} of {len(seen)}"


def install(work: Path, project: str, what: str) -> None:
    check_output(shell(work, f"cd {project} && uv pip install -q --python {work}/env {what}"))


def pinned(work: Path, peer: Peer) -> str:
    """Return how many of the packages that are installed for a deployed function are pinned."""
    installed = len(check_output(shell(work, f"uv pip list -q --format freeze --python {work}/env")).splitlines())
    if not peer.lock or not installed:
        return "names none"
    text = (work / peer.project / peer.lock).read_text("utf-8")
    pins = len(re.findall(r"(?m)^[\w.-]+(?:\[.*?\])?==", text))
    return f"{pins} of {installed}" + (", hashed" if "--hash=" in text else "")


def answered(work: Path, peer: Peer) -> str:
    """Return which of a peer's events its functions answer with 200."""
    found = []
    for event, make, target in peer.events:
        check_output(shell(work, make))
        main, _, function = target.partition(":")
        install(work, str(Path(main).parent), peer.deployed)
        # So that ours raises for an event that it would give up, instead of answering 200.
        probe = f"DEAD_LETTER=true {work}/env/bin/python $REPOSITORY/benchmarks/comparison/probe.py"
        done = shell(work, f"{probe} {work / main} {function} {event}")
        found += [event] if done.stdout.splitlines()[-1:] == ["200"] else []
    return f"{len(found)} of {len(peer.events)}" if peer.events else peer.no_events


def uploaded(work: Path, peer: Peer) -> str:
    """Return which planted files an upload takes, by the list of the peer's own tool."""
    if not peer.uploads:
        return "not asked"
    main = work / peer.main
    for name in PLANTED:
        main.with_name(name).write_text("planted")
    listed = check_output(shell(work, peer.uploads))

    def takes(name: str) -> bool:
        return bool(re.search(rf"(?m)(?:^|[\s/]){re.escape(name)}(?:\s|$)", listed))

    assert takes(main.name), f"{peer.name} uploads no {main.name}:\n{listed}"
    return ", ".join(f"`{name}`" for name in PLANTED if takes(name)) or "none"


def row(work: Path, peer: Peer) -> list[str]:
    """Make, install, test, mutate and ask one peer in an empty folder; return its line of the table."""
    print(peer.name, file=sys.stderr)
    check_output(shell(work, peer.make))
    check_output(shell(work, f"uv venv -q --python {sys.executable} env"))
    install(work, peer.project, peer.deployed)
    pins = pinned(work, peer)
    install(work, peer.project, peer.testing)
    tests, seen = own_tests(work, peer)
    events, takes = answered(work, peer), uploaded(work, peer)
    return [peer.name, peer.version, peer.makes, tests, seen, pins, events, takes, peer.updates]
