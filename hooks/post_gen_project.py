"""Look at what was made: refuse what Google's builders never read, drop folders left empty, say what is next."""

import os
import runpy
import shlex
import sys
from pathlib import Path

TEMPLATE = {{fn.root | tojson}}
PLAN = {{fn.plan() | tojson}}
ENTRY_POINT = {{fn.entry_point | tojson}}


def main() -> int:
    project = Path.cwd()
    if reason := runpy.run_path(f"{TEMPLATE}/rules/target.py")["refusal"](project, PLAN):
        print(reason, file=sys.stderr)
        return 1
    # cookiecutter cannot leave a folder out, only each of its files.
    for folder in reversed([path for path in PLAN if path.endswith("/")]):
        if not os.listdir(project / folder):
            (project / folder).rmdir()
    windows = os.name == "nt"
    scripts, folder = (".venv\\Scripts\\", f'"{project}"') if windows else (".venv/bin/", shlex.quote(str(project)))
    print(f"\nMade {project.name}. To run it (its README tells the rest):\n")
    print(f"  cd {folder}")
    print(f"  python -m venv .venv && {scripts}python -m pip install -r requirements.txt -r requirements-dev.txt")
    print(f"  {scripts}functions-framework --target {ENTRY_POINT} --host 127.0.0.1 --debug")
    return 0


raise SystemExit(main())
