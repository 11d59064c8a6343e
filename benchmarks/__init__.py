"""Benchmarks: `uv run python -m benchmarks > docs/benchmarks.md` measures what that page claims."""
