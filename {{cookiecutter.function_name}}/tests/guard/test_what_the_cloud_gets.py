"""Guards the upload: what the function imports and reads is deployed with it. The template keeps this file up to date.

gcloud uploads what .gcloudignore lets through, and the builder installs requirements.txt: nothing else is there.
"""

import ast
import importlib.machinery
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from pip_requirements_parser import RequirementsFile

if TYPE_CHECKING:
    from tests.guard.conftest import Upload

ROOT = Path(__file__).resolve().parents[2]
CLOUD = {
    "python_version": "{{ cookiecutter.python_version }}",
    "python_full_version": "{{ cookiecutter.python_version }}.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
}
# Calls whose arguments are parts of a path.
PATHS = {"FileSystemLoader", "Path", "files", "glob", "join", "joinpath", "listdir", "open", "scandir", "walk"}
# An import that may fail with one of these is an import that the function can do without.
MAY_FAIL = {"ImportError", "ModuleNotFoundError", "Exception"}


def check(right: object, message: str) -> None:
    if not right:
        pytest.fail(message, pytrace=False)


def shown(path: Path) -> str:
    """Return a path as a reader knows it."""
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path) -> Iterator[ast.AST]:
    """Yield the nodes of a file's code, without imports that may fail, or that may not be for the cloud's Python."""
    waiting: list[ast.AST] = [ast.parse(path.read_bytes())]
    while waiting:
        node = waiting.pop()
        yield node
        skipped = skipped_in(node)
        waiting += [child for child in ast.iter_child_nodes(node) if child not in skipped]


def skipped_in(node: ast.AST) -> list[ast.stmt]:
    if isinstance(node, ast.If):
        condition = ast.unparse(node.test)
        if condition in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            return node.body
        return node.body + node.orelse if re.search(r"version_info|sys\.platform|os\.name", condition) else []
    caught: list[ast.expr | None] = []
    if isinstance(node, ast.Try):
        caught = [handler.type for handler in node.handlers]
    elif isinstance(node, ast.With):
        caught = [item.context_expr for item in node.items]
    else:
        return []
    names = {ast.unparse(part) for one in caught if one for part in ast.walk(one) if isinstance(part, ast.Name)}
    may_fail = None in caught or names & MAY_FAIL
    return [line for line in node.body if isinstance(line, ast.Import | ast.ImportFrom) and may_fail]


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports."""
    folder = path.relative_to(ROOT).parent.parts
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) + 1 - node.level] if node.level else ()
            yield from (".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names)


def beside_main(name: str) -> list[Path]:
    """Return the files beside main.py that Python loads for a dotted name; none if the name is not the function's."""
    places = [ROOT.joinpath(*name.split(".")[:depth]) for depth in range(1, name.count(".") + 2)]
    files = [path for place in places for path in (place / "__init__.py", place.with_name(f"{place.name}.py"))]
    return [path for path in files if path.is_file()]


packages_of = cache(packages_distributions)


def providers(name: str) -> set[str]:
    """Return the installed packages that have a module, by the lists of their files: several may share `google`."""
    packages = set(packages_of().get(name.partition(".")[0], []))
    parts = name.split(".")
    for place in ("/".join(parts[:depth]) for depth in range(len(parts), 1, -1)):
        if found := {package for package in packages if has_files(package, (f"{place}/", f"{place}."))}:
            return found
    return packages


def has_files(package: str, starts: tuple[str, ...]) -> bool:
    """Whether an installed package has files whose paths have one of these starts."""
    return any(str(file).startswith(starts) for file in distribution(package).files or ())


def named(path: Path) -> Iterator[Path]:
    """Yield the files beside main.py, or beside the file itself, that its code names or whose folder it names."""
    finds_itself = "__file__" in path.read_text("utf-8")
    for node in nodes(path):
        names: list[ast.expr] = [node] if isinstance(node, ast.Constant) else []
        in_path = False
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            names, in_path = [node.right], finds_itself
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in PATHS:
            names, in_path = node.args, finds_itself or ast.unparse(node.func) in ("Path", "open", "pathlib.Path")
        for text in (one.value for one in names if isinstance(one, ast.Constant) and isinstance(one.value, str)):
            text = text.removeprefix("./")
            # What starts with a dot, such as .env, is for the developer's machine.
            if text.isprintable() and text[:1] not in ("", ".", "/") and (in_path or re.search("[./]", text)):
                for place in (ROOT / text, path.parent / text):
                    inside = place.rglob("*") if os.path.isdir(place) and (in_path or text[-1] == "/") else []
                    yield from (file for file in (place, *inside) if os.path.isfile(file))


@pytest.fixture(scope="module")
def code() -> list[Path]:
    """The function's own code: main.py, what that imports from beside it, and so on."""
    waiting, found = [ROOT / "main.py"], []
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.append(path)
            waiting += [file for name in imports(path) for file in beside_main(name)]
    return found


def test_code_is_uploaded(upload: "Upload", code: list[Path]) -> None:
    nothing = "/*" in upload.rules and "!/." not in upload.rules
    check(not nothing, "gcloud would upload nothing: add the line !/. after /* to .gcloudignore.")
    for path in [*code, ROOT / "requirements.txt"]:
        part, _ = upload.left_out(path)
        check(not part, f"{shown(path)} would be missing in the cloud: add the line !/{part} to .gcloudignore.")


def test_code_is_not_hidden(upload: "Upload") -> None:
    installed = [sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")]
    for path in ROOT.iterdir():
        importable = path.stem.isidentifier() and (path.suffix == ".py" or any(path.glob("*.py")))
        if importable and path.name not in ("main.py", "tests") and not upload.left_out(path)[0]:
            spec = importlib.machinery.PathFinder.find_spec(path.stem, installed)
            hidden = path.stem in sys.stdlib_module_names or spec and spec.origin
            check(not hidden, f"{path.name} is never imported: Python or a package has that name. Rename it.")


def test_imports_are_locked(code: list[Path]) -> None:
    pins = RequirementsFile.from_file(str(ROOT / "requirements.txt")).requirements
    deployed = [pin.name for pin in pins if pin.name and (not pin.marker or pin.marker.evaluate(CLOUD))]
    locked = set(map(canonicalize_name, deployed))
    for path in code:
        for name in imports(path):
            if not beside_main(name) and name.partition(".")[0] not in sys.stdlib_module_names:
                found = providers(name)
                check(
                    locked.intersection(map(canonicalize_name, found or {name.partition(".")[0]})),
                    f"{shown(path)} imports {name}, which would be missing in the cloud: add "
                    f"{' or '.join(sorted(found)) or 'the package that has it'} to requirements.in, then lock again: "
                    'see "Add a dependency" in README.md.',
                )


def test_data_is_uploaded(upload: "Upload", code: list[Path]) -> None:
    for path in code:
        for file in named(path):
            missing = upload.missing(file)
            check(not missing, f"{shown(path)} names {shown(file)}. {missing}")


def test_tracked_files_are_uploaded(upload: "Upload") -> None:
    if not any((folder / ".git").exists() for folder in (ROOT, *ROOT.parents)):
        return
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    except OSError:
        pytest.skip("git is not on this machine")
    check(not listed.returncode, os.fsdecode(listed.stderr))
    tracked = [ROOT / name for name in os.fsdecode(listed.stdout).split("\0") if "/" in name]
    inside = [path for path in tracked if not upload.left_out(ROOT / shown(path).partition("/")[0])[0]]
    missing = [upload.missing(path) for path in inside if path.is_file() and path.name[0] != "."]
    check(not any(missing), "\n".join(filter(None, missing)))
