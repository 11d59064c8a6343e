"""From the first command to passed tests, against `sam init`."""

import shutil
import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks import measure
from benchmarks.comparison.measured import shell
from benchmarks.comparison.packages import PACKAGES
from benchmarks.comparison.peer import Peer
from tests.support.processes import check_output

TEXT = """## To passed tests

Each generator makes a function, its packages are installed into a new environment, and its own tests pass. Ours include
ruff and mypy, and the guard. All caches are warm, and uvx starts both. Of the others on
[comparison.md](comparison.md), only AWS's `sam init` is in a package index and writes tests for a function. Each pair
takes long, so here they take turns {pairs} times:

{table}"""
OURS, SAM = (next(peer for peer in PACKAGES if name in peer.name) for name in ("fn-template", "sam init"))
UVX = f"uvx cookiecutter=={version('cookiecutter')}"
INSTALLERS = {
    "uv": "uv venv -q {env} && uv pip install -q --python {env} {packages}",
    "pip": "python -m venv {env} && {env}/bin/python -m pip install -q {packages}",
}


def seconds(work: Path, installer: str, peer: Peer) -> float:
    """Return the seconds from the command of a generator, in an empty folder, to passed tests."""
    folder = Path(tempfile.mkdtemp(dir=work))
    make = peer.make.replace("cookiecutter", UVX, 1)
    install = INSTALLERS[installer].format(env=folder / "env", packages=f"{peer.deployed} {peer.testing}")
    start = time.perf_counter()
    steps = (f"({make})", f"cd {peer.project}", install, f"{folder}/env/bin/python -m pytest -q {peer.test}")
    check_output(shell(folder, " && ".join(steps)))
    took = time.perf_counter() - start
    shutil.rmtree(folder)
    return took


def report(work: Path, pairs: int) -> str:
    pairs = max(pairs // 4, 1)
    rows = []
    for installer in INSTALLERS:
        run = partial(seconds, work, installer)
        theirs, ratio = measure.compare(partial(run, SAM), partial(run, OURS), pairs)
        rows.append((installer, f"{theirs:.1f} s", ratio))
    return TEXT.format(pairs=pairs, table=measure.table(("installed by", "sam takes", "ours / sam"), rows))
