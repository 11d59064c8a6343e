"""A certificate of one's own, so that a proxy on loopback can answer for a host by its name."""

import shutil
import ssl
from pathlib import Path

from tests.support.processes import check_output, environment, require_tool, run


def certificate(folder: Path, *hosts: str) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for some hosts in a folder; return what a server needs, and the file that clients trust."""
    key, made = folder / "server.key", folder / "server.crt"
    # require_tool() asks for `--version`, which not every openssl knows.
    openssl = shutil.which("openssl") or require_tool("openssl")
    names = ",".join(f"DNS:{host}" for host in hosts)
    options = (
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        f"/CN={hosts[0]}",
        "-addext",
        f"subjectAltName={names}",
    )
    command = (openssl, "req", *options, "-keyout", key, "-out", made)
    check_output(run(*command, cwd=folder, env=environment(folder)))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made, key)
    return tls, made
