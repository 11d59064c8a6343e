"""Guards the upload: what the function needs is in it, and no link is. The template keeps this file up to date."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.guard.conftest import Upload


def test_tracked_files_are_uploaded(upload: "Upload", git_files: Callable[..., list[Path]]) -> None:
    """What is in git and in an uploaded folder is uploaded too."""
    tracked = [path for path in git_files() if path.is_file() and path.name[0] != "."]
    inside = [path for path in tracked if len(path.parts) > 1 and not upload.left_out(Path(path.parts[0]))]
    missing = [advice for path in inside if (advice := upload.advice(path))]
    assert not missing, "\n".join(missing)


def test_no_link_is_uploaded(upload: "Upload") -> None:
    for path in upload.paths():
        if path.is_symlink():
{% if fn.firebase %}
            raise AssertionError(f"{path.as_posix()} is a link, and what it points to would be uploaded: copy it.")
{% else %}
            name, target, root = path.as_posix(), path.resolve(), Path.cwd()
            assert not path.is_dir(), f"{name} is a link, and gcloud packs no linked folder: copy it."
            assert root in target.parents and not upload.left_out(target.relative_to(root)), (
                f"{name} is a link to a file that is not uploaded itself, and gcloud would upload its content: "
                f"copy the file, or add the line /{name} to .gcloudignore."
            )
{% endif %}
