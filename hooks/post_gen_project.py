"""Look at what was made: refuse what Google's builders never read, drop folders left empty, say what is next."""

import os
import sys

TEMPLATE = {{fn.root | tojson}}
PLAN = {{fn.plan() | tojson}}
ENTRY_POINT = {{fn.entry_point | tojson}}
PYTHON = {{cookiecutter.python_version | tojson}}
PROJECT_EXISTS = {{fn.project_exists}}
FILES_ARE_KEPT = {{fn.files_are_kept}}

# Nothing is left behind in the template.
sys.dont_write_bytecode = True
sys.path.insert(0, TEMPLATE)

from rules.steps import last_words, say  # noqa: E402
from rules.target import refusal  # noqa: E402


def main() -> int:
    project = os.getcwd()
    if reason := refusal(project, PLAN):
        print(reason, file=sys.stderr)
        return 1
    # cookiecutter cannot leave a folder out, only each of its files.
    for folder in reversed([path for path in PLAN if path.endswith("/")]):
        if not any(path.startswith(folder) and path[-1] != "/" for path in PLAN):
            try:
                os.rmdir(folder)
            except OSError:  # Somebody keeps something in it, or another run has removed it.
                continue
    # What cruft makes to update or compare a project is gone at once.
    if not PROJECT_EXISTS:
        say(last_words(project, ENTRY_POINT, PYTHON, FILES_ARE_KEPT))
    return 0


raise SystemExit(main())
