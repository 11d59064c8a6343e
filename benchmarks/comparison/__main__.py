"""Print docs/comparison.md, or only the rows of generators whose names have one of the words."""

import sys
import tempfile
from pathlib import Path

from benchmarks.comparison.packages import PACKAGES
from benchmarks.comparison.page import page, rows
from benchmarks.comparison.repositories import REPOSITORIES


def main(words: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        chosen = tuple(peer for peer in PACKAGES + REPOSITORIES if any(word in peer.name for word in words))
        print(rows(Path(folder), chosen) if words else page(Path(folder)), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
