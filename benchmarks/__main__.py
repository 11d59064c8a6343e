"""Print docs/benchmarks.md, or one part of it."""

import argparse
import os
import platform
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks import bake, install, peers, serve

# Each is given an empty folder and the number of pairs, and returns its section of the page.
PARTS = {
    "bake": bake.report,
    "peers": peers.report,
    "first-answer": serve.first_answer,
    "throughput": serve.throughput,
    "install": install.report,
}


def head(pairs: int) -> str:
    """Return the beginning of the page: what it is, and what machine this is."""
    return f"""# Benchmarks

`uv run python -m benchmarks > docs/benchmarks.md` wrote this page on {date.today()}. It needs Linux, a package index
and [wrk](https://github.com/wg/wrk) (`apt-get install wrk`). To run one part only, name it:
{", ".join(f"`{part}`" for part in PARTS)}.

A ratio compares two things that took turns in one run, {pairs} times each. It is the median of the pairs' ratios, with
its 95 per cent interval in brackets. Ratios hold on other machines, times do not. This one: {os.cpu_count()} cores,
{platform.platform()}, Python {platform.python_version()}, cookiecutter {version("cookiecutter")}.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS)
    parser.add_argument("--pairs", type=int, default=20, help="how often each comparison is repeated (default: 20)")
    given = parser.parse_args()
    print(head(given.pairs))
    for part in [given.part] if given.part else PARTS:
        print(part, file=sys.stderr)
        with tempfile.TemporaryDirectory() as work:
            print(PARTS[part](Path(work), given.pairs), flush=True)


if __name__ == "__main__":
    main()
