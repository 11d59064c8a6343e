"""Guards the upload and git against secrets, and the upload against links. The template keeps this file up to date.

.gcloudignore and .gitignore leave out what is a secret by its name; this looks into the files that they let through.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.guard.conftest import Upload

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    # With the key itself: code may well name the line that such a block begins with.
    "a private key": rb"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,10}-----"
    rb"(?:[^A-Za-z0-9-]|\\+[nr]|[A-Z][A-Za-z-]+: [^\n\\]*(?:\n|\\+[nr])){0,400}[A-Za-z0-9+/]{40}",
    "a private key of PuTTY": rb"PuTTY-User-Key-File-\d: ",
    "a login of gcloud": rb"refresh_token[\\\"']*\s*[:=]\s*[\\\"']*1\\?/\\?/",
    "the secret of an OAuth client": rb"\bGOCSPX-[\w-]{20,}",
}


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def secret_in(path: Path) -> str:
    """Return what kind of secret a file holds; "" if none."""
    content = path.read_bytes()
    # PowerShell redirects in UTF-16.
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.replace(b"\0", b"")
    return next((kind for kind, pattern in SECRETS.items() if re.search(pattern, content)), "")


def check(paths: list[Path], where: str, ignore: str) -> None:
    found = {shown(path): secret_in(path) for path in paths if path.is_file()}
    told = [
        f"{name} holds {kind} and {where}. Delete it, or add the line /{name} to {ignore}. The function needs no key "
        "of an account: grant roles to the account that it runs as. Other secrets belong in Secret Manager."
        for name, kind in found.items()
        if kind
    ]
    if told:
        pytest.fail("\n".join(told), pytrace=False)


def test_no_secret_is_uploaded(upload: "Upload") -> None:
    check(list(upload.paths()), "would be uploaded", ".gcloudignore and .gitignore")


def test_no_secret_is_in_git() -> None:
    """The tests may have keys of their own."""
    if not any((folder / ".git").exists() for folder in (ROOT, *ROOT.parents)):
        pytest.skip("this folder is in no git repository")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except OSError:
        pytest.skip("git is not on this machine")
    names = [name for name in os.fsdecode(listed).split("\0") if name and not name.startswith("tests/")]
    check([ROOT / name for name in names], "is in git, or would be with the next commit", ".gitignore")


def test_no_link_is_uploaded(upload: "Upload") -> None:
    for path in upload.paths():
        if path.is_symlink() and path.is_dir():
            pytest.fail(f"{shown(path)} is a link, and gcloud packs no linked folder: copy it.", pytrace=False)
        target = path.resolve()
        if path.is_symlink() and (ROOT not in target.parents or upload.left_out(target)[0]):
            pytest.fail(
                f"{shown(path)} is a link to a file that is not uploaded itself, and gcloud would upload its content: "
                f"copy the file, or add the line /{shown(path)} to .gcloudignore.",
                pytrace=False,
            )
