"""Checks on the output folder before anything is written.

The hook imports it too, and a user waits for the hook: import only what Python has loaded anyway.
"""

import os
import sys

NEVER_READ = ("pipfile", "pipfile.lock", "setup.py")
# More than the largest project takes.
ROOM = 1_000_000


def never_read(paths: list[str]) -> list[str]:
    """Return those of `paths` that name a file which Google's Python builders never read, in upper or lower case.

    The builders install from requirements.txt or, without one, from pyproject.toml. A dependency that only a Pipfile
    names would be missing at run time.
    """
    return [path for path in paths if path.rstrip("/").rpartition("/")[2].lower() in NEVER_READ]


def refusal(target: str, plan: list[str]) -> str:
    """Return in one line why the paths of `plan` must not be made in the folder `target`; "" if they may.

    The paths are relative to `target`, which need not exist: those of files, and of all folders that they are in. `/`
    separates their parts and ends those of folders.
    """
    if found := never_read(plan):
        return f"The template makes {found[0]}, which Google's builders never read: take it out of the template."
    if os.path.islink(target):
        return f"{target} is a link: make the function in the folder that it points to."
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
    """Return in one line why the paths of `plan` cannot be written into `target`; "" if they can.

    cookiecutter writes file by file, so an error halfway would leave a mixture of old and new.
    `files_are_kept`: files that exist are not written.
    """
    for path in plan:
        place = os.path.normpath(os.path.join(target, path))
        if os.path.isfile(place):
            if files_are_kept:
                continue
            if os.stat(place).st_nlink > 1:
                return f"{place} has a second name (a hard link): replace it with a copy and try again."
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
    place, folder_wanted = os.path.normpath(os.path.join(target, path)), path.endswith("/")
    if os.path.islink(place) and not os.path.realpath(place).startswith(os.path.realpath(target) + os.sep):
        return f"{place} is a link that points outside: replace it with what it points to and try again."
    if os.path.lexists(place) and not (os.path.isdir(place) if folder_wanted else os.path.isfile(place)):
        return f"{place} is in the way of a {'folder' if folder_wanted else 'file'}: move it away and try again."
    return ""
