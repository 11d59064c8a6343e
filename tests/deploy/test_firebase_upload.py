"""The guard and Firebase's CLI agree on which files are uploaded."""

import json
from pathlib import Path

import pytest

from tests.support.deploying import archived
from tests.support.firebase_cloud import firebase_cloud, sh
from tests.support.folders import append
from tests.support.processes import check_output, environment, posix_only, run
from tests.support.questions import REGION
from tests.support.types import Bake
from tests.support.uploads import plant

pytestmark = [pytest.mark.slow, posix_only]
FUNCTION = f"projects/my-project/locations/{REGION}/functions/{{}}"
FULL = [
    "data/a.json", "data/c.txt", "data/sub/b.json", "prices.json", "abc.txt", "abc.tzt", "abcd.txt", "localpackage/tests/x.py",
    "localpackage/sub/tests/y.py", "localpackage/sub/a/x.csv", "localpackage/sub/c/x.csv", "localpackage/ca.pem", "localpackage/notes.md",
    "localpackage/My.KEY", "sub/main.py", "sub/localpackage/x.py", "data/.hidden/x.txt",
]  # fmt: skip


def test_guard_knows_what_the_cli_packs(fresh: Bake, tmp_path: Path, home: Path, scripts: Path) -> None:
    """Each file of a full folder, with rules of every kind; and below a folder that is called as the package is."""
    root, entries, folders = tmp_path / "repository", [], {}
    for above, name in (("functions", "first-name"), ("localpackage", "second-name")):
        (root / above).mkdir(parents=True)
        folder = fresh(trigger="pubsub", function_name=name, deploy_with="firebase").rename(root / above / name)
        plant(folder, "localpackage", True)
        (folder / ".env").unlink()
        for file in FULL:
            append(file, "x = 1\n")(folder)
        text = (
            (folder / "firebase.json")
            .read_text("utf-8")
            .replace("{main.py,", "{data,data/**,prices.json,a?c.t[xz]t,main.py,")
        )
        (folder / "firebase.json").unlink()
        [entry] = json.loads(text)["functions"]
        entry["ignore"] += ["*.md", "**/data/*.json", "**/localpackage/tests", "**/sub/{a,b}/*.csv"]
        entries.append({**entry, "source": f"{above}/{name}"})
        folders[name] = folder
    (root / "firebase.json").write_text(json.dumps({"functions": entries}), "utf-8")
    code = (
        "import sys; sys.path.insert(0, 'tests/guard'); from conftest import Upload;"
        "print(*(path.as_posix() for path in Upload().paths()), sep='\\n')"
    )
    with firebase_cloud(home) as there:
        check_output(sh("firebase deploy --only functions --project my-project --force", root, home, there))
    for name, folder in folders.items():
        source = there.functions[FUNCTION.format(name)]["buildConfig"]["source"]["storageSource"]
        known = check_output(run(scripts / "python", "-B", "-c", code, cwd=folder, env=environment(home))).splitlines()
        assert set(known) == set(archived(there.archives[source["object"]])), name
        assert ("data/c.txt" in known, "data/a.json" in known, "another.py" in known) == (
            True,
            False,
            name == "second-name",
        )
