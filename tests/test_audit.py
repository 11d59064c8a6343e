"""Known vulnerabilities: each lock of the template, looked at as the generated workflow looks at it."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from index import advisories
from support import ROOT, environment, posix_only, run

pytestmark = [pytest.mark.slow, posix_only]
LOCKS = sorted((ROOT / "templates").glob("*/requirements*.txt"))


def audit(lock: Path, folder: Path, url: str) -> Any:
    """Run the workflow's own command on a lock."""
    steps = yaml.safe_load((ROOT / "templates" / "github" / "workflow.yml").read_text("utf-8"))["jobs"]["test"]["steps"]
    [command] = [step["run"] for step in steps if "pip-audit" in step.get("run", "")]
    (folder / "requirements.txt").write_bytes(lock.read_bytes())
    service = {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv", "PIP_AUDIT_OSV_URL": url}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return run("bash", "-ec", command, cwd=folder, env=environment(folder, PATH=path, **service))


def test_no_lock_holds_a_known_vulnerability(tmp_path: Path) -> None:
    with advisories() as service:
        for lock in {lock.read_bytes(): lock for lock in LOCKS}.values():
            done = audit(lock, tmp_path, service.url)
            assert done.returncode == 0 and "No known vulnerabilities found" in done.stdout, f"{lock}\n{done.stdout}"
    assert len(set(service.asked)) > 30
    if service.unknown:
        pytest.skip(f"the package index here tells nothing of {', '.join(sorted(set(service.unknown)))}")


def test_a_known_vulnerability_is_seen(tmp_path: Path) -> None:
    lock = tmp_path / "old.txt"
    lock.write_text("pycrypto==2.6.1\n")
    with advisories() as service:
        done = audit(lock, tmp_path, service.url)
    assert done.returncode == 1 and "PYSEC-2018-97" in done.stdout, done.stdout
