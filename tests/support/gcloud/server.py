"""Run gcloud's commands as processes of their own that need not import gcloud first.

gcloud's wrapper starts this in place of `gcloud.py`, so it has gcloud's own Python and path. It listens on the socket
at the path that it is given, prints the path of its Python, and ends when its standard input does. For each client
(client.py) it forks a process that runs `gcloud.py`.
"""

import atexit
import gc
import io
import marshal
import os
import runpy
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

# These import most of what the tests' commands do.
MODULES = (
    "googlecloudsdk.gcloud_main", "googlecloudsdk.calliope.parser_completer", "googlecloudsdk.core.updater.update_manager",
    "proto", "surface.functions.deploy", "surface.functions.logs.read", "surface.iam", "surface.pubsub.subscriptions.create",
    "surface.storage.service_agent",
)  # fmt: skip


def serve(address: str, gcloud: str) -> None:
    # Where Python would look first.
    sys.path[0] = os.path.dirname(os.path.realpath(gcloud))
    path = [*sys.path]
    runpy.run_path(gcloud, run_name="gcloud")
    for name in MODULES:
        # Another version of gcloud may lack it.
        with suppress(ImportError):
            import_module(name)
    sys.path[:] = path
    # The children neither look through all of this nor copy it.
    gc.freeze()
    # Nobody waits for those that answer.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen()
        print(sys.executable, flush=True)
        while sys.stdin not in select.select([sys.stdin, listener], [], [])[0]:
            connection, _ = listener.accept()
            if not os.fork():
                listener.close()
                answer(connection, gcloud)
            connection.close()


def answer(connection: socket.socket, gcloud: str) -> NoReturn:
    """Run a client's command, pass its signals on, and send the exit code. End the command if the client ends first."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    job, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    # The command alone holds the other end, so this one ends with it.
    ended, alive = socket.socketpair()
    child = os.fork()
    if not child:
        connection.close()
        ended.close()
        become(gcloud, streams, *marshal.loads(job))
    alive.close()
    while ended not in select.select([ended, connection], [], [])[0]:
        number = connection.recv(1)
        os.kill(child, number[0] if number else signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with suppress(OSError):
        connection.send(b"%d" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def become(
    gcloud: str, streams: list[int], arguments: list[str], env: dict[str, str], cwd: str, umask: int
) -> NoReturn:
    """Turn this process into the one that Python would have started."""
    for to, stream in enumerate(streams):
        os.dup2(stream, to)
        os.close(stream)
    # Python asks this when it starts.
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(line_buffering=os.isatty(1))
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    os.umask(umask)
    # gcloud has read its configuration as it was imported.
    from googlecloudsdk.core import log
    from googlecloudsdk.core.configurations import named_configs

    named_configs.ActivePropertiesFile.Invalidate()
    log.Reset()
    sys.argv[1:] = arguments
    code = 0
    try:
        runpy.run_path(gcloud, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            raise
        code = end.code or 0
    # Python would take longer to take itself apart than many commands take.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(*sys.argv[1:])
