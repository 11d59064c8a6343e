"""A module that the fork server runs ends as one that Python starts."""

import os
import sys
from pathlib import Path

import pytest

from tests.support.processes import environment, posix_only, run, run_module

MODULE = """import os
import sys

print(os.getcwd(), sys.argv[1:], sys.stdin.read(), os.environ["MINE"], sys.flags.hash_randomization)
sys.exit({end})
"""


@posix_only
@pytest.mark.parametrize("end", ["None", "3", "'in words'", "False", "1 / 0"])
def test_same_output_and_exit_code(tmp_path: Path, home: Path, end: str) -> None:
    (tmp_path / "ends.py").write_text(MODULE.format(end=end))
    env = environment(home, MINE="yes")
    started = run(sys.executable, "-m", "ends", "a", "b c", cwd=tmp_path, env=env, stdin="given")
    forked = run_module("ends", "a", "b c", cwd=tmp_path, env=env, stdin="given")
    assert forked.returncode == started.returncode
    last = -1 if end == "1 / 0" else 0
    assert forked.stdout.splitlines()[last:] == started.stdout.splitlines()[last:]


@posix_only
def test_variables_that_python_has_read_are_refused(tmp_path: Path, home: Path) -> None:
    with pytest.raises(AssertionError, match="PYTHONHASHSEED"):
        run_module("ends", cwd=tmp_path, env=environment(home, PYTHONHASHSEED="1", PATH=os.environ["PATH"]))
