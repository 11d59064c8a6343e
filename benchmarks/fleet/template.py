"""The template as its users see it at each version."""

import sys
from pathlib import Path

from tests.support.folders import commit, edit
from tests.support.processes import check_output, environment, git, run
from tests.support.questions import ROOT


class Template:
    """A bare copy of the template that has a version only once it is released."""

    def __init__(self, work: Path, home: Path) -> None:
        self.home, self.clone, self.remote = home, work / "template", work / "github" / "org" / "fn-template.git"
        git("clone", "-q", "--no-tags", "--no-local", str(ROOT), str(self.clone), cwd=work)
        git("init", "-q", "--bare", str(self.remote), cwd=work)
        settings = {f"url.{work}/github/.insteadOf": "https://github.com/", "user.name": "a", "user.email": "a@b.c"}
        for name, value in {**settings, "init.defaultBranch": "main"}.items():
            git("config", "--file", str(home / ".gitconfig"), name, value, cwd=work)
        self.commits = self.released()

    def released(self) -> dict[str, str]:
        """Return the commit of each version. 0.1.0 was never released: it is the first whose updates keep main.py."""
        settings = "{{cookiecutter.function_name}}/pyproject.toml"
        found = {"0.1.0": git("log", "--format=%H", "-Sskip =", "--", settings, cwd=self.clone).split()[-1]}
        for line in git("log", "--reverse", "--format=%H %s", "--grep=^Release [0-9.]*$", cwd=self.clone).splitlines():
            found[line.split()[2]] = line.split()[0]
        newest = f"{int(list(found)[-1].split('.')[0]) + 1}.0.0"
        env = environment(self.home)
        # A release without news is refused, as that after the last release would be.
        commit(self.clone, edit("CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n- What is on main.\n"))
        check_output(run(sys.executable, "-B", "tools/release.py", newest, cwd=self.clone, env=env))
        return {**found, newest: git("rev-parse", f"{newest}^{{}}", cwd=self.clone)}

    def release(self, version: str) -> None:
        commit = self.commits[version]
        names = (f"{commit}:refs/heads/main", f"{commit}:refs/tags/{version}")
        git("push", "-q", "--force", str(self.remote), *names, cwd=self.clone)
        git("symbolic-ref", "HEAD", "refs/heads/main", cwd=self.remote)
