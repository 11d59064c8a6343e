"""Run a command that asks questions in a terminal: python terminal.py COMMAND... < answers.json."""

import json
import os
import sys


def answer(command: list[str], answers: dict[str, str]) -> int:
    """Type each answer once its question is on the screen, in their order; return the command's exit code."""
    import pty  # Windows has none.

    left = list(answers.items())
    screen = b""
    pid, terminal = pty.fork()
    if not pid:
        os.execvp(command[0], command)
    # Linux answers a read with an error once the command has ended.
    while shown := read(terminal):
        screen += shown
        if left and left[0][0].encode() in screen:
            os.write(terminal, left.pop(0)[1].encode())
            screen = b""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def read(terminal: int) -> bytes:
    """Return what a terminal shows next; nothing at its end."""
    try:
        shown = os.read(terminal, 65536)
    except OSError:
        return b""
    sys.stdout.buffer.write(shown)
    return shown


if __name__ == "__main__":
    raise SystemExit(answer(sys.argv[1:], json.load(sys.stdin)))
