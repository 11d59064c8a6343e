"""Lock files: what they pin, and the commands that make them."""

from pathlib import Path

from tests.support.pages import lock_commands
from tests.support.processes import check_output, environment, run
from tests.support.questions import ROOT, TRIGGERS, fact

# A trigger for each folder of locks.
ONE_OF_EACH_LOCK = [*{fact(trigger, "locks"): trigger for trigger in TRIGGERS}.values()]
# The same for each requirements.txt, since some folders differ in their tools alone.
UPLOADS = {
    (ROOT / "templates" / "locks" / fact(trigger, "locks") / "requirements.txt").read_bytes(): trigger
    for trigger in ONE_OF_EACH_LOCK
}
ONE_OF_EACH_UPLOAD = [*UPLOADS.values()]


def pins(lock: Path) -> list[str]:
    """Return the pins of a lock, its hashes left out."""
    lines = lock.read_text("utf-8").splitlines()
    return [line.rstrip(" \\") for line in lines if not line.startswith(("#", " "))]


def lock(project: Path, scripts: Path, home: Path, upgrade: bool = False) -> None:
    """Run the commands of a project's README that lock, or those that lock with --upgrade."""
    for command in lock_commands(project, upgrade):
        check_output(run(scripts / command.split()[0], *command.split()[1:], cwd=project, env=environment(home)))
