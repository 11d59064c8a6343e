"""Guards copies of code that several functions of a repository share. The template keeps this file up to date.

Google uploads one folder per function, so what is in ../shared is copied into each function that needs it.
"""

from pathlib import Path


def test_copies_of_shared_code_are_in_step() -> None:
    for original in Path("../shared").glob("[!.]*"):
        copy = Path(original.name)
        if original.is_dir() and copy.is_dir() and copy.name != "tests":
            assert contents(original) == contents(copy), (
                f"{copy} differs from ../shared/{copy}: change it there, then copy the folder again."
            )


def contents(folder: Path) -> dict[Path, bytes]:
    """Return the files of a folder by their paths in it, without what Python caches."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder): path.read_bytes() for path in files}
