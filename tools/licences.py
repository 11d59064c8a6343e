"""The licences of what a function ships, as each distribution states its own; `tools/refresh.py` writes them down."""

import re
from collections.abc import Collection, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

HEAD = """# Licences

What the locks of each trigger install in the cloud, and under which licence, as the distribution itself states it
(`License-Expression`, else its classifiers, else `License`). Written by `tools/refresh.py`. What is generated is yours:
the template's own MIT licence asks nothing of a function that it made.

| distribution | licence | in the functions of |
|---|---|---|
"""


def licence(distribution: Distribution) -> str:
    """Return what a distribution states as its licence (core metadata 2.4); raise SystemExit if it states none."""

    def field(name: str) -> list[str]:
        return distribution.metadata.get_all(name) or []

    classifiers = [said.rpartition(" :: ")[2] for said in field("Classifier") if said.startswith("License ::")]
    stated = field("License-Expression") or classifiers or field("License")
    if not any(stated):
        raise SystemExit(f"{distribution.name} states no licence: look it up before it ships.")
    return " ".join(", ".join(stated).split())


def table(site: Path, locks: Mapping[str, Collection[str]]) -> str:
    """Return the page of licences: `locks` has the normalised names of what each trigger's functions ship."""
    stated = {normal(found.name): licence(found) for found in distributions(path=[str(site)]) if shipped(found, locks)}
    rows = []
    for name, said in sorted(stated.items()):
        triggers = [trigger for trigger, names in locks.items() if name in names]
        rows.append(f"| {name} | {said} | {'all triggers' if len(triggers) == len(locks) else ', '.join(triggers)} |\n")
    return HEAD + "".join(rows)


def shipped(distribution: Distribution, locks: Mapping[str, Collection[str]]) -> bool:
    return any(normal(distribution.name) in names for names in locks.values())


def normal(name: str) -> str:
    """Return a distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
