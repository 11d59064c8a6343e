"""Refuse files that Google's builders never read, remove folders left empty, and print what to do next."""

import os
import sys

TEMPLATE = {{fn.root | tojson}}
LAST_WORDS = {{fn.last_words() | tojson}}
# cookiecutter can leave out every file of a folder, but not the folder itself.
OFTEN_EMPTY = (".github/workflows", ".github", "events", {{cookiecutter.local_package | tojson}})

# Nothing is left behind in the template.
sys.dont_write_bytecode = True
sys.path.insert(0, TEMPLATE)

from rules.target import refusal  # noqa: E402  # It is on the path only now.


def main() -> int:
    if reason := refusal(os.getcwd(), []):
        print(reason, file=sys.stderr)
        return 1
    for folder in OFTEN_EMPTY:
        try:
            os.rmdir(folder)
        except OSError:
            continue
    # A message never undoes what was made: the output may be closed, in a narrow encoding, or read by nobody.
    try:
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # TextIO has none: caught below.
        print(LAST_WORDS, end="", flush=True)
    except (AttributeError, OSError, ValueError):
        # Python would try once more at its end, and fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


raise SystemExit(main())
