"""Guards the requirements files: what is deployed is what was asked for and tested. The template keeps it up to date.

Up to Python 3.13 Google's builder runs `pip install -r requirements.txt`, from 3.14 on the same with uv.
"""

import re
import subprocess
import sys
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
LOCK_AGAIN = 'Lock again: see "Add a dependency" in README.md.'

each_lock = pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
each_file = pytest.mark.parametrize(
    "name", ["requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt"]
)
each_environment = pytest.mark.parametrize("environment", [HERE, CLOUD], ids=["here", "cloud"])


def requirements(name: str, environment: dict[str, str]) -> list[InstallRequirement]:
    """Return what a file, and each file that it includes, asks for in an environment."""
    found = RequirementsFile.from_file(str(ROOT / name), include_nested=True).requirements
    return [one for one in found if not one.is_constraint and (not one.marker or one.marker.evaluate(environment))]


def line_of(requirement: InstallRequirement) -> str:
    """Return the line of a requirement as a message may show it: without a login."""
    return re.sub(r"://[^/\s@]+@", "://", requirement.requirement_line.line)


def versions(lock: str, environment: dict[str, str]) -> dict[str, str]:
    """Return the pinned versions of a lock file by the names of the packages."""
    pins = [one for one in requirements(lock, environment) if one.name and not one.link]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in pins}


@each_file
def test_file_is_utf8(name: str) -> None:
    try:
        (ROOT / name).read_text("utf-8")
    except UnicodeDecodeError:
        pytest.fail(f"{name} is not UTF-8 (PowerShell's > writes UTF-16), as the builder expects it: save it as UTF-8.")


@each_file
def test_no_address_holds_a_login(name: str) -> None:
    text = (ROOT / name).read_text("utf-8", "replace")
    # git@ is the name that everybody uses with SSH; of ${NAME} only the name is in the file.
    logins = re.findall(r"://(?!git@|\$\{)[^/\s@]+@([^/\s]+)", text)
    assert not logins, (
        f'{name} holds a login for {logins[0]}: remove it from the address, see "Where the requirements come from" in '
        "README.md. If it was ever committed or shared, change the password."
    )


@each_lock
def test_each_requirement_is_pinned(lock: str) -> None:
    file = RequirementsFile.from_file(str(ROOT / lock))
    included = [one for one in file.options if {"requirements", "constraints"} & one.options.keys()]
    loose = [one for one in file.requirements if not is_pinned(one)]
    for one in [*file.invalid_lines, *included, *loose]:
        pytest.fail(
            f"{lock}: '{line_of(one)}' is no pin, so what it installs may change. Delete the line, and write what you "
            f"need into {lock.replace('.txt', '.in')}. {LOCK_AGAIN}"
        )


def is_pinned(requirement: InstallRequirement) -> bool:
    """Whether a requirement is one version, or one commit in git."""
    if requirement.link:
        return bool(re.search(r"^git\+.*@[0-9a-f]{40}(#.*)?$", requirement.link.url))
    return bool(re.fullmatch(r"==[^*,]+", str(requirement.specifier)))


def test_each_requirement_has_a_hash_or_none_has() -> None:
    both = [*requirements("requirements.txt", HERE), *requirements("requirements-dev.txt", HERE)]
    bare = [one.name for one in both if not one.hash_options]
    mixed = 0 < len(bare) < len(both)
    assert not mixed, f"{', '.join(bare)}: no hash, while others have one, and pip wants all or none. {LOCK_AGAIN}"


@each_lock
@each_environment
def test_lock_has_what_is_asked_for(lock: str, environment: dict[str, str]) -> None:
    source = lock.replace(".txt", ".in")
    for line in RequirementsFile.from_file(str(ROOT / source)).invalid_lines:
        pytest.fail(f"{source}: pip cannot read '{line_of(line)}'. Correct or delete the line.")
    pinned, linked = versions(lock, environment), {one.name for one in requirements(lock, environment) if one.link}
    for asked in requirements(source, environment):
        line = line_of(asked)
        assert asked.name, f"{source}: '{line}' is a path, which is not uploaded: see README.md on code beside main.py."
        found = pinned.get(canonicalize_name(asked.name))
        fits = found and all(one.contains(found, prereleases=True) for one in asked.specifier or ())
        assert asked.name in linked if asked.link else fits, f"{lock} lacks '{line}'. {LOCK_AGAIN}"


@each_environment
def test_locks_agree(environment: dict[str, str]) -> None:
    deployed, tools = versions("requirements.txt", environment), versions("requirements-dev.txt", environment)
    for name in deployed.keys() & tools.keys():
        assert deployed[name] == tools[name], (
            f"requirements.txt has {name} {deployed[name]}, requirements-dev.txt has {tools[name]}, and pip installs "
            f"only one. {LOCK_AGAIN}"
        )


def test_builder_sees_the_framework() -> None:
    # https://github.com/GoogleCloudPlatform/buildpacks looks for the line at the start of a line, in lower case.
    seen = re.search(r"(?m)^functions-framework==([\d.]+)", (ROOT / "requirements.txt").read_text("utf-8", "replace"))
    right = seen and Version("3.10") <= Version(seen[1]) < Version("4")
    assert right, f"requirements.txt lacks functions-framework>=3.10,<4: write that into requirements.in. {LOCK_AGAIN}"


def test_vendor_has_all_wheels() -> None:
    if (ROOT / "vendor").exists():
        # As the builder looks for them, on the operating system of the runtime.
        source = ["--no-deps", "--no-index", "--find-links=vendor", "--only-binary=:all:"]
        runtime = ["--python-version={{ cookiecutter.python_version }}", "--python-platform=x86_64-manylinux_2_35"]
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *source, *runtime, "requirements.txt"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert not done.returncode, (
            f"vendor/ lacks a wheel, and the build takes it from nowhere else. {done.stderr}"
            "Fill vendor/ with the commands in README.md, or delete it."
        )
