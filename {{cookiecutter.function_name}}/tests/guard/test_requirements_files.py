"""Guards the requirements files: what is deployed is what was asked for and tested. The template keeps it up to date.

Up to Python 3.13 Google's builder runs `pip install -r requirements.txt`, from 3.14 on the same with uv.
"""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.utils import canonicalize_name
from packaging.version import Version
from pip_requirements_parser import InstallRequirement, RequirementsFile

ROOT = Path(__file__).resolve().parents[2]
HERE = {name: str(value) for name, value in default_environment().items()}
CLOUD = {
    **HERE,
    "python_version": "{{ cookiecutter.python_version }}",
    "python_full_version": "{{ cookiecutter.python_version }}.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "os_name": "posix",
}
FILES = ["requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt"]
LOCK_AGAIN = 'Lock again: see "Add a dependency" in README.md.'

each_file = pytest.mark.parametrize("name", FILES)
each_lock = pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
each_environment = pytest.mark.parametrize("environment", [HERE, CLOUD], ids=["here", "cloud"])


def check(right: object, message: str) -> None:
    """Fail with a message alone: a traceback would show the lines of a file, and a login in them."""
    if not right:
        pytest.fail(re.sub(r"://[^/\s?#]*@", "://", message), pytrace=False)


def read(name: str, included: bool = True) -> RequirementsFile:
    """Read a requirements file as pip does, with the files that it includes."""
    check((ROOT / name).is_file(), f"{name} is missing: restore it.")
    conflict = re.search(rb"(?m)^<{7} ", (ROOT / name).read_bytes())
    check(not conflict, f'{name} has conflict markers: see "How do I update the project?" in REFERENCE.md.')
    try:
        return RequirementsFile.from_file(str(ROOT / name), include_nested=included)
    except Exception as error:
        pytest.fail(f"{name} includes a file that is not here: {error}", pytrace=False)


def requirements(name: str, environment: dict[str, str]) -> list[InstallRequirement]:
    """Return what a file, and each file that it includes, asks for in an environment."""
    asked = [one for one in read(name).requirements if not one.is_constraint]
    return [one for one in asked if not one.marker or one.marker.evaluate(environment)]


def pins(lock: str, environment: dict[str, str]) -> dict[str, str]:
    """Return the versions or addresses that a lock file pins, by the names of the packages."""
    named = [one for one in requirements(lock, environment) if one.name]
    return {canonicalize_name(one.name): one.link.url if one.link else str(one.specifier).lstrip("=") for one in named}


@each_file
def test_file_is_utf8(name: str) -> None:
    try:
        (ROOT / name).read_text("utf-8")
    except UnicodeDecodeError:
        check(False, f"{name} is not UTF-8 (PowerShell's > writes UTF-16), as the builder wants it: save it as UTF-8.")


@each_file
def test_no_address_holds_a_login(name: str) -> None:
    text = (ROOT / name).read_text("utf-8", "replace")
    for scheme, login, host in re.findall(r"\b(https?|ssh)://([^/\s?#]+)@([^/\s?#]+)", text):
        # Everybody may know the name of an SSH user; of ${NAME} only the name is in the file.
        harmless = ":" not in login if scheme == "ssh" else re.fullmatch(r"(([\w.-]+|\$\{\w+\}):)?\$\{\w+\}", login)
        check(
            harmless,
            f'{name} holds a login for {host}: remove it from the address, see "Where do the requirements come from?" '
            "in REFERENCE.md. If it was ever committed or shared, change the password.",
        )


@each_lock
def test_each_requirement_is_pinned(lock: str) -> None:
    file = read(lock, included=False)
    included = [one for one in file.options if {"requirements", "constraints"} & one.options.keys()]
    loose = [one for one in file.requirements if not is_pinned(one)]
    for one in [*file.invalid_lines, *included, *loose]:
        check(
            False,
            f"{lock}: '{one.requirement_line.line}' is not pinned, so what it installs may change. Delete the line, "
            f"and write what you need into {lock.replace('.txt', '.in')}. {LOCK_AGAIN}",
        )


