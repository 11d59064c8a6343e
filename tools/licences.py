"""The page of the licences that a function ships, as each distribution states its own. tools/refresh.py writes it."""

from collections.abc import Collection, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

HEAD = """# Licences

This table lists what each trigger's locks install in the cloud, and the licence that each package states about itself
(`License-Expression`, else its classifiers, else `License`). `tools/refresh.py` writes it. The code you generate is
yours: the template's authors ask for no notice in it.

| package | licence | in the functions of |
|---|---|---|
"""


def licence(distribution: Distribution) -> str:
    """Return a distribution's licence by its own metadata; raise SystemExit if it states none."""

    def field(name: str) -> list[str]:
        return distribution.metadata.get_all(name) or []

    classifiers = [text.rpartition(" :: ")[2] for text in field("Classifier") if text.startswith("License ::")]
    stated = ", ".join(field("License-Expression") or classifiers or field("License")).split()
    if not stated:
        raise SystemExit(f"{distribution.name} states no licence: look it up before you ship it.")
    return " ".join(stated)


def page(site: Path, shipped: Mapping[str, Collection[NormalizedName]]) -> str:
    """Return the page: `shipped` has the names of what each trigger ships, all of it installed in `site`."""
    installed = {canonicalize_name(found.name): found for found in distributions(path=[str(site)])}
    rows = []
    for name in sorted(set().union(*shipped.values())):
        triggers = [trigger for trigger, names in shipped.items() if name in names]
        users = "all triggers" if len(triggers) == len(shipped) else ", ".join(triggers)
        rows.append(f"| {name} | {licence(installed[name])} | {users} |\n")
    return HEAD + "".join(rows)
