"""A fleet: `uv run python -m benchmarks.fleet > docs/fleet-benchmark.md` updates 200 functions over all versions."""
