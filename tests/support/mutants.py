"""Break Python source in every way of a kind, one at a time."""

import ast
from collections.abc import Callable, Iterator

# Breaks a node if it is of a kind; returns whether it is.
Change = Callable[[ast.AST], bool]


def never_true(node: ast.AST) -> bool:
    """Make an `if` never true."""
    if isinstance(node, ast.If | ast.IfExp):
        node.test = ast.Constant(False)
        return True
    return False


def raise_on(node: ast.AST) -> bool:
    """Make an `except` raise on."""
    if isinstance(node, ast.ExceptHandler):
        node.body = [ast.Raise()]
        return True
    return False


def a_success(node: ast.AST) -> bool:
    """Make a status of the caller's mistake a success."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and 400 <= node.value < 500:
        node.value = 200
        return True
    return False


def of_kind(source: str, change: Change) -> Iterator[tuple[str, str]]:
    """Yield (what was broken, the broken source) for each place where `change` applies."""
    for index, node in enumerate(ast.walk(ast.parse(source))):
        if change(node):
            tree = ast.parse(source)
            change([*ast.walk(tree)][index])
            line = getattr(node, "lineno", 0)
            yield f"{change.__name__}, line {line}", ast.unparse(ast.fix_missing_locations(tree))


def of_entry_point(source: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to break the entry point itself."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    for what in ("raises", "answers None", "is renamed", "is not decorated", "takes two arguments"):
        tree = ast.parse(source)
        function = next(n for n in tree.body if isinstance(n, kinds) and n.name == name)
        if what == "raises":
            function.body = ast.parse("raise RuntimeError('broken')").body
        elif what == "answers None":
            function.body = ast.parse("return None").body
        elif what == "is renamed":
            function.name += "_renamed"
        elif what == "is not decorated":
            function.decorator_list = []
        else:
            function.args.args.append(ast.arg("another"))
        yield f"the entry point {what}", ast.unparse(ast.fix_missing_locations(tree))
    tree = ast.parse(source)
    function = next(n for n in tree.body if isinstance(n, kinds) and n.name == name)
    calls = [isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) for node in function.body]
    # A logging call never fails.
    works = [i for i, call in enumerate(calls) if call and "cloud_logging" not in ast.unparse(function.body[i])]
    if works:
        swallow = ast.parse("try:\n    pass\nexcept Exception:\n    pass").body[0]
        assert isinstance(swallow, ast.Try)
        swallow.body = [function.body[works[-1]]]
        function.body[works[-1]] = swallow
        yield "an error that may pass is swallowed", ast.unparse(ast.fix_missing_locations(tree))
    yield "the import fails", "import no_such_module\n" + source


def of_main(source: str, entry_point: str) -> list[tuple[str, str]]:
    """Return (what was broken, the broken source) for every mutant of a main.py."""
    kinds = (never_true, raise_on, a_success)
    return [*of_entry_point(source, entry_point), *(mutant for kind in kinds for mutant in of_kind(source, kind))]
