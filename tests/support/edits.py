"""What a developer does to a new function."""

from pathlib import Path

from tests.support.folders import append
from tests.support.types import Change

LOGIC = '\n\ndef mine() -> int:\n    """What the developer came for."""\n    return 1\n'
TEST = "from localpackage import script\n\n\ndef test_mine() -> None:\n    assert script.mine() == 1\n"


def change_description(project: Path) -> None:
    title, description, rest = (project / "README.md").read_text("utf-8").split("\n\n", 2)
    (project / "README.md").write_text(f"{title}\n\nCounts.\n\nAsk Ada about it.\n\n{rest}", "utf-8")


def edits(sample: str) -> list[Change]:
    """What a developer does to a new function, requirements and locks aside."""
    return [
        append("main.py", LOGIC),
        append("localpackage/script.py", LOGIC),
        lambda project: (project / "tests" / "test_mine.py").write_text(TEST),
        append("pyproject.toml", "\n[tool.coverage.run]\nbranch = true\n"),
        change_description,
        lambda project: (project / sample).unlink(missing_ok=True),
    ]


def check_edits(project: Path, sample: str) -> None:
    """Assert that what `edits` did is still there."""
    assert "def mine()" in (project / "main.py").read_text("utf-8")
    assert (project / "localpackage" / "script.py").read_text("utf-8").endswith(LOGIC)
    assert (project / "tests" / "test_mine.py").read_text("utf-8") == TEST
    assert "[tool.coverage.run]\nbranch = true" in (project / "pyproject.toml").read_text("utf-8")
    assert "Ask Ada about it." in (project / "README.md").read_text("utf-8")
    assert not (project / sample).exists()
