"""Checks on the output folder before anything is written.

A hook runs it too: standard library only, and no module of it that Python has not loaded anyway, since each hook is a
start of Python that a user waits for.
"""

import os
import sys

NEVER_READ = ("pipfile", "pipfile.lock", "setup.py")
# More than the largest project takes.
ROOM = 1_000_000


def never_read(paths: list[str]) -> list[str]:
    """Return those of `paths` whose last part, in any case, is a file that Google's Python builders never read.

    The builders install from requirements.txt or, if there is none, from pyproject.toml: a dependency that only one of
    these files names is missing at run time.
    """
    return [path for path in paths if path.rstrip("/").rpartition("/")[2].lower() in NEVER_READ]


def refusal(target: str, plan: list[str]) -> str:
    """Say in one line why `plan` must not be carried out in `target`; an empty string if it may.

    `plan` holds the paths to make, relative to `target`, with `/` between the parts and, for a folder, at the end.
    Nothing is changed. A `target` that does not exist yet is in nobody's way.
    """
    if found := never_read(plan):
        return f"The template makes {found[0]}, which Google's builders never read: take it out of the template."
    if os.path.islink(target):
        return f"{target} is a link: make the function in the folder that it leads to."
    if not os.path.isdir(target):
        return f"{target} is a file where the function's folder goes: move it away." if os.path.exists(target) else ""
    if found := sorted(never_read(os.listdir(target))):
        them, name = ("it", "it names") if len(found) == 1 else ("them", "they name")
        return (
            f"Google's builders never read {' and '.join(found)} in {target}: move {them} away, try again, and then "
            f"add the dependencies that {name} to requirements.in."
        )
    return next(filter(None, (_in_the_way(target, path) for path in plan)), "")


def unwritable(target: str, plan: list[str], files_are_kept: bool) -> str:
    """Say in one line what keeps `plan` from being written into `target`; an empty string if nothing does.

    cookiecutter writes file by file: what stops it halfway leaves a mixture of old and new.
    `files_are_kept` means that files which exist are not written.
    """
    for path in plan:
        place = os.path.join(target, path.rstrip("/"))
        if os.path.isfile(place) and files_are_kept:
            continue
        while not os.path.exists(place):
            place = os.path.dirname(place)
        if not os.access(place, os.W_OK):
            return f"{place} is read-only: make it writable and try again."
        # Windows has no such call.
        if sys.platform != "win32":
            disk = os.statvfs(place)
            if disk.f_bavail * disk.f_frsize < ROOM:
                return f"The disk that holds {place} is full: free {ROOM // 1_000_000} MB and try again."
    return ""


def _in_the_way(target: str, path: str) -> str:
    parts = path.rstrip("/").split("/")
    for depth in range(1, len(parts) + 1):
        place = os.path.join(target, *parts[:depth])
        folder_wanted = depth < len(parts) or path.endswith("/")
        if os.path.islink(place) and not os.path.realpath(place).startswith(os.path.realpath(target) + os.sep):
            return f"{place} is a link that leads outside: replace it by what it leads to and try again."
        if os.path.lexists(place) and not (os.path.isdir(place) if folder_wanted else os.path.isfile(place)):
            return f"{place} is in the way of a {'folder' if folder_wanted else 'file'}: move it away and try again."
    return ""
