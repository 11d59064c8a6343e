"""The page that the comparison prints."""

import platform
import tempfile
from datetime import date
from pathlib import Path

from benchmarks import measure
from benchmarks.comparison.measured import HEAD, row, shell
from benchmarks.comparison.packages import AGENTS, CHALICE, FIREBASE, GOBLET, PACKAGES, SAM
from benchmarks.comparison.peer import Peer
from benchmarks.comparison.repositories import REPOSITORIES
from tests.support.processes import check_output

PAGE = """# Comparison

`uv run python -m benchmarks.comparison > docs/comparison.md` wrote this page on {today}, with Python
{python}. It needs Linux, gcloud, Node.js, zip, package indexes and GitHub. Each row's commands are in
[benchmarks/comparison/](../benchmarks/comparison/). To run one row, add a word of its name.

Each generator made a function with its default answers. Then:

- **Its own tests** ran. They ran again with each of four **mutants** of the function: it fails to import, it raises, it
  has another name, it answers nothing. A test suite that stays green is blind.
- **Pinned packages**: of those that are installed with the deployed function, how many its files pin to a version.
- **Events answered**: of the kinds that it makes functions for, how many answer an event with 200.
- **Uploaded**: three files were put beside the function: `sa-key.json`, `.env`, and a key under the name that Google's
  console gives it. An upload takes these of them, by the list or the archive of the generator's own tool.

What it **makes** and how it **updates** a project was read in the help and the files of that version.

## From package indexes

{packages}
Not run: `azure-functions-core-tools`, `serverless` and `osls`, which download their program or their templates from
elsewhere, and `zappa`, which makes settings for an application that exists.

## From GitHub

The version is a commit and its date. Of Knative's `func`, which is in no package index, only the files that it copies
were tried; its uploads, which are container images, were not.

{repositories}
## What fn-template does and these do not

A test shows each. In the files that the others made there is nothing like it, except where it says so.

{wins}
## What these do and fn-template does not

{losses}
- Knative's `func` makes functions in six languages, and runs them wherever Kubernetes runs. sam and firebase make them
  in several languages too; fn-template makes them in Python, for Google only.
- `sam deploy` creates what is beside the function too, such as queues and tables, from one file. `goblet deploy`
  creates schedules and subscriptions from decorators. fn-template prints the commands for them, or
  [leaves them to Terraform](terraform.md).

[Benchmarks](benchmarks.md) measures how long a function takes to make, start, call and install.
"""
# What, and the file and the name of the test that shows it.
WINS = (
    (
        "All types of events of a product are read, in each form that a sender may choose",
        "tests/project/test_event_types.py", "test_logic_gets_each_type_in_each_form",
    ),
    (
        "The printed commands set up a dead-letter topic",
        "tests/deploy/test_dead_letters.py", "test_page_keeps_events_that_keep_failing",
    ),
    (
        "A second deployment from the same folder, with printed roles (sam has `--config-env`, firebase aliases)",
        "tests/deploy/test_deploy.py", "test_commands_deploy_a_second_stage_and_update_it",
    ),
    (
        "A secret is found by its content, whatever the file is called",
        "tests/project/test_secrets.py", "test_each_secret_is_left_out_or_reported",
    ),
    (
        "An update merges with your edits (agents-cli merges too)",
        "tests/update/test_update_edits.py", "test_two_updates_keep_edits_and_bring_changes",
    ),
    (
        "GitHub updates many functions by pull requests",
        "tests/update/test_fleet_updates.py", "test_fleet_is_updated_by_pull_requests",
    ),
    (
        "Many functions in one repository are updated by one script",
        "tests/update/test_fleet.py", "test_fleet_is_made_updated_and_guarded",
    ),
)  # fmt: skip
# What others do and this template does not, with a command that says so and exits with 0.
LOSSES = (
    (
        "A function is served in the container image of its runtime, as the cloud runs it",
        f"{SAM} local start-api --help",
    ),
    ("Sample events of more than twenty services", f"{SAM} local generate-event --help"),
    ("Each saved change is brought to the cloud (`--watch`)", f"{SAM} sync --help"),
    ("All that a deployment created is deleted by one command", f"{SAM} delete --help"),
    ("A deployed function, a queue or a stream is called from the terminal", f"{SAM} remote invoke --help"),
    (
        "Emulators of many products, started by one command (for fn-template with `deploy_with: firebase` only)",
        f"{FIREBASE} firebase emulators:start --help",
    ),
    ("The rights that a function needs are derived from its code", f"{CHALICE} chalice gen-policy --help"),
    ("The routes are described as OpenAPI", f"{GOBLET} openapi --help"),
    ("What the project needs in the cloud is created by one command", f"{AGENTS} infra --help"),
)


def rows(folder: Path, peers: tuple[Peer, ...]) -> str:
    return measure.table(HEAD, [row(Path(tempfile.mkdtemp(dir=folder)), peer) for peer in peers])


def page(folder: Path) -> str:
    """Return docs/comparison.md."""
    work = Path(tempfile.mkdtemp(dir=folder))
    for _, command in LOSSES:
        check_output(shell(work, command))
    return PAGE.format(
        today=date.today(), python=platform.python_version(), packages=rows(folder, PACKAGES),
        repositories=rows(folder, REPOSITORIES),
        wins=measure.table(("", "test"), [(what, f"`{test}` in [{file}](../{file})") for what, file, test in WINS]),
        losses=measure.table(("", "command"), [(what, f"`{command}`") for what, command in LOSSES]),
    )  # fmt: skip
