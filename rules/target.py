"""What must not be made, and where nothing may be made. Standard library only: a hook runs it too."""

import os
from collections.abc import Iterable
from pathlib import Path

NEVER_READ = ("pipfile", "pipfile.lock", "setup.py")


def never_read(paths: Iterable[str]) -> list[str]:
    """Return those of `paths` whose last part, in any case, is a file that Google's Python builders never read.

    The builders install from requirements.txt alone: a dependency that is named elsewhere is missing at run time.
    """
    return [path for path in paths if path.rstrip("/").rpartition("/")[2].lower() in NEVER_READ]


def refusal(target: Path, plan: Iterable[str]) -> str:
    """Say in one line why `plan` must not be carried out in `target`; an empty string where it may.

    `plan` holds the paths to make, relative to `target`, with `/` between the parts and, for a folder, at the end.
    Nothing is changed. A `target` that does not exist yet is in nobody's way.
    """
    if found := never_read(plan):
        return f"The template makes {found[0]}, which Google's builders never read: take it out of the template."
    if target.is_symlink():
        return f"{target} is a link: make the function in the folder that it leads to."
    if not target.is_dir():
        return f"{target} is a file where the function's folder goes: move it away." if target.exists() else ""
    if found := sorted(never_read(os.listdir(target))):
        return (
            f"{target / found[0]} is never read by Google's builders: write the dependencies that it names into "
            "requirements.in, remove it and try again."
        )
    return next(filter(None, (_in_the_way(target, path) for path in plan)), "")


def _in_the_way(target: Path, path: str) -> str:
    parts = path.rstrip("/").split("/")
    for depth in range(1, len(parts) + 1):
        place = target.joinpath(*parts[:depth])
        folder_wanted = depth < len(parts) or path.endswith("/")
        if place.is_symlink() and not Path(os.path.realpath(place)).is_relative_to(os.path.realpath(target)):
            return f"{place} is a link that leads outside: replace it by what it leads to and try again."
        if os.path.lexists(place) and not (place.is_dir() if folder_wanted else place.is_file()):
            return f"{place} is in the way of a {'folder' if folder_wanted else 'file'}: move it away and try again."
    return ""
