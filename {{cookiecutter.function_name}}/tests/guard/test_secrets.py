"""Guards the upload against secrets and links. The template keeps this file up to date.

.gcloudignore leaves out what is a secret by its name; this looks into the files that it lets through.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.guard.conftest import Upload

ROOT = Path(__file__).resolve().parents[2]
# A block counts once it holds a key: code may well name the line that such a block begins with.
KEY = rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?:\s|\\+[nr]|[A-Z][A-Za-z-]+: [^\n]*\n)*[A-Za-z0-9+/]{16}"
SECRETS = {
    "a private key": KEY,
    "a private key of PuTTY": rb"^PuTTY-User-Key-File-\d",
    "a login of gcloud": rb'"refresh_token"\s*:\s*"1//',
    "the secret of an OAuth client": rb'"client_secret"\s*:\s*"GOCSPX-',
}


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def secret_in(path: Path) -> str:
    """Return what kind of secret a file holds; "" if none."""
    # PowerShell redirects in UTF-16, which puts a zero beside each letter.
    content = path.read_bytes().replace(b"\0", b"")
    return next((kind for kind, pattern in SECRETS.items() if re.search(pattern, content)), "")


def test_no_secret_is_uploaded(upload: "Upload") -> None:
    found = {shown(path): secret_in(path) for path in upload.paths() if path.is_file()}
    told = [
        f"{name} holds {kind} and would be uploaded: put it into Secret Manager, list it under --update-secrets in "
        f"deploy.yaml, and delete the file or add the line /{name} to .gcloudignore."
        for name, kind in found.items()
        if kind
    ]
    if told:
        pytest.fail("\n".join(told), pytrace=False)


def test_no_link_is_uploaded(upload: "Upload") -> None:
    for path in upload.paths():
        if path.is_symlink() and path.is_dir():
            pytest.fail(f"{shown(path)} is a link, and gcloud packs no linked folder: copy it.", pytrace=False)
        if path.is_symlink() and ROOT not in path.resolve().parents:
            pytest.fail(
                f"{shown(path)} is a link to a file outside this folder, which gcloud would upload: copy the file, or "
                f"add the line /{shown(path)} to .gcloudignore.",
                pytrace=False,
            )
