"""Benchmarks: `uv run python -m benchmarks` prints a new docs/benchmarks.md; see there.

What the tests know of the template and of serving a function is used here too.
"""

import os

# As on most machines, whatever is set on this one: what Python compiles it keeps.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
