"""A main.py of an older version answers as before with a newer delivery.py, until its owner follows CHANGELOG.md."""

import re
from pathlib import Path

import pytest

from tests.support.folders import append
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT
from tests.support.serving import sample, served
from tests.support.types import Bake, Installed

pytestmark = pytest.mark.slow


def older_main(template: Path, name: str) -> str:
    """Return pubsub's main.py as it was before delivery.py could give up on an event."""
    env = environment(template.parent)
    history = ("git", "log", "--format=%H", "-S", "def give_up(", "--", "templates/shared/delivery.py")
    *_, first = check_output(run(*history, cwd=template, env=env)).split() or [""]
    shown = run("git", "show", f"{first}^:templates/pubsub/main.py", cwd=template, env=env)
    if not first or shown.returncode:
        pytest.skip("the history of the template is not complete on this machine")
    text = shown.stdout.replace("{{ cookiecutter.local_package }}", "localpackage")
    return text.replace("{{ fn.entry_point }}", name)


@pytest.mark.parametrize("mended", [False, True])
def test_older_main_acknowledges_until_it_is_told_to_give_up(
    template: Path, fresh: Bake, installed: Installed, home: Path, mended: bool
) -> None:
    """A newer delivery.py changes nothing by itself; what CHANGELOG.md says makes it a new function's."""
    project = fresh(trigger="pubsub")
    scripts = installed(project)
    text = older_main(template, "hello_function")
    if mended:
        changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
        [listed] = re.findall(r"(?m)^  ```python\n((?:  .*\n)+?)  ```", changelog)
        lines = re.sub("(?m)^  ", "", listed)
        head, read = text.partition("    try:\n")[0], (project / "main.py").read_text("utf-8").partition("def read(")[2]
        # `read` from a new project.
        text = f"{head}{lines}\n\ndef read({read}"
    (project / "main.py").write_text(text, "utf-8")
    append(
        "localpackage/script.py",
        "\n\ndef handle(message: Message) -> None:\n    import delivery\n\n"
        "    raise delivery.Unprocessable('unknown')\n",
    )(project)
    headers, body = sample(project, scripts, "pubsub")
    # main.py finds the first, delivery.py the second.
    malformed = [(project / "events" / "malformed.json").read_bytes(), b"[]"]
    answers = {}
    for dead_letter in ("", "true"):
        with served(scripts, project, "hello_function", home, DEAD_LETTER=dead_letter) as function:
            answers[dead_letter] = [function.ask(body=one, headers=headers)[0] for one in (*malformed, body)]
            assert [entry["severity"] for entry in function.entries()] == ["ERROR"] * 3
    # An older main.py does not catch what the logic raises, so that comes again.
    assert answers == ({"": [200] * 3, "true": [500] * 3} if mended else dict.fromkeys(answers, [200, 200, 500]))
