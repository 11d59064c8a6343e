"""What is measured while the workflow runs."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psutil


@dataclass
class Step:
    """What one version brought."""

    versions: str
    # Of each function but the last.
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    took: float = 0
    memory: float = 0
    at_once: int = 0
    drafts: dict[str, tuple[str, str]] = field(default_factory=dict)  # what it is and why, by function
    left: list[str] = field(default_factory=list)

    def read(self, starts: Path) -> None:
        """Take the times from the file that UVX wrote."""
        lines = [line.split() for line in starts.read_text().splitlines()] if starts.exists() else []
        ticks = os.sysconf("SC_CLK_TCK")
        for before, after in pairwise(lines):
            self.seconds.append(float(after[0]) - float(before[0]))
            self.cpu.append((sum(map(int, after[1:])) - sum(map(int, before[1:]))) / ticks)


@contextmanager
def peak(step: Step) -> Iterator[None]:
    """Keep the most memory that all processes below this one have at once."""
    over, me = threading.Event(), psutil.Process()

    def sample() -> None:
        while not over.wait(0.3):
            total = 0
            for process in me.children(recursive=True):
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            step.memory = max(step.memory, total / 1e6)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


# update.sh starts uvx once for each function. This one notes when, and what CPU time update.sh has taken so far.
UVX = """#!/bin/sh
pid=$PPID
while parent=$(cut -d ' ' -f 4 /proc/$pid/stat) && grep -qzx update.sh /proc/$parent/cmdline; do pid=$parent; done
echo "$(date +%s.%N) $(cut -d ' ' -f 16,17 /proc/$pid/stat)" >>{starts}
exec {uvx} "$@"
"""
