"""Guards the requirements files: what is deployed is what was asked for and tested. The template keeps it up to date.

Up to Python 3.13 Google's builder runs `pip install -r requirements.txt`, from 3.14 on the same with uv.
"""

import re
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from pip_requirements_parser import InstallRequirement, RequirementsFile

LOCKS = ["requirements.txt", "requirements-dev.txt"]
LOCK_AGAIN = 'Lock again: see "Add a dependency" in README.md.'

each_file = pytest.mark.parametrize("name", [*LOCKS, "requirements.in", "requirements-dev.in"])
each_lock = pytest.mark.parametrize("lock", LOCKS)


@pytest.fixture(params=["here", "cloud"])
def environment(request: pytest.FixtureRequest, cloud: dict[str, str]) -> dict[str, str]:
    """What the markers of requirements are about: this machine, then the cloud."""
    return cloud if request.param == "cloud" else {}


@each_file
def test_file_is_readable(name: str) -> None:
    text_of(name)


@each_file
def test_no_address_holds_a_login(name: str) -> None:
    for scheme, login, host in re.findall(r"\b(https?|ssh)://([^/\s?#]+)@([^/\s?#]+)", text_of(name)):
        # Everybody may know the name of an SSH user; of ${NAME} only the name is in the file.
        harmless = ":" not in login if scheme == "ssh" else re.fullmatch(r"(([\w.-]+|\$\{\w+\}):)?\$\{\w+\}", login)
        assert harmless, (
            f'{name} holds a login for {host}: remove it from the address, see "Where do the requirements come from?" '
            "in REFERENCE.md. If it was ever committed or shared, change the password."
        )


@each_lock
def test_each_requirement_is_pinned(lock: str) -> None:
    file = read(lock, included=False)
    included = [one for one in file.options if {"requirements", "constraints"} & one.options.keys()]
    loose = [*file.invalid_lines, *included, *(one for one in file.requirements if not is_pinned(one))]
    assert not loose, (
        f"{lock}: '{loose[0].requirement_line.line}' is not pinned, so what it installs may change. Delete the line, "
        f"and write what you need into {lock.replace('.txt', '.in')}. {LOCK_AGAIN}"
    )


def test_each_requirement_has_a_hash_or_none_has() -> None:
    both = [one for lock in LOCKS for one in requirements(lock, {})]
    bare = [one.name for one in both if not one.hash_options]
    assert len(bare) in (0, len(both)), (
        f"{', '.join(bare)}: no hash, while others have one, and pip wants all or none. {LOCK_AGAIN}"
    )


@each_lock
def test_lock_has_what_is_asked_for(lock: str, environment: dict[str, str]) -> None:
    source, pinned = lock.replace(".txt", ".in"), pins(lock, environment)
    # requirements-dev.in includes it.
    text_of("requirements.txt")
    bad = [one.requirement_line for one in read(source).invalid_lines]
    assert not bad, f"{bad[0].filename}: pip cannot read '{bad[0].line}'. Correct or delete the line."
    for one in requirements(source, environment):
        line, local = one.requirement_line.line, one.is_editable or one.link and one.link.scheme in ("", "file")
        assert not local, (
            f"{source}: '{line}' is a path, which is not uploaded: see \"How do I add a module or a data file?\" in "
            "REFERENCE.md."
        )
        assert one.name, f"{source}: '{line}' has no name. Write it as NAME @ {line}"
        found = pinned.get(canonicalize_name(one.name), "")
        fits = one.link or all(part.contains(found, prereleases=True) for part in one.specifier or ())
        assert found and fits, f"{lock} lacks '{line}' of {source}. {LOCK_AGAIN}"


def test_lock_names_the_same_indexes() -> None:
    assert indexes("requirements.in") <= indexes("requirements.txt"), (
        "requirements.txt does not name the index that requirements.in names, so the cloud would look elsewhere. Lock "
        'again with --emit-index-url: see "Where do the requirements come from?" in REFERENCE.md.'
    )