def is_pinned(requirement: InstallRequirement) -> bool:
    """Whether a requirement is one version, or one commit in git."""
    if requirement.link:
        return bool(re.search(r"^git\+.*@[0-9a-f]{40}(#.*)?$", requirement.link.url))
    return bool(re.fullmatch(r"===?[^=*,]+", str(requirement.specifier)))


def test_each_requirement_has_a_hash_or_none_has() -> None:
    both = [*requirements("requirements.txt", HERE), *requirements("requirements-dev.txt", HERE)]
    bare = [one.name for one in both if not one.hash_options]
    mixed = 0 < len(bare) < len(both)
    check(not mixed, f"{', '.join(bare)}: no hash, while others have one, and pip wants all or none. {LOCK_AGAIN}")


@each_lock
@each_environment
def test_lock_has_what_is_asked_for(lock: str, environment: dict[str, str]) -> None:
    source = lock.replace(".txt", ".in")
    for line in read(source).invalid_lines:
        check(False, f"{source}: pip cannot read '{line.requirement_line.line}'. Correct or delete the line.")
    pinned = pins(lock, environment)
    for asked in requirements(source, environment):
        line = asked.requirement_line.line
        local = asked.is_editable or asked.link and asked.link.scheme in ("", "file")
        check(
            not local,
            f"{source}: '{line}' is a path, which is not uploaded: see \"How do I add a module or a data file?\" in "
            "REFERENCE.md.",
        )
        check(asked.name, f"{source}: '{line}' has no name. Write it as NAME @ {line}")
        found = pinned.get(canonicalize_name(asked.name), "")
        fits = asked.link or all(one.contains(found, prereleases=True) for one in asked.specifier or ())
        check(found and fits, f"{lock} lacks '{line}'. {LOCK_AGAIN}")


def test_lock_names_the_same_indexes() -> None:
    check(
        indexes("requirements.in") <= indexes("requirements.txt"),
        "requirements.txt does not name the index that requirements.in names, so the cloud would look elsewhere. Lock "
        'again with --emit-index-url: see "Where do the requirements come from?" in REFERENCE.md.',
    )


def indexes(name: str) -> set[str]:
    """Return the addresses of the indexes that a requirements file names."""
    found = [value for one in read(name).options for key, value in one.options.items() if "index_url" in key]
    return {address for value in found for address in ([value] if isinstance(value, str) else value)}


@each_environment
def test_locks_agree(environment: dict[str, str]) -> None:
    deployed, tools = pins("requirements.txt", environment), pins("requirements-dev.txt", environment)
    for name in deployed.keys() & tools.keys():
        check(
            deployed[name] == tools[name],
            f"requirements.txt has {name} {deployed[name]}, requirements-dev.txt has {tools[name]}, and pip installs "
            f"only one. {LOCK_AGAIN}",
        )


def test_builder_sees_the_framework() -> None:
    # https://github.com/GoogleCloudPlatform/buildpacks looks for the name at the start of a line, in lower case.
    seen = re.search(r"(?m)^functions-framework==([\d.]+)", (ROOT / "requirements.txt").read_text("utf-8", "replace"))
    right = seen and Version("3.10") <= Version(seen[1]) < Version("4")
    check(right, f"requirements.txt lacks functions-framework>=3.10,<4: write that into requirements.in. {LOCK_AGAIN}")


def test_vendor_has_all_wheels() -> None:
    if (ROOT / "vendor").exists():
        fill = 'Fill vendor/ as "Where do the requirements come from?" in REFERENCE.md says, or delete it.'
        for wheel in (ROOT / "vendor").glob("*.whl"):
            check(zipfile.is_zipfile(wheel), f"vendor/{wheel.name} is damaged. {fill}")
        # As the builder looks for them, on the operating system of the runtime.
        source = ["--no-deps", "--no-index", "--find-links=vendor", "--only-binary=:all:", "--offline"]
        runtime = ["--python-version={{ cookiecutter.python_version }}", "--python-platform=x86_64-manylinux_2_35"]
        uv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--python", sys.executable]
        done = subprocess.run([*uv, *source, *runtime, "requirements.txt"], cwd=ROOT, capture_output=True, text=True)
        check(not done.returncode, f"vendor/ lacks a wheel, and the build has no other source. {done.stderr}{fill}")
