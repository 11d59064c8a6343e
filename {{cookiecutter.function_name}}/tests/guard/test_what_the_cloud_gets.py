"""Guards the upload: what the function imports and reads is deployed with it. The template keeps this file up to date.

gcloud uploads what .gcloudignore lets through, and the builder installs requirements.txt: nothing else is there.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from pathspec import GitIgnoreSpec
from pip_requirements_parser import RequirementsFile

ROOT = Path(__file__).resolve().parents[2]
# Calls whose arguments are parts of a path.
PATHS = {"FileSystemLoader", "Path", "files", "glob", "join", "joinpath", "listdir", "scandir", "walk"}


class Upload:
    """What gcloud uploads, by the rules of .gcloudignore, which are those of .gitignore."""

    def __init__(self, rules: list[str]) -> None:
        self.rules, self.spec = rules, GitIgnoreSpec.from_lines(rules)
        self.yours = next((number for number, rule in enumerate(rules) if rule.startswith("# Yours")), len(rules))

    def left_out(self, path: Path) -> tuple[str, int]:
        """Return which part of a path is left out, and by which rule; "" if the path is uploaded."""
        parts = path.relative_to(ROOT).parts
        # Nothing brings back what is in a folder that is left out.
        for part in ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1)):
            found = self.spec.check_file(part)
            if found.include and found.index is not None:
                return part, found.index
        return "", 0

    def missing(self, path: Path) -> str:
        """Say how to upload a path that is left out; "" if it is uploaded, or left out by a rule of the user's."""
        part, rule = self.left_out(path)
        if not part or rule > self.yours:
            return ""
        return (
            f"{shown(path)} would be missing in the cloud: the rule {self.rules[rule]} leaves it out. Add the line "
            f"!/{part} at the end of .gcloudignore, or /{part} if it is not needed there. A secret belongs in Secret "
            "Manager."
        )


def shown(path: Path) -> str:
    """Return a path as a reader knows it."""
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path) -> Iterator[ast.AST]:
    """Yield the nodes of a file's code, without imports that may fail or that only a type checker reads."""
    waiting: list[ast.AST] = [ast.parse(path.read_bytes())]
    while waiting:
        node = waiting.pop()
        yield node
        skipped: list[ast.stmt] = []
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            skipped = node.body
        if isinstance(node, ast.Try) and any("Error" in ast.unparse(handler) for handler in node.handlers):
            skipped = [line for line in node.body if isinstance(line, ast.Import | ast.ImportFrom)]
        waiting += [child for child in ast.iter_child_nodes(node) if child not in skipped]


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


def providers(name: str) -> set[str]:
    """Return the installed packages that have a module, by the lists of their files: several may share `google`."""
    packages = set(packages_distributions().get(name.partition(".")[0], []))
    parts = name.split(".")
    for place in ("/".join(parts[:depth]) for depth in range(len(parts), 1, -1)):
        if found := {package for package in packages if has_files(package, (f"{place}/", f"{place}."))}:
            return found
    return packages


def has_files(package: str, starts: tuple[str, ...]) -> bool:
    """Whether an installed package has files whose paths have one of these starts."""
    return any(str(file).startswith(starts) for file in distribution(package).files or ())


def mentioned(path: Path) -> Iterator[Path]:
    """Yield the files beside main.py, or beside the file itself, that its code names or whose folder it names."""
    for node in nodes(path):
        names: list[ast.expr] = [node] if isinstance(node, ast.Constant) else []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            names = [node.right]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in PATHS:
            names = node.args
        for text in (one.value for one in names if isinstance(one, ast.Constant) and isinstance(one.value, str)):
            # What starts with a dot, such as .env, is for the developer's machine.
            if text.isprintable() and 0 < len(text) < 200 and text[0] not in "./":
                for place in (ROOT / text, path.parent / text):
                    inside = place.rglob("*") if names != [node] or text[-1] == "/" else []
                    yield from (file for file in (place, *inside) if file.is_file())


@pytest.fixture(scope="module")
def upload() -> Upload:
    ignore = ROOT / ".gcloudignore"
    assert ignore.is_file(), ".gcloudignore is missing, so gcloud would upload all files, secrets too: restore it."
    return Upload([rule for rule in ignore.read_text("utf-8").splitlines() if rule])


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


def test_code_is_uploaded(upload: Upload, code: list[Path]) -> None:
    assert "!/." in upload.rules, "gcloud would upload nothing: add the line !/. after /* to .gcloudignore."
    for path in [*code, ROOT / "requirements.txt"]:
        part, _ = upload.left_out(path)
        assert not part, f"{shown(path)} would be missing in the cloud: add the line !/{part} to .gcloudignore."


def test_imports_are_locked(code: list[Path]) -> None:
    requirements = RequirementsFile.from_file(str(ROOT / "requirements.txt")).requirements
    locked = {canonicalize_name(one.name) for one in requirements if one.name}
    for path in code:
        for name in imports(path):
            if not beside_main(name) and name.partition(".")[0] not in sys.stdlib_module_names:
                found = providers(name)
                assert locked.intersection(map(canonicalize_name, found)), (
                    f"{shown(path)} imports {name}, which would be missing in the cloud: add "
                    f"{' or '.join(sorted(found)) or 'the package that has it'} to requirements.in, then lock again: "
                    'see "Add a dependency" in README.md.'
                )


def test_data_is_uploaded(upload: Upload, code: list[Path]) -> None:
    for path in code:
        for file in mentioned(path):
            missing = upload.missing(file)
            assert not missing, f"{shown(path)} reads {shown(file)}. {missing}"


def test_tracked_files_are_uploaded(upload: Upload) -> None:
    if not any((folder / ".git").exists() for folder in (ROOT, *ROOT.parents)):
        return
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        pytest.skip("git is not on this machine")
    assert not listed.returncode, listed.stderr
    for path in (ROOT / name for name in listed.stdout.split("\0") if "/" in name):
        if not upload.left_out(ROOT / shown(path).partition("/")[0])[0]:
            missing = upload.missing(path) if path.is_file() else ""
            assert not missing, missing


def test_no_folder_is_a_link(upload: Upload) -> None:
    for folder, inner, _ in os.walk(ROOT):
        inner[:] = [name for name in inner if not upload.left_out(Path(folder, name))[0]]
        for path in (Path(folder, name) for name in inner):
            assert not path.is_symlink(), f"{shown(path)} is a link, and gcloud packs no linked folder: copy it."
