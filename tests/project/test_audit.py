"""Known vulnerabilities: each lock of the template, looked at as a generated project looks at it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.folders import append
from tests.support.locks import pins
from tests.support.package_index import PRIVATE, Advisories, advisories
from tests.support.pages import blocks, both_pages
from tests.support.processes import check_output, environment, posix_only, require_tool, run
from tests.support.questions import ROOT
from tests.support.types import Bake, Done

# They share a home folder.
pytestmark = [pytest.mark.slow, posix_only, pytest.mark.xdist_group("audit")]
LOCKS = sorted((ROOT / "templates" / "locks").glob("*/requirements*.txt"))
FLAW = "PYSEC-2018-97"
# A package of one's own index, and one from git.
UNKNOWN = f"{PRIVATE}==1.0\nby-its-address @ git+https://example.com/a.git@0123456789\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder for all of these tests, so that pip-audit is downloaded once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def service(home: Path) -> Iterator[Advisories]:
    with advisories(home) as service:
        yield service


@pytest.fixture
def project(bake: Bake, home: Path) -> Iterator[Path]:
    """A project with the script, which uv has all for: it keeps one environment for each path of a script."""
    project = Path(shutil.copytree(bake(ci="github"), home / "project"))
    check_output(run(require_tool("uv"), "sync", "--script", "tests/audit.py", cwd=project, env=environment(home)))
    yield project
    shutil.rmtree(project)


def audit(project: Path, home: Path, service: Advisories) -> Done:
    """Run the command that REFERENCE.md shows."""
    [command] = [block for block in blocks(both_pages(project)) if "audit.py" in block]
    return run("sh", "-c", command, cwd=project, env=environment(home, **service.variables))


def accept(project: Path, *names: str) -> None:
    """Write what REFERENCE.md shows into pyproject.toml, with other names."""
    [table] = blocks(both_pages(project), "toml")
    assert f'"{FLAW}", "{PRIVATE}"' in table
    append("pyproject.toml", "\n" + table.replace(f'["{FLAW}", "{PRIVATE}"]', str(list(names))))(project)


def test_locks_have_no_known_vulnerability(project: Path, home: Path, service: Advisories) -> None:
    # Each package has one version in all of them: test_locks_agree_on_versions.
    lines = {line for lock in LOCKS for line in pins(lock)}
    (project / "requirements.txt").write_text("\n".join(sorted(lines)), "utf-8")
    done = audit(project, home, service)
    assert done.returncode == 0 and not done.stdout, done.stdout
    assert len(set(service.asked)) > 30
    if service.unknown:
        pytest.skip(f"the package index here tells nothing of {', '.join(sorted(set(service.unknown)))}")


def test_audit_fails_until_each_finding_is_accepted(project: Path, home: Path, service: Advisories) -> None:
    append("requirements.txt", f"pycrypto==2.6.1\n{UNKNOWN}")(project)
    done = audit(project, home, service)
    assert done.returncode == 1
    said, _, table = done.stdout.partition("[tool.fn-template.audit]\n")
    assert "Update what has a fix. To accept what you have looked at, put this table into pyproject.toml:" in said
    assert f"pycrypto 2.6.1 has {FLAW}, fixed in no version yet\n" in said
    assert f"{PRIVATE} is not audited: Dependency not found on PyPI" in said
    assert "by-its-address is not audited: URL requirements cannot be pinned" in said

    append("pyproject.toml", f"\n[tool.fn-template.audit]\n{table}")(project)
    done = audit(project, home, service)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and all(line.endswith(" (accepted)") for line in lines), done.stdout
    for start in (f"pycrypto 2.6.1 has {FLAW},", f"{PRIVATE} is", "by-its-address is"):
        assert [line for line in lines if line.startswith(start)]


def test_accepted_names_are_normalized(project: Path, home: Path, service: Advisories) -> None:
    append("requirements.txt", UNKNOWN)(project)
    accept(project, PRIVATE.title().replace("-", "_"))
    done = audit(project, home, service)
    assert f"{PRIVATE} is not audited: Dependency not found on PyPI" in done.stdout
    assert done.stdout.count(" (accepted)\n") == 1 and "no longer found" not in done.stdout, done.stdout
    assert done.returncode == 1 and "\nTo accept what you have looked at, " in done.stdout
    assert "Update what has a fix" not in done.stdout


def test_audit_fails_if_no_package_is_on_the_index(project: Path, home: Path, service: Advisories) -> None:
    (project / "requirements.txt").write_text(UNKNOWN)
    done = audit(project, home, service)
    assert done.returncode == 1 and done.stdout.startswith("None of the 2 packages could be looked up: "), done.stdout
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("accepted", [[FLAW], ["pycrypto", PRIVATE[:-1]]], ids=str)
def test_accepted_name_accepts_nothing_else(
    project: Path, home: Path, service: Advisories, accepted: list[str]
) -> None:
    append("requirements.txt", f"pycrypto==2.6.1\n{PRIVATE}==1.0\n")(project)
    accept(project, *accepted)
    done = audit(project, home, service)
    assert done.returncode == 1 and f"{PRIVATE} is not audited: " in done.stdout, done.stdout
    assert done.stdout.count(" (accepted)\n") == (FLAW in accepted), done.stdout
    for name in accepted:
        assert (f"{name} is accepted but no longer found" in done.stdout) == (name != FLAW)


def test_audit_reports_stale_acceptances(project: Path, home: Path, service: Advisories) -> None:
    accept(project, FLAW, PRIVATE)
    said = check_output(audit(project, home, service))
    assert said.splitlines() == [
        f"{name} is accepted but no longer found: remove it from pyproject.toml" for name in (FLAW, PRIVATE)
    ]


def test_audit_fails_without_a_network(project: Path, home: Path, service: Advisories) -> None:
    service.works = False
    done = audit(project, home, service)
    assert done.returncode == 1 and "Nothing was audited" in done.stdout and service.asked, done.stdout
    service.variables["HTTPS_PROXY"] = "http://127.0.0.1:1"
    done = audit(project, home, service)
    assert done.returncode == 1 and "Nothing was audited" in done.stdout, done.stdout
