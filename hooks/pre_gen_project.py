"""Refuse a folder that must not be written to, before a byte of it is touched.

The answers were checked before; this is for callers that do not tell Jinja the output folder, such as cruft.
"""

import runpy
import sys
from pathlib import Path

TEMPLATE = {{fn.root | tojson}}
PLAN = {{fn.plan() | tojson}}


def main() -> int:
    reason = runpy.run_path(f"{TEMPLATE}/rules/target.py")["refusal"](Path.cwd(), PLAN)
    print(reason, end="\n" if reason else "", file=sys.stderr)
    return 1 if reason else 0


raise SystemExit(main())
