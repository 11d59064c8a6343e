"""Projects full of files, and which of them are uploaded."""

from pathlib import Path

PLANTED = [
    ".env", ".env.local", "sa-key.json", "credentials.json", "key.pem", "venv/x.py", ".venv/x.py", "node_modules/x.js", ".git/config",
    "tests/x.py", "__pycache__/x.pyc", ".pytest_cache/x", ".ruff_cache/x", ".mypy_cache/x", ".DS_Store", ".idea/x", ".vscode/x", "main.py~",
    "terraform.tfstate", "terraform.tfstate.backup", "x.pyc",
]  # fmt: skip
BESIDE = [
    "another.py",
    "another/__init__.py",
    "notes.txt",
    "localpackage.zip",
    "localpackage2/x.py",
    "main.py.bak",
    "setup.cfg",
]


def plant(project: Path, package: str, event: bool) -> set[str]:
    """Put all that must not go up into a project; return the paths that must."""
    for name in [*PLANTED, *BESIDE, *(f"{package}/{name}" for name in PLANTED if package != "none")]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("secret")
    expected = {"main.py", "requirements.txt", "cloud_logging.py", *(["delivery.py"] if event else [])}
    if package != "none":
        (project / package / "data").mkdir()
        (project / package / "data" / "table.csv").write_text("1")
        expected |= {f"{package}/{name}" for name in ("__init__.py", "script.py", "data/table.csv")}
    (project / "vendor").mkdir()
    (project / "vendor" / "a-1-py3-none-any.whl").write_text("")
    return expected | {"vendor/a-1-py3-none-any.whl"}
