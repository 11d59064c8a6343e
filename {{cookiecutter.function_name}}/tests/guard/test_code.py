"""Guards what the code needs: all that it imports and reads is in the cloud too. The template keeps it up to date.

{{ "Firebase uploads what firebase.json" if fn.firebase else "gcloud uploads what .gcloudignore" }} lets through, and the builder installs requirements.txt: nothing else is there.
"""

import ast
import importlib.machinery
import os
import re
import sys
import sysconfig
import warnings
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

# Imports under these conditions, or in a try for these errors, are optional.
FOR_TYPES = r"(typing\.)?TYPE_CHECKING"
FOR_ANOTHER_PYTHON = r"version_info|sys\.platform|os\.name"
MAY_BE_RAISED = r"\b(?<!\.)(ImportError|ModuleNotFoundError|Exception)\b"
# What Google's runtime or the framework sets.
SET_ANYWAY = r"(CLOUD_RUN|FUNCTION|K)_\w+|{{ "GCLOUD_PROJECT|" if fn.firebase }}HOME|LANG|PATH|PORT|PWD|TMPDIR|TZ|USER"
# The name of a call whose arguments are parts of a path; a text's own join is not.
PATH_OF = r"(?<!['\"]\.)\b(FileSystemLoader|Path|files|glob|join|joinpath|listdir|open|scandir|walk)$"


@pytest.fixture
def code() -> list[Path]:
    """The function's own code: main.py, what that imports from beside it, and so on."""
    if not Path("main.py").is_file():
        pytest.skip("main.py is missing: test_entry_point says what to do")
    waiting, found = [Path("main.py")], []
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.append(path)
            try:
                waiting += [file for name in imports(path) for file in beside_main(name)]
            except SyntaxError as error:
                message = f"{path.as_posix()} is not valid Python, at line {error.lineno}: fix it."
                raise pytest.fail.Exception(message, pytrace=False) from None
    return found


def test_code_is_uploaded(upload: "Upload", code: list[Path]) -> None:
{% if not fn.firebase %}
    assert "/*" not in upload.rules or "!/." in upload.rules, (
        "gcloud would upload nothing: add the line !/. after /* to .gcloudignore."
    )
{% endif %}
    for path in [*code, Path("requirements.txt")]:
        part, _ = upload.left_out(path) or ("", 0)
        assert not part, f"{path.as_posix()} would be missing in the cloud: {upload.how_to_add(part)}."


