"""The guard of a project on its requirements files: what is asked for, locked, and safe to commit."""

from pathlib import Path

import pytest

from tests.support.changes import delete, drop, encode, together
from tests.support.folders import append, edit
from tests.support.guard import guard
from tests.support.guard_rules import LOCK, UNDO, Rule, check_rule
from tests.support.locks import lock, pins
from tests.support.pages import lock_commands
from tests.support.processes import check_output, environment, run
from tests.support.types import Bake

pytestmark = pytest.mark.slow
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = ("requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt")
LOGIN = "https://ada:pa55word@example.com"
RULES = [
    *(
        Rule(f"{line} in requirements.txt", append("requirements.txt", f"{line}\n"), f"'{line}' is not pinned", drop("requirements.txt", line))
        for line in (
            "requests", "requests>=2", "requests==2.*", "requests==2.1,>=2", "-e ./mine", "--editable ./mine", "./mine",
            "mine @ file:///mine", "requests @ https://example.com/r.whl", "https://example.com/r.whl", "-r more.txt", "-c more.txt",
            "mine @ git+https://example.com/mine@main", "mine @ git+https://example.com/mine@0123abc",
        )
    ),
    Rule("a loose tool", append("requirements-dev.txt", "requests>=2\n"), "requirements-dev.txt: 'requests>=2' is not pinned", LOCK),
    Rule("one hash only", append("requirements.txt", f"six==1.17.0 --hash=sha256:{'0' * 64}\n"), "no hash, while others have one", LOCK),
    Rule("asked for, not locked", together(append("requirements.in", "requests\n"), append("requirements-dev.in", "pytest-cov\n")), ["requirements.txt lacks 'requests'", "requirements-dev.txt lacks 'pytest-cov'"], LOCK),
    Rule("asked for with a marker", append("requirements.in", "requests ; sys_platform == 'linux'\n"), "requirements.txt lacks 'requests ;", LOCK),
    Rule("locked too low", append("requirements.in", "Flask>=99\n"), "requirements.txt lacks 'Flask>=99'", [edit("requirements.in", "Flask>=99", "Flask>=3"), LOCK]),
    Rule("another file that is not locked", together(append("more.in", "requests\n"), append("requirements.in", "-r more.in\n")), "requirements.txt lacks 'requests'", LOCK),
    Rule("a line that is none", together(append("more.in", "requests please\n"), append("requirements.in", "-r more.in\n")), "more.in: pip cannot read 'requests please'", UNDO),
    Rule("a path is asked for", append("requirements.in", "./mine\n"), "'./mine' is a path", UNDO),
    Rule("no framework", drop("requirements.txt", "functions-framework"), "lacks functions-framework>=3.10,<4", LOCK),
    Rule("the framework not at column 0", edit("requirements.txt", "functions-framework", " functions-framework"), "lacks functions-framework", LOCK),
    Rule("the framework spelt otherwise", edit("requirements.txt", "functions-framework", "functions_framework"), "lacks functions-framework", LOCK),
    Rule("two versions of one package", edit("requirements-dev.txt", "packaging==", "packaging==0."), "and pip installs only one", LOCK),
    Rule("UTF-16 in each file", together(*(encode(name, "utf-16") for name in FILES)), [f"{name} is not UTF-8" for name in FILES], together(*(encode(name, "utf-8") for name in FILES))),
    Rule("a login in each file", together(*(append(name, f"--find-links={LOGIN}/simple\n") for name in FILES)), [f"{name} holds a login for example.com" for name in FILES], together(*(edit(name, "ada:pa55word@", "") for name in FILES))),
    Rule("a login in a comment", append("requirements.txt", f"#    uv pip compile --index-url {LOGIN}\n"), "holds a login", UNDO),
    Rule("a token for git", append("requirements.in", f"mine @ git+https://pa55word@example.com/mine@{COMMIT}\n"), "holds a login", UNDO),
    Rule("a token without a name", append("requirements.in", f"git+https://ada:pa55word@example.com/m@{COMMIT}\n"), "holds a login for example.com", UNDO),
    Rule("an @ in a password", append("requirements.in", "--extra-index-url=https://ada:pa55@pa55word@example.com/\n"), "holds a login for example.com", UNDO),
    Rule("a password beside a variable", append("requirements.in", "--extra-index-url=https://${USER}:pa55word@example.com/\n"), "holds a login", UNDO),
    Rule("a password for SSH", append("requirements.in", "# git+ssh://ada:pa55word@example.com/m\n"), "holds a login", UNDO),
    Rule("an index that is not locked", append("requirements.in", "-i https://example.com/simple\n"), "requirements.txt does not name the index", append("requirements.txt", "--index-url=https://example.com/simple\n")),
    Rule("a file that is not there", append("requirements.in", "-r nowhere.in\n"), "requirements.in includes a file that is not here", UNDO),
    Rule("no requirements-dev.in", delete("requirements-dev.in"), "requirements-dev.in is missing", UNDO),
    Rule("no name for git", append("requirements.in", f"git+https://example.com/m@{COMMIT}\n"), "has no name. Write it as NAME @ git+https", UNDO),
    Rule("two commits of one package", together(*(append(f"requirements{dev}.txt", f"m @ git+https://example.com/m@{commit}\n") for dev, commit in (("", COMMIT), ("-dev", "f" * 40)))), "and pip installs only one", UNDO),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.broken)
def test_guard_fails_until_its_advice_is_followed(
    bake: Bake, fresh: Bake, scripts: Path, home: Path, rule: Rule
) -> None:
    check_rule(rule, fresh(), bake(), scripts, home)


def test_guard_refuses_a_line_without_its_hash(fresh: Bake, scripts: Path, home: Path) -> None:
    project = fresh(hashes=True)
    append("requirements.txt", "six==1.17.0\n")(project)
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "six: no hash" in done.stdout
    lock(project, scripts, home)
    check_output(guard(scripts, project, home))


def test_guard_refuses_locks_that_disagree(fresh: Bake, scripts: Path, home: Path) -> None:
    """Each of these is fine by itself, and pip refuses both together."""
    project = fresh()
    first, _ = lock_commands(project)
    append("requirements.in", "packaging<26\n")(project)
    check_output(run(scripts / "uv", *first.split()[1:], cwd=project, env=environment(home)))
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "requirements-dev.txt has 26" in done.stdout, done.stdout
    lock(project, scripts, home)
    check_output(run(scripts / "uv", *first.split()[1:], "--generate-hashes", cwd=project, env=environment(home)))
    done = guard(scripts, project, home)
    assert done.returncode == 1 and "no hash, while others have one" in done.stdout
    lock(project, scripts, home)
    check_output(guard(scripts, project, home))


TWO_NUMPYS = "numpy<2 ; python_version < '3.12'\nnumpy>=2 ; python_version >= '3.12'\n"


@pytest.mark.parametrize("version", ["3.11", "3.13"])
def test_guard_allows_two_versions_by_marker(fresh: Bake, scripts: Path, home: Path, version: str) -> None:
    """Both Pythons count: the one that runs the tests, and the one of the cloud."""
    project = fresh(python_version=version)
    append("requirements.in", TWO_NUMPYS)(project)
    assert "requirements.txt lacks 'numpy" in guard(scripts, project, home).stdout
    lock(project, scripts, home)
    check_output(guard(scripts, project, home))
    (gone,) = [pin for pin in pins(project / "requirements.txt") if pin.startswith("numpy==2")]
    drop("requirements.txt", gone)(project)
    assert guard(scripts, project, home).returncode == (version == "3.13")
