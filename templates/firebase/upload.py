class Upload:
    """What Firebase's CLI uploads, by the entry of this function in firebase.json."""

    def __init__(self) -> None:
        # In a repository of functions, one file at its root may have an entry for each.
        for folder in (ROOT, *ROOT.parents):
            entries = entries_of(folder / "firebase.json")
            for entry in entries:
                if (folder / entry.get("source", "functions")).resolve() == ROOT:
                    self.codebases: list[str] = [one.get("codebase", "default") for one in entries]
                    self.entry: dict[str, Any] = entry
                    self.rules: list[str] = entry.get("ignore", [])
                    return
        pytest.fail("firebase.json is missing, or has no entry for this function: restore it.", pytrace=False)

    def names(self) -> set[str]:
        """Return the files and folders beside main.py that the list between the braces names."""
        lists = [rule[1:] for rule in self.rules if rule.startswith("!")]
        return {glob.removeprefix("**/").partition("/")[0] for one in lists for glob in without_braces(one)}

    def left_out(self, path: Path) -> tuple[str, str] | None:
        """Return which part of a path is left out, and the rule; None if the path is uploaded."""
        for part in accumulate(path.parts, "{}/{}".format):
            # Those with a slash are yours, so they count first, and the list of names last.
            for rule in sorted(self.rules, key=lambda rule: (rule[0] == "!", "/" not in rule)):
                if leaves_out(rule, (ROOT / part).as_posix()):
                    return part, rule
        return None

    def how_to_add(self, part: str) -> str:
        return f"put {part}{f',{part}/**' * Path(part).is_dir()} between the braces in firebase.json"

    def how_to_leave_out(self, name: str) -> str:
        return f'add "**/{name}" to `ignore` in firebase.json, and the line /{name} to .gitignore'

    def advice(self, path: Path) -> str:
        """Say how to upload a path that is left out; "" if it is uploaded, or left out by a rule of yours."""
        part, rule = self.left_out(path) or ("", "**/")
        if rule[0] != "!" and "/" in rule:
            return ""
        upload_it = f"P{self.how_to_add(part)[1:]}" if rule[0] == "!" else "Rename it"
        return (
            f"{path.as_posix()} would be missing in the cloud: the rule {rule} leaves it out. {upload_it}, or add "
            f'"**/{part}" to `ignore` there if it is not needed in the cloud. A secret belongs in Secret Manager.'
        )

    def paths(self) -> Iterator[Path]:
        """Yield the files and links that are uploaded."""
        for folder, inner, files in os.walk("."):
            paths = [path for name in (*inner, *files) if not self.left_out(path := Path(folder, name))]
            inner[:] = [path.name for path in paths if path.is_dir() and not path.is_symlink()]
            yield from (path for path in paths if path.name not in inner)


def entries_of(file: Path) -> list[dict[str, Any]]:
    """Return the entries of functions in a firebase.json, if there is one."""
    try:
        found = json.loads(file.read_text("utf-8")).get("functions", []) if file.is_file() else []
        # The CLI takes a single one without brackets too.
        return found if isinstance(found, list) else [found]
    except ValueError as error:
        raise pytest.fail.Exception(f"firebase.json is not valid JSON: {error}", pytrace=False) from None


def leaves_out(rule: str, path: str) -> bool:
    """Whether a rule leaves out an absolute path. The CLI compares it by minimatch, with `matchBase` and `dot`."""
    negated, pattern = rule.startswith("!"), rule.removeprefix("!")
    globs = [glob if "/" in glob else f"**/{glob}" for glob in without_braces(pattern)]
    return negated != any(re.fullmatch(regex(glob), path) for glob in globs)


def without_braces(glob: str) -> list[str]:
    """Return the globs that one with braces stands for."""
    if not (found := re.search(r"\{([^{}]*)\}", glob)):
        return [glob]
    each = (glob[: found.start()] + name + glob[found.end() :] for name in found[1].split(","))
    return [one for glob in each for one in without_braces(glob)]


def regex(glob: str) -> str:
    """Return the regular expression of a glob without braces."""
    known = {"**/": "(?:.*/)?", "**": ".+", "*": "[^/]*", "?": "[^/]"}
    parts = re.findall(r"\*\*/|\*\*|\[[^]]+\]|.", glob)
    sets = (part.replace("[!", "[^") if part[1:] else re.escape(part) for part in parts)
    return "".join(known.get(part, other) for part, other in zip(parts, sets, strict=True))


@pytest.fixture
def upload() -> Upload:
    return Upload()
