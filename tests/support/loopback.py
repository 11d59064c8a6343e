"""Servers on loopback, for what functions and tools ask elsewhere."""

import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def listen(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """Let a handler answer on a free port of 127.0.0.1 until the block ends; yield host and port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def loopback(
    answer: Callable[[str, str, bytes, Mapping[str, str]], tuple[int, Any]], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve JSON on a free port of 127.0.0.1 until the block ends; yield the address.

    `answer` is given method, path, body and headers of a request, and returns the status and what is sent: bytes, or
    anything else as JSON.
    With `tls` the address is that of a proxy, which answers for any host.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            assert tls
            if not self.path.endswith(":443"):
                return self.send_error(403, "TLS only")
            self.send_response(200)
            self.end_headers()
            with tls.wrap_socket(self.connection, server_side=True) as inner:
                self.rfile, self.wfile = inner.makefile("rb"), inner.makefile("wb")
                self.handle_one_request()
                self.wfile.flush()

        def chunks(self) -> Iterator[bytes]:
            """Read a body whose length the client did not know when it began to send it."""
            while self.headers.get("Transfer-Encoding") == "chunked" and (size := int(self.rfile.readline(), 16)):
                yield self.rfile.read(size)
                self.rfile.readline()

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) + b"".join(self.chunks())
            status, reply = answer(self.command, self.path, body, dict(self.headers.items()))
            raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, *arguments: object) -> None:
            pass

    with listen(Handler) as address:
        yield f"http://{address}"