def test_locks_agree(environment: dict[str, str]) -> None:
    deployed, tools = (pins(lock, environment) for lock in LOCKS)
    for name in deployed.keys() & tools.keys():
        assert deployed[name] == tools[name], (
            f"requirements.txt has {name} {deployed[name]}, requirements-dev.txt has {tools[name]}, and pip installs "
            f"only one. {LOCK_AGAIN}"
        )


def test_builder_sees_the_framework() -> None:
    # https://github.com/GoogleCloudPlatform/buildpacks looks for the name at the start of a line, in lower case.
    found = re.search(r"(?m)^functions-framework==([\d.]+)", text_of("requirements.txt"))
    assert found and Version("3.10") <= Version(found[1]) < Version("4"), (
        f"requirements.txt lacks functions-framework>=3.10,<4: write that into requirements.in. {LOCK_AGAIN}"
    )


def test_vendor_has_all_wheels() -> None:
    if not Path("vendor").exists():
        return
    fill = 'Fill vendor/ as "Where do the requirements come from?" in REFERENCE.md says, or delete it.'
    for wheel in Path("vendor").glob("*.whl"):
        assert zipfile.is_zipfile(wheel), f"vendor/{wheel.name} is damaged. {fill}"
    # As the builder looks for them, on the operating system of the runtime.
    source = ["--no-deps", "--no-index", "--find-links=vendor", "--only-binary=:all:", "--offline"]
    runtime = ["--python-version={{ cookiecutter.python_version }}", "--python-platform=x86_64-manylinux_2_35"]
    uv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--python", sys.executable]
    done = subprocess.run([*uv, *source, *runtime, "requirements.txt"], capture_output=True, text=True)
    assert done.returncode == 0, f"vendor/ lacks a wheel, and the build has no other source. {done.stderr}{fill}"


def text_of(name: str) -> str:
    """Return the text of a requirements file."""
    assert Path(name).is_file(), f"{name} is missing: restore it."
    try:
        text = Path(name).read_text("utf-8")
    except UnicodeDecodeError:
        raise AssertionError(
            f"{name} is not UTF-8, which the builder wants: save it as UTF-8 (PowerShell's > writes UTF-16)."
        ) from None
    conflict = re.search(r"(?m)^<{7} ", text)
    assert not conflict, f'{name} has conflict markers: see "How do I update the project?" in REFERENCE.md.'
    return text


@cache
def read(name: str, included: bool = True) -> RequirementsFile:
    """Read a requirements file as pip does, with the files that it includes."""
    text_of(name)
    try:
        return RequirementsFile.from_file(name, include_nested=included)
    except Exception as error:
        raise AssertionError(f"{name} includes a file that is not here: {error}") from None


def requirements(name: str, environment: dict[str, str]) -> list[InstallRequirement]:
    """Return what a file, and each file that it includes, asks for in an environment."""
    asked = [one for one in read(name).requirements if not one.is_constraint]
    return [one for one in asked if not one.marker or one.marker.evaluate(environment)]


def is_pinned(requirement: InstallRequirement) -> bool:
    """Whether a requirement is one version, or one commit in git."""
    if requirement.link:
        return bool(re.search(r"^git\+.*@[0-9a-f]{40}(#.*)?$", requirement.link.url))
    return bool(re.fullmatch(r"===?[^=*,]+", str(requirement.specifier)))


def pins(lock: str, environment: dict[str, str]) -> dict[str, str]:
    """Return the versions or addresses that a lock file pins, by the names of the packages."""
    named = [one for one in requirements(lock, environment) if one.name]
    return {canonicalize_name(one.name): one.link.url if one.link else str(one.specifier).lstrip("=") for one in named}


def indexes(name: str) -> set[str]:
    """Return the indexes that a requirements file names."""
    found = [value for one in read(name).options for key, value in one.options.items() if "index_url" in key]
    return {address for value in found for address in ([value] if isinstance(value, str) else value)}
