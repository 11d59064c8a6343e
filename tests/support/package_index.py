"""A stand-in for PyPI's vulnerability service. It asks the package index that uv.lock names.

pip-audit asks PyPI under its own name: a proxy on loopback answers for that name, with a certificate of its own.
"""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

from tests.support.certificates import certificate
from tests.support.loopback import loopback
from tests.support.questions import ROOT
from tests.support.waiting import PATIENCE

# What no index knows, as a package of one's own.
PRIVATE = "a-package-of-our-own-index"


class Advisories:
    """Answers what the index knows; keeps what it was asked, and the versions that the index told nothing of."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.asked: list[str] = []
        self.unknown: list[str] = []
        self.works = True

    def answer(self, method: str, path: str, *more: object) -> tuple[int, dict[str, Any]]:
        """Answer `/pypi/NAME/VERSION/json`."""
        name, version = path.split("/")[2:4]
        self.asked.append(f"{name}=={version}")
        if not self.works:
            return 503, {}
        if name == PRIVATE:
            return 404, {}
        found = of_version(name, version)
        if found is None:
            self.unknown.append(f"{name}=={version}")
        return 200, {"vulnerabilities": found or []}


def of_version(name: str, version: str) -> list[dict[str, Any]] | None:
    """Return the advisories of one version; None if the index does not tell, as some mirrors do of older ones."""
    for path in (f"{name}/{version}", name):
        facts = of_index(f"{path}/json")
        if facts and facts["info"]["version"] == version:
            return list(facts["vulnerabilities"])
    return None


@cache
def index() -> str:
    """Return the address of the index."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    return str(next(p["source"]["registry"] for p in packages if "registry" in p["source"])).removesuffix("/simple")


@cache
def of_index(path: str) -> dict[str, Any] | None:
    # As uv and pip do, it asks again if a name server or the index does not answer once.
    again = urllib3.Retry(5, backoff_factor=0.5, status_forcelist=[502, 503, 504], raise_on_status=False)
    answer = urllib3.request("GET", f"{index()}/pypi/{path}", timeout=PATIENCE, retries=again)
    if answer.status == 404:
        return None
    assert answer.status == 200, f"the index answers {answer.status} for {path}"
    found: dict[str, Any] = answer.json()
    return found


@contextmanager
def advisories(folder: Path) -> Iterator[Advisories]:
    """Serve the advisories until the block ends, to a command that is given `variables` and has nothing to download."""
    here = Advisories()
    tls, trusted = certificate(folder, str(urlsplit(index()).hostname))
    with loopback(here.answer, tls) as url:
        here.variables = {"HTTPS_PROXY": url, "REQUESTS_CA_BUNDLE": str(trusted), "UV_OFFLINE": "1"}
        yield here
