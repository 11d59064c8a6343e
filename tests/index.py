"""What is known of vulnerabilities, from the package index that uv.lock names, as a service on loopback.

It speaks the protocol of OSV, which pip-audit can be pointed at: the real services are out of reach on many machines.
"""

import json
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from support import PATIENCE, ROOT, loopback


class Advisories:
    """Answers what the index knows; keeps what it was asked, and the versions that the index told nothing of."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.unknown: list[str] = []

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer one query of OSV's protocol: a package and its version, for a list of advisories."""
        query = json.loads(body)
        name, version = query["package"]["name"], query["version"]
        self.asked.append(f"{name}=={version}")
        found = of_version(name, version)
        if found is None:
            self.unknown.append(f"{name}=={version}")
        return 200, {"vulns": [in_osv(name, advisory) for advisory in found or []]}


def of_version(name: str, version: str) -> list[dict[str, Any]] | None:
    """Return the advisories of one version; None where the index does not tell, as some mirrors do of older ones."""
    for path in (f"{name}/{version}", name):
        facts = of_index(f"{path}/json")
        if facts and facts["info"]["version"] == version:
            return [advisory for advisory in facts["vulnerabilities"] if not advisory["withdrawn"]]
    return None


@cache
def of_index(path: str) -> dict[str, Any] | None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    index = next(p["source"]["registry"] for p in packages if "registry" in p["source"]).removesuffix("/simple")
    try:
        with urllib.request.urlopen(f"{index}/pypi/{path}", timeout=PATIENCE) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


def in_osv(name: str, advisory: dict[str, Any]) -> dict[str, Any]:
    """Return an advisory of the index in OSV's form (https://ossf.github.io/osv-schema/)."""
    events = [{"introduced": "0"}, *({"fixed": version} for version in advisory["fixed_in"])]
    return {
        "id": advisory["id"],
        "aliases": advisory["aliases"],
        "details": advisory["details"],
        "affected": [
            {
                "package": {"name": name, "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
        ],
    }


@contextmanager
def advisories() -> Iterator[Advisories]:
    """Serve the advisories until the block ends."""
    here = Advisories()
    with loopback(here.answer) as here.url:
        yield here
