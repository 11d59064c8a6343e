# /// script
# requires-python = ">=3.11"
# dependencies = ["cookiecutter>=2.7,<3"]
# ///
"""Merge a newer version of its template into the function in this folder, as `cruft update` does.

It renders the version in .cruft.json and the newer one, and git merges the difference into the folder. The exit code is
1 if something is left to do: a conflict has markers in its file, also in a clone, where cruft leaves .rej files.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from cookiecutter.config import get_user_config
from cookiecutter.generate import generate_context, generate_files
from cookiecutter.prompt import prompt_for_config

STATE = Path(".cruft.json")


def git(*arguments: str, cwd: Path | str = ".", **variables: str) -> bytes:
    """Run git and return what it printed; end with its message if it fails."""
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, env=os.environ | variables)
    if done.returncode:
        sys.exit(f"git {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def render(template: Path, state: dict[str, Any], commit: str, output: Path) -> dict[str, Any]:
    """Render a checked out template with the answers of a function; return the answers, those to new questions too."""
    template = template / (state.get("directory") or "")
    sys.path.append(str(template))
    # By this a template knows that nobody will look at what it makes.
    sys.modules["cruft"] = sys.modules[__name__]
    asked = {name: value for name, value in state["context"]["cookiecutter"].items() if not name.startswith("_")}
    context = generate_context(str(template / "cookiecutter.json"), get_user_config()["default_context"], asked)
    context["cookiecutter"] = prompt_for_config(context, no_input=True)
    context["cookiecutter"] |= {"_template": state["template"], "_commit": commit}
    made = generate_files(str(template), context, str(output), overwrite_if_exists=True)
    Path(made).rename(output / "made")
    return dict(context)


def render_alone(repository: Path, commit: str, state: dict[str, Any], output: Path) -> dict[str, Any]:
    """Render a commit of a template in a process of its own, since each version has its own extensions."""
    git("checkout", "--quiet", "--force", commit, cwd=repository)
    git("clean", "-dffqx", cwd=repository)
    output.mkdir()
    (output / "state.json").write_text(json.dumps(state), "utf-8")
    command = [sys.executable, "-B", __file__, "--render", str(repository), commit, str(output)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        # The last line of a traceback says why.
        *_, why = ["", *done.stderr.splitlines()]
        sys.exit(f"{commit} cannot be rendered: {why}")
    context: dict[str, Any] = json.loads((output / "context.json").read_text("utf-8"))
    return context


def leave_out(names: list[str], *folders: Path) -> None:
    """Remove files and folders from renderings."""
    for folder in folders:
        for path in [path for name in names for path in folder.glob(name)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def yours(old: Path, new: Path) -> list[str]:
    """Return what this folder no longer has, and what the template no longer has but somebody changed here."""
    paths = [path.relative_to(old) for path in old.rglob("*")]
    changed = [p for p in paths if p.is_file() and not (new / p).exists() and p.read_bytes() != (old / p).read_bytes()]
    return [path.as_posix() for path in paths if path in changed or not os.path.lexists(path)]


def store(folder: Path, index: Path) -> str:
    """Store a rendering in this repository, so that git can merge it; return its tree."""
    repository = git("rev-parse", "--absolute-git-dir").decode().strip()
    variables = {"GIT_DIR": repository, "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(index)}
    git("add", "--all", "--force", cwd=folder, **variables)
    return git("write-tree", cwd=folder, **variables).decode().strip()


def update(checkout: str | None, answers: dict[str, Any], temporary: Path) -> int:
    """Update this folder; return the exit code."""
    if git("status", "--porcelain", "."):
        sys.exit("Commit or stash your changes first.")
    if not STATE.exists():
        sys.exit("There is no .cruft.json here. Go to a function's folder, or link it as its REFERENCE.md says.")
    state = json.loads(STATE.read_text("utf-8"))
    repository, old, new = (temporary / name for name in ("repository", "old", "new"))
    git("clone", "--quiet", "--", state["template"], str(repository))
    if checkout:
        git("checkout", "--quiet", checkout, cwd=repository)
    known = ["git", "cat-file", "-e", f"{state['commit']}^{{commit}}"]
    if subprocess.run(known, cwd=repository, capture_output=True).returncode:
        sys.exit("The template no longer has the commit in .cruft.json: see docs/updating.md")
    newest = git("rev-parse", "HEAD", cwd=repository).decode().strip()
    if not git("rev-list", "--max-count=1", newest, f"^{state['commit']}", cwd=repository):
        if not answers:
            print("Nothing to do.")
            return 0
        # It never goes back to an older commit, whatever the answers.
        newest, checkout = state["commit"], state.get("checkout")
    render_alone(repository, state["commit"], state, old)
    state["context"]["cookiecutter"] |= answers
    context = render_alone(repository, newest, state, new)
    folders = (old / "made", new / "made")
    leave_out(yours(*folders), *folders)
    settings = tomllib.loads(Path("pyproject.toml").read_text("utf-8")) if Path("pyproject.toml").exists() else {}
    leave_out(state.get("skip", []) + settings.get("tool", {}).get("cruft", {}).get("skip", []), *folders)
    trees = [store(folder, temporary / folder.parent.name / "index") for folder in folders]
    change = git("diff", "--binary", "--full-index", "--no-color", "--no-ext-diff", *trees)
    prefix = git("rev-parse", "--show-prefix").decode().strip()
    apply = ["git", "apply", "--3way", *([f"--directory={prefix}"] if prefix else [])]
    done = subprocess.run(apply, input=change, capture_output=True) if change else None
    conflicts = git("diff", "--name-only", "--relative", "--diff-filter=U").decode()
    if done and done.returncode and not conflicts:
        sys.exit(f"Nothing is changed, since git cannot merge this: {done.stderr.decode(errors='replace')}")
    STATE.write_text(
        json.dumps(state | {"commit": newest, "checkout": checkout, "context": context}, ensure_ascii=False, indent=2)
        + "\n",
        "utf-8",
    )
    print(f"Updated to {newest}." + f" Resolve the conflicts in:\n{conflicts}" * bool(conflicts))
    return bool(conflicts)


def main() -> int:
    if sys.argv[1:2] == ["--render"]:
        repository, commit, output = sys.argv[2:]
        state = json.loads(Path(output, "state.json").read_text("utf-8"))
        context = render(Path(repository), state, commit, Path(output))
        Path(output, "context.json").write_text(json.dumps(context), "utf-8")
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkout", help="a tag, branch or commit of the template (default: its newest commit)")
    parser.add_argument("--variables-to-update", type=json.loads, default={}, help="new answers, as JSON")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        return update(asked.checkout, asked.variables_to_update, Path(temporary).resolve())


if __name__ == "__main__":
    raise SystemExit(main())