def test_code_has_names_of_its_own(upload: "Upload") -> None:
    installed = [sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")]
    for path in Path().iterdir():
        importable = path.stem.isidentifier() and (path.suffix == ".py" or any(path.glob("*.py")))
        if importable and path.name not in ("main.py", "tests") and not upload.left_out(path):
            spec = importlib.machinery.PathFinder.find_spec(path.stem, installed)
            taken = path.stem in sys.stdlib_module_names or spec and spec.origin
            assert not taken, f"{path.name} is never imported: Python or a package has that name. Rename it."


def test_imports_are_locked(code: list[Path], cloud: dict[str, str]) -> None:
    pins = RequirementsFile.from_file("requirements.txt").requirements
    deployed = [pin.name for pin in pins if pin.name and (not pin.marker or pin.marker.evaluate(cloud))]
    locked = set(map(canonicalize_name, deployed))
    missing = []
    for path, name in ((file, name) for file in code for name in imports(file)):
        module = name.partition(".")[0]
        if not beside_main(name) and module not in sys.stdlib_module_names:
            found = providers(name)
            if locked.isdisjoint(map(canonicalize_name, found or {module})):
                advice = how_to_get(module, found)
                missing.append(f"{path.as_posix()} imports {name}, which would be missing in the cloud: {advice}.")
    assert not missing, "\n".join(missing)


def test_data_is_uploaded(upload: "Upload", code: list[Path]) -> None:
    for path, data in ((file, data) for file in code for data in named(file)):
        advice = upload.advice(data)
        assert not advice, f"{path.as_posix()} names {data.as_posix()}. {advice}"


def test_variables_are_known(code: list[Path]) -> None:
    """A hint, since a variable may be set by other means, or not at all."""
    flags = "".join(path.read_text("utf-8") for path in Path().glob("*.yaml"))
    listed = "".join(path.read_text("utf-8") for path in Path().glob(".env.{{ "*" if fn.firebase else "example" }}"))
    known = set(re.findall(r"\w+", re.sub(r"(?m)^\s*#.*", "", flags) + listed))
    for path, name in ((file, name) for file in code for name in variables(file)):
        if name not in known and not re.fullmatch(SET_ANYWAY, name):
            warnings.warn(
                f"{path.as_posix()} reads {name}, which neither {{ fn.deployment }} nor {{ ".env.my-project" if fn.firebase else ".env.example" }} names: see "
                '"How do I set variables?" in REFERENCE.md.',
                stacklevel=1,
            )


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Return the nodes of a file's code, without the imports that the function can do without."""
    found: list[ast.AST] = [ast.parse(path.read_bytes(), str(path))]
    for node in found:
        skipped = skipped_in(node)
        found += [child for child in ast.iter_child_nodes(node) if child not in skipped]
    return found


def skipped_in(node: ast.AST) -> list[ast.stmt]:
    """Return the statements in a node that are for types or another Python, or imports that may fail."""
    if isinstance(node, ast.If):
        condition = ast.unparse(node.test)
        if re.fullmatch(FOR_TYPES, condition):
            return node.body
        return node.body + node.orelse if re.search(FOR_ANOTHER_PYTHON, condition) else []
    if isinstance(node, ast.Try):
        caught = [ast.unparse(handler.type) if handler.type else "Exception" for handler in node.handlers]
    elif isinstance(node, ast.With):
        caught = [ast.unparse(item.context_expr) for item in node.items]
    else:
        return []
    may_fail = re.search(MAY_BE_RAISED, " ".join(caught))
    return [line for line in node.body if may_fail and isinstance(line, ast.Import | ast.ImportFrom)]


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports."""
    folder = path.parent.parts
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) + 1 - node.level] if node.level else ()
            yield from (".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names)


def variables(path: Path) -> Iterator[str]:
    """Yield the environment variables that a file reads by name."""
    for node in nodes(path):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            source, key = node.value, node.slice
        elif isinstance(node, ast.Call) and node.args:
            source, key = node.func, node.args[0]
        else:
            continue
        if isinstance(key, ast.Constant) and re.fullmatch(r"(os\.)?(environ(\.get)?|getenv)", ast.unparse(source)):
            yield str(key.value)


def beside_main(name: str) -> list[Path]:
    """Return the files beside main.py that Python loads for a dotted name; none if the name is not the function's."""
    places = [Path(*name.split(".")[:depth]) for depth in range(1, name.count(".") + 2)]
    files = [path for place in places for path in (place / "__init__.py", place.with_name(f"{place.name}.py"))]
    return [path for path in files if path.is_file()]


packages_of = cache(packages_distributions)


def providers(name: str) -> set[str]:
    """Return the installed packages that have a module, by the lists of their files: several may share `google`."""
    parts = name.split(".")
    packages = set(packages_of().get(parts[0], []))
    for place in ("/".join(parts[:depth]) for depth in range(len(parts), 1, -1)):
        inside = (f"{place}/", f"{place}.")
        if found := {one for one in packages if any(str(f).startswith(inside) for f in distribution(one).files or ())}:
            return found
    return packages


def how_to_get(module: str, packages: set[str]) -> str:
    """Say how the upload gets a module, given the installed packages that have it."""
    if Path("../shared", module).is_dir():
        return f"copy the folder ../shared/{module} into this one"
    if Path("../shared", f"{module}.py").is_file():
        return f"put ../shared/{module}.py into a folder of ../shared, copy that here, and import it from there"
    # Anybody may own a misspelt name on the index.
    add = f"add {' or '.join(sorted(packages))}" if packages else "check the spelling, or add the package that has it"
    return f'{add} to requirements.in, then lock again: see "Add a dependency" in README.md'


def named(path: Path) -> Iterator[Path]:
    """Yield the files beside main.py, or beside the file itself, that its code names or whose folder it names."""
    finds_itself = "__file__" in path.read_text("utf-8")
    for node in nodes(path):
        parts: list[ast.expr] = [node] if isinstance(node, ast.Constant) else []
        is_path = False
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            parts, is_path = [node.right], finds_itself
        elif isinstance(node, ast.Call) and re.search(PATH_OF, call := ast.unparse(node.func)):
            parts, is_path = node.args, finds_itself or call in ("Path", "open", "pathlib.Path")
        texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        for text in (text.removeprefix("./") for text in texts if text.isprintable()):
            # Other text may be a topic, a route or a bucket that has the name of a folder.
            if not is_path and not re.search("[./]", text):
                continue
            # What starts with a dot, such as .env, is for the developer's machine.
            for place in (Path(text), path.parent / text) if text[:1] not in ("", ".", "/") else ():
                inside = place.rglob("*") if os.path.isdir(place) and (is_path or text[-1] == "/") else []
                yield from (file for file in (place, *inside) if os.path.isfile(file))
