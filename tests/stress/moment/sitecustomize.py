"""Act at a moment of a run. Python loads this at its start if this folder is on PYTHONPATH.

Moments are counted in all the processes of the run: each start of Python, and each time that one is about to change what is
below a folder. From the moment that is asked for, so many calls of functions pass first: a file is opened, then written.
"""

import os
import signal
import sys
from types import FrameType
from typing import Any

folder, counted, number, calls, act = os.environ["MOMENT"].split("\n")
left = int(calls)


def is_now() -> bool:
    with open(counted, "ab") as file:
        file.write(b".")
        return file.tell() == int(number)


def acts() -> None:
    if act == "halt":
        print("halted", flush=True)
        sys.stdin.readline()
    else:
        # As a terminal does on Ctrl-C: all that the run has started, hooks included.
        os.killpg(0, int(act))


def on_call(frame: FrameType, event: str, argument: object) -> None:
    global left
    left -= 1
    if left <= 0:
        sys.setprofile(None)
        acts()


def on_event(event: str, arguments: tuple[Any, ...]) -> None:
    changes = event in ("os.mkdir", "os.rmdir") or event == "open" and arguments[2] & os.O_ACCMODE
    if changes and str(arguments[0]).startswith(folder) and is_now():
        if left:
            sys.setprofile(on_call)
        else:
            acts()


# A shell lets what it runs in the background ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
if is_now():
    acts()
sys.addaudithook(on_event)
