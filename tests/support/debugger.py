"""debugpy, driven as VS Code drives it: https://microsoft.github.io/debug-adapter-protocol/."""

import json
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psutil

from tests.support.serving import family
from tests.support.waiting import PATIENCE

Message = dict[str, Any]
# A file and one of its lines.
Place = tuple[Path, int]


def place(file: Path, code: str) -> Place:
    """Return the line of a file that holds some code."""
    [number] = [number for number, line in enumerate(file.read_text("utf-8").splitlines(), 1) if code in line]
    return file, number


def configuration(project: Path, name: str) -> Message:
    """Return what VS Code sends for a configuration of a project's launch.json."""
    launch = settings(project, "launch.json")
    [found] = [one for one in launch["configurations"] if one["name"] == name]
    python = f"{settings(project, 'settings.json')['python.defaultInterpreterPath']}/bin/python"
    env = variables_in(Path(found.pop("envFile", project / ".env")))
    return {"cwd": str(project), "console": "internalConsole", "python": [python], "env": env, **found}


def variables_in(file: Path) -> dict[str, str]:
    r"""Read a file of variables as the extension does before it starts debugpy, but for \n, \$ and ${...} in a value.

    https://github.com/microsoft/vscode-python-debugger, src/extension/common/variables/environment.ts
    """
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    found = filter(None, (re.fullmatch(r"\s*(_*[a-zA-Z]\w*)\s*=\s*(.*?)\s*", line) for line in lines))
    return {name: re.sub(r"""^(['"])(.*)\1$""", r"\2", value) for name, value in map(re.Match.groups, found)}


def settings(project: Path, name: str) -> Any:
    text = (project / ".vscode" / name).read_text("utf-8")
    return json.loads(text.replace("${workspaceFolder}", project.as_posix()))


class Session:
    """A connection to the adapter, for one process that is debugged."""

    def __init__(self, read: IO[bytes], write: IO[bytes], messages: "queue.Queue[tuple[Session, Message]]") -> None:
        self.read, self.write, self.messages, self.sent = read, write, messages, 0
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        while length := self.read.readline():
            while self.read.readline().strip():
                pass
            self.messages.put((self, json.loads(self.read.read(int(length.split()[1])))))

    def request(self, command: str, arguments: Mapping[str, Any]) -> None:
        self.sent += 1
        message = {"seq": self.sent, "type": "request", "command": command, "arguments": arguments}
        raw = json.dumps(message).encode()
        self.write.write(b"Content-Length: %d\r\n\r\n%s" % (len(raw), raw))
        self.write.flush()


class Debugger:
    """What an editor does: sets breakpoints in each process, and shows where one stops."""

    def __init__(self, adapter: psutil.Popen, launch: Message, breakpoints: list[Place]) -> None:
        self.breakpoints = breakpoints
        self.messages: queue.Queue[tuple[Session, Message]] = queue.Queue()
        self.said = ""
        self.start(Session(adapter.stdout, adapter.stdin, self.messages), launch)

    def start(self, session: Session, arguments: Message) -> None:
        session.request("initialize", {"adapterID": "debugpy", "pathFormat": "path"})
        session.request(arguments["request"], arguments)

    def follow(self, *kinds: str) -> tuple[Session, str, Message]:
        """Go on until an adapter sends one of some kinds of messages; return who did, the kind and the body."""
        while True:
            session, message = self.messages.get(timeout=PATIENCE)
            assert message.get("success", True), message
            kind, body = message.get("event") or message["command"], message.get("body") or {}
            assert kind != "exited" or kind in kinds, self.said
            if kind == "output":
                self.said += body["output"]
            elif kind == "initialized":
                for path, line in self.breakpoints:
                    where = {"source": {"path": str(path)}, "breakpoints": [{"line": line}]}
                    session.request("setBreakpoints", where)
                session.request("configurationDone", {})
            elif kind == "debugpyAttach":
                connection = socket.create_connection((body["connect"]["host"], body["connect"]["port"]))
                child = Session(connection.makefile("rb"), connection.makefile("wb"), self.messages)
                self.start(child, body)
            if kind in kinds:
                return session, kind, body

    def address(self) -> str:
        """Go on until a server says where it listens."""
        while not (found := re.search(r"unning on (http://[\d.]+:\d+)", self.said)):
            self.follow("output")
        return found[1]

    def stop(self) -> Place:
        """Go on until a thread stops at a breakpoint; return where, and let it continue."""
        session, _, stopped = self.follow("stopped")
        assert stopped["reason"] == "breakpoint", stopped
        session.request("stackTrace", {"threadId": stopped["threadId"], "levels": 1})
        _, _, trace = self.follow("stackTrace")
        session.request("continue", {"threadId": stopped["threadId"]})
        [frame] = trace["stackFrames"]
        return Path(frame["source"]["path"]), frame["line"]


@contextmanager
def debugged(launch: Message, breakpoints: list[Place], env: Mapping[str, str]) -> Iterator[Debugger]:
    """Debug what a configuration of VS Code starts, and end all of its processes."""
    adapter, pipe = [sys.executable, "-m", "debugpy.adapter"], subprocess.PIPE
    process = psutil.Popen(adapter, env=env, stdin=pipe, stdout=pipe)
    try:
        yield Debugger(process, launch, breakpoints)
    finally:
        # What is debugged is in a session of its own, and may outlive the adapter.
        started = family(process)
        for one in started:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(started, PATIENCE)
