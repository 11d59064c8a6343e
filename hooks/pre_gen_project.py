"""Refuse a folder that must not be written to, before a byte of it is touched.

The answers were checked before; this is for callers that do not tell Jinja the output folder, such as cruft.
"""

import os
import sys

TEMPLATE = {{fn.root | tojson}}
PLAN = {{fn.plan() | tojson}}
FILES_ARE_KEPT = {{fn.files_are_kept}}

# Nothing is left behind in the template.
sys.dont_write_bytecode = True
sys.path.insert(0, TEMPLATE)

from rules.target import refusal, unwritable  # noqa: E402


def main() -> int:
    reason = refusal(os.getcwd(), PLAN) or unwritable(os.getcwd(), PLAN, FILES_ARE_KEPT)
    print(reason, end="\n" if reason else "", file=sys.stderr)
    return 1 if reason else 0


raise SystemExit(main())
