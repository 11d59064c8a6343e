"""Run cookiecutter's command as it is and print, as the last line, the seconds that its parts took, as JSON."""

import functools
import json
import sys
import time
from collections import defaultdict
from typing import Any

taken: defaultdict[str, float] = defaultdict(float)


def timed(owner: Any, name: str, part: str) -> None:
    """Count the time of a function, and its calls, under the name of a part."""
    function = getattr(owner, name)

    @functools.wraps(function)
    def counted(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            taken[part] += time.perf_counter() - start
            taken[f"{part}, times"] += 1

    setattr(owner, name, counted)


def main() -> None:
    start = time.perf_counter()
    from cookiecutter import cli, hooks
    from jinja2 import Environment

    taken["import"] = time.perf_counter() - start
    timed(Environment, "compile", "compile")
    timed(hooks, "run_script", "hooks")
    timed(cli, "cookiecutter", "all")
    cli.main(sys.argv[1:], standalone_mode=False)
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
