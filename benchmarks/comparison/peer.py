"""What the comparison has to know of a generator."""

from dataclasses import dataclass

GCLOUD = "gcloud meta list-files-for-upload"


@dataclass(frozen=True)
class Peer:
    """A generator. Commands are for a POSIX shell, in an empty folder and find this repository in `$REPOSITORY`."""

    name: str
    version: str
    makes: str
    make: str
    main: str
    """The file with the function, in the folder that is uploaded."""
    function: str
    deployed: str
    """What an install of the deployed function asks uv for, in the project's folder."""
    uploads: str = ""
    """Prints what an upload takes; empty if it cannot be asked."""
    project: str = "."
    test: str = ""
    """Arguments of pytest, in the project's folder; empty if there are no tests."""
    testing: str = "pytest"
    lock: str = "requirements.txt"
    """The file, in the project's folder, that pins what is deployed; empty if no package is named."""
    events: tuple[tuple[str, str, str], ...] = ()
    """Event, command that makes a function for it, and its file and entry point with a colon between them."""
    no_events: str = "none"
    updates: str = "no"
