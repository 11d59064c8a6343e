"""Any answers at all: a refusal in one line with nothing on disk, or a project that works.

A sample of cases; `pytest tests/stress --hypothesis-profile=long` takes hundreds of each kind, and others each time.
"""

import json
import keyword
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.exceptions import FailedHookException
from cookiecutter.main import cookiecutter
from hypothesis import given
from hypothesis import strategies as st

from tests.support.folders import contents
from tests.support.pages import description_shown
from tests.support.processes import environment, posix_only
from tests.support.questions import QUESTIONS, ROOT
from tests.support.types import Bake, Installed
from tests.support.waiting import assert_each_seen

pytestmark = [pytest.mark.slow, posix_only]

ANY_TEXT = st.text(st.characters(codec=None), max_size=250)
FITTING = {
    "function_name": st.from_regex(r"[a-z][a-z0-9-]{2,47}[a-z0-9]", fullmatch=True),
    "description": st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=200),
    "local_package": st.just("none") | st.from_regex(r"[a-z][a-z0-9_]{0,29}", fullmatch=True),
    "region": st.from_regex(r"[a-z]{1,9}-[a-z]{1,9}[0-9]{1,2}", fullmatch=True),
}


@st.composite
def all_answers(draw: st.DrawFn) -> dict[str, Any]:
    """Draw valid answers, or valid ones but for one."""
    wild = draw(st.sampled_from([None, *FITTING]))
    choices = {name: st.sampled_from(default) for name, default in QUESTIONS.items() if isinstance(default, list)}
    texts = {name: ANY_TEXT if name == wild else fitting for name, fitting in FITTING.items()}
    return draw(st.fixed_dictionaries({**choices, "hashes": st.booleans(), **texts}))


# Forks for each function: one that is loaded leaves traces.
LOADER = """
import os, sys, traceback
import functions_framework
for line in sys.stdin:
    target, source = line.split()
    child = os.fork()
    if not child:
        try:
            functions_framework.create_app(target, source)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture(scope="module")
def assert_loads(
    bake: Bake, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, Path], None]]:
    """Return a function that asserts that the framework loads an entry point, with the requirements of all triggers."""
    scripts = installed(bake(trigger="firestore"))
    home = tmp_path_factory.mktemp("home")
    said = home / "said"
    with (
        said.open("w") as stderr,
        subprocess.Popen(
            [scripts / "python", "-c", LOADER], env=environment(home), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
        ) as loader,
    ):  # fmt: skip
        assert loader.stdin and loader.stdout

        def assert_loads(target: str, source: Path) -> None:
            assert loader.stdin and loader.stdout
            print(target, source, file=loader.stdin, flush=True)
            assert loader.stdout.readline() == "0\n", said.read_text("utf-8")

        yield assert_loads
        loader.stdin.close()


def try_bake(answers: dict[str, Any], folder: Path) -> Path | None:
    """Bake a project; return it, or None if the answers were refused properly."""
    (folder / "config.yaml").write_text(f"replay_dir: {folder / 'replay'}\n", "utf-8")
    out = folder / "out"
    out.mkdir()
    try:
        project = cookiecutter(
            str(ROOT),
            no_input=True,
            extra_context=answers,
            output_dir=str(out),
            config_file=str(folder / "config.yaml"),
        )
    except FailedHookException as refusal:
        said = str(refusal)
        assert len(said.splitlines()) == 1 and said.isprintable() and said.partition(":")[0] in QUESTIONS
        assert contents(out) == {}
        return None
    return Path(project)


def test_any_answers(assert_loads: Callable[[str, Path], None]) -> None:
    ends: Counter[str] = Counter()

    @given(answers=all_answers())
    def each(answers: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            project = try_bake(answers, Path(folder))
            ends["made" if project else "refused"] += 1
            if project:
                for path in project.rglob("*.py"):
                    compile(path.read_bytes(), path, "exec")
                assert_loads(answers["function_name"].replace("-", "_"), project / "main.py")
                assert description_shown(project) == answers["description"].strip()

    each()
    assert_each_seen(ends, "made", "refused")


def test_accepted_module_names_load(assert_loads: Callable[[str, Path], None], tmp_path: Path) -> None:
    """Flask looks for the file of a module with the entry point's name."""
    reserved = json.loads((ROOT / "rules" / "reserved.json").read_text("utf-8"))
    fit = re.compile("[a-z][a-z0-9_]{2,47}[a-z0-9]")
    names = [name for name in reserved["modules"] if fit.fullmatch(name) and not keyword.iskeyword(name)]
    through = sorted(set(names) - set(reserved["entry_points"]))
    assert len(through) > 100
    decorated = [f"@functions_framework.http\ndef {name}(request):\n    return ''\n" for name in through]
    (tmp_path / "main.py").write_text("import functions_framework\n" + "".join(decorated))
    for name in through:
        assert_loads(name, tmp_path / "main.py")
    with pytest.raises(AssertionError, match="No root path"):
        assert_loads("marshal", tmp_path / "main.py")


def test_missing_entry_point_fails_to_load(assert_loads: Callable[[str, Path], None], fresh: Bake) -> None:
    project = fresh()
    with pytest.raises(AssertionError, match="no_such_function"):
        assert_loads("no_such_function", project / "main.py")
    assert_loads("hello_function", project / "main.py")
