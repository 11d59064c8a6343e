"""Print the benchmarks as Markdown: all of them, or the parts that are named."""

import importlib
import os
import platform
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psutil

SECTIONS = ("bake", "first_answer", "throughput", "install", "own_tests")
HEAD = """# Benchmarks

The last run of `uv run python -m benchmarks > docs/benchmarks.md`, made on {day}. It needs Linux, a package index,
and [wrk](https://github.com/wg/wrk) (`apt-get install wrk`). Names after the command choose parts:
`{sections}`.

Machine: {cores} cores ({processor}), {memory:.0f} GB, {system}, CPython {python}; cookiecutter {cookiecutter}.

A figure with brackets compares two things of one run: they take turns, and it is the median of the ratios of each pair,
with its 95 per cent interval (by the order of the values alone). Milliseconds are this machine's; the ratios hold
elsewhere. What they mean is told [below](#what-the-figures-say).
"""


def processor() -> str:
    """Return the name that Linux gives to the first processor."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def main(wanted: list[str]) -> int:
    if unknown := set(wanted) - set(SECTIONS):
        print(f"No such part: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}.", file=sys.stderr)
        return 2
    facts = {
        "day": date.today().isoformat(),
        "sections": "`, `".join(SECTIONS),
        "cores": os.cpu_count(),
        "processor": processor(),
        "memory": psutil.virtual_memory().total / 2**30,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "cookiecutter": version("cookiecutter"),
    }
    print(HEAD.format(**facts))
    for section in SECTIONS:
        if section in wanted or not wanted:
            print(section, end=" ", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory() as folder:
                print(importlib.import_module(f"benchmarks.{section}").report(Path(folder)), flush=True)
    print(Path(__file__).with_name("reading.md").read_text("utf-8"), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
