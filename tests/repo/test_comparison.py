"""The comparison with others measures what its page says: blind tests, uploaded keys, events that are not answered."""

import dataclasses
import sys
from pathlib import Path

import pytest

from benchmarks import measure
from benchmarks.comparison import terminal
from benchmarks.comparison.measured import HEAD, PLANTED, row
from benchmarks.comparison.packages import PACKAGES
from benchmarks.comparison.page import WINS
from benchmarks.comparison.peer import GCLOUD, Peer
from benchmarks.comparison.repositories import REPOSITORIES
from benchmarks.peers import seconds
from tests.support.processes import posix_only, require_tool
from tests.support.questions import ROOT

PAGE = ROOT / "docs" / "comparison.md"
FUNCTION = "def hello(request):\n    return 'hello'\n"
PEER = Peer(
    name="a peer", version="1", makes="Google", make="mkdir -p made/tests && cp ../main.py made && cp ../test.py made/tests/test_main.py",
    project="made", main="made/main.py", function="hello", deployed="iniconfig", test="tests", uploads=f"{GCLOUD} made",
)  # fmt: skip


def test_page_has_the_tables_of_the_script() -> None:
    """It may be older than the script, but has its columns and rows."""
    text = PAGE.read_text("utf-8")
    assert text.count(measure.table(HEAD, [])) == 2
    for title, peers in (("From package indexes", PACKAGES), ("From GitHub", REPOSITORIES)):
        section = text.split(f"\n## {title}\n")[1].split("\n## ")[0]
        names = [line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| ")]
        assert names[2:] == [peer.name for peer in peers]


def test_page_names_tests_that_exist() -> None:
    text = PAGE.read_text("utf-8")
    for _, file, test in WINS:
        assert f"def {test}(" in (ROOT / file).read_text("utf-8")
        assert f"`{test}` in [{file}]" in text


@posix_only
def test_answers_are_typed_once_they_are_asked_for(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code = "import sys; sys.exit(0 if [input('name? '), input('age? ')] == ['Ada', '36'] else 7)"
    assert terminal.answer([sys.executable, "-c", code], {"name?": "Ada\r", "age?": "36\r"}) == 0
    assert terminal.answer([sys.executable, "-c", code], {"name?": "Ada\r", "age?": "37\r"}) == 7
    assert b"age? 37" in capfdbinary.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the comparison needs Linux")
@pytest.mark.parametrize(
    ("test", "pin", "ignore", "expected"),
    [
        ("def test():\n    assert True\n", "==2.1.0", "",
         ["pass", "0 of 4", "1 of 1", "0 of 1", ", ".join(f"`{name}`" for name in PLANTED)]),
        ("import main\n\ndef test():\n    assert main.hello(None) == 'hello'\n", "==2.1.0", "*.json\n",
         ["pass", "4 of 4", "1 of 1", "0 of 1", "`.env`"]),
        ("def test():\n    assert False\n", "~=2.1", "/*\n!/main.py\n", ["fail", "", "0 of 1", "0 of 1", "none"]),
    ],
    ids=["blind", "seeing", "failing"],
)  # fmt: skip
def test_row_of_a_peer(tmp_path: Path, test: str, pin: str, ignore: str, expected: list[str]) -> None:
    require_tool("gcloud")
    (tmp_path / "main.py").write_text(FUNCTION)
    (tmp_path / "test.py").write_text(test)
    make = f"{PEER.make} && echo 'iniconfig{pin}' > made/requirements.txt && printf '{ignore}' > made/.gcloudignore"
    # No function of this name is in the file, so it answers no event.
    peer = dataclasses.replace(PEER, make=make, events=(("pubsub", "true", "made/main.py:no_such_function"),))
    work = tmp_path / "work"
    work.mkdir()
    assert row(work, peer)[3:8] == expected


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the comparison needs Linux")
def test_row_of_this_template(tmp_path: Path) -> None:
    """With one of its events, and without the tests of its guard, to be quick."""
    require_tool("gcloud")
    peer = dataclasses.replace(PACKAGES[0], events=PACKAGES[0].events[:1], test="tests/test_main.py")
    work = tmp_path / "work"
    work.mkdir()
    tests, seen, pins, events, uploads = row(work, peer)[3:8]
    assert (tests, seen, events, uploads) == ("pass", "4 of 4", "1 of 1", "none")
    pinned, _, installed = pins.partition(" of ")
    assert pinned == installed


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the comparison needs Linux")
def test_way_to_passed_tests_is_not_measured_if_they_fail(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTION)
    (tmp_path / "test.py").write_text("def test():\n    assert True\n")
    assert seconds(tmp_path, "uv", PEER) > 0
    (tmp_path / "test.py").write_text("def test():\n    assert False\n")
    with pytest.raises(AssertionError, match="1 failed"):
        seconds(tmp_path, "uv", PEER)
