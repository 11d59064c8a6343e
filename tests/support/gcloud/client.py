"""Have the server (server.py) run a gcloud command; gcloud's wrapper starts this in place of Python.

It starts in a few milliseconds, so it imports next to nothing.
"""

import _signal
import _socket
import marshal
import os
import sys

_, address, gcloud, *arguments = sys.argv
# As the wrapper leaves them if nobody has set them.
env = {**os.environ, "CLOUDSDK_PYTHON_ARGS": ""}
del env["CLOUDSDK_PYTHON"]
umask = os.umask(0)
os.umask(umask)
connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
try:
    connection.connect(address)
except OSError:
    os.execve(os.path.join(env["CLOUDSDK_ROOT_DIR"], "bin", "gcloud"), ["gcloud", *arguments], env)
for number in (_signal.SIGHUP, _signal.SIGINT, _signal.SIGTERM):
    _signal.signal(number, lambda number, _: connection.send(bytes([number])))
streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in range(3))
job = marshal.dumps((arguments, env, os.getcwd(), umask))
connection.sendmsg([job], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
code = int(connection.recv(16) or b"1")
if code < 0:
    _signal.signal(-code, _signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
