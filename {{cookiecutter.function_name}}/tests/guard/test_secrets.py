"""Guards the upload and git against secrets. The template keeps this file up to date.

{{ "firebase.json" if fn.firebase else ".gcloudignore" }} and .gitignore leave out what is a secret by its name; this looks at the files that they let through.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.guard.conftest import Upload

SECRETS = {
    # With the key itself: code may well name the line that such a block begins with.
    "a private key": rb"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,10}-----"
    rb"(?:[^A-Za-z0-9-]|\\+[nr]|[A-Z][A-Za-z-]+: [^\n\\]*(?:\n|\\+[nr])){0,400}[A-Za-z0-9+/]{40}",
    "a private key of PuTTY": rb"PuTTY-User-Key-File-\d: ",
    "a login of gcloud": rb"refresh_token[\\\"']*\s*[:=]\s*[\\\"']*1\\?/\\?/",
    "the secret of an OAuth client": rb"\bGOCSPX-[\w-]{20,}",
}


def test_no_secret_is_uploaded(upload: "Upload") -> None:
    found = warnings(upload.paths(), "would be uploaded", upload.how_to_leave_out)
    assert not found, "\n".join(found)


def test_no_secret_is_in_git(git_files: Callable[..., list[Path]]) -> None:
    # The tests may have keys of their own.
    tracked, new = (
        [path for path in git_files(*options) if path.parts[0] != "tests"]
        for options in (["--cached"], ["--others", "--exclude-standard"])
    )
    found = warnings(tracked, "is in git", how_to_remove)
    found += warnings(new, "would be in git with the next commit", how_to_ignore)
    assert not found, "\n".join(found)


def how_to_ignore(name: str) -> str:
    return f"add the line /{name} to .gitignore"


def how_to_remove(name: str) -> str:
    return (
        f'run `git rm --cached "{name}"` and {how_to_ignore(name)}. If a key was committed, revoke it: git keeps it in '
        "its history"
    )


def warnings(paths: Iterable[Path], where: str, how_to_leave_out: Callable[[str], str]) -> list[str]:
    """Return a warning for each file that holds a secret."""
    secrets = {path.as_posix(): secret_in(path) for path in paths if path.is_file()}
    return [
        f"{name} holds {secret} and {where}. Delete it, or {how_to_leave_out(name)}. The function needs no key of an "
        "account: grant roles to the account that it runs as. Other secrets belong in Secret Manager."
        for name, secret in secrets.items()
        if secret
    ]


def secret_in(path: Path) -> str:
    """Return what kind of secret a file holds, by its name or its content; "" if none."""
    if path.name == "{{ fn.env }}":
        return "the values for your machine"
    content = path.read_bytes()
    # PowerShell redirects in UTF-16.
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.replace(b"\0", b"")
    return next((kind for kind, pattern in SECRETS.items() if re.search(pattern, content)), "")
