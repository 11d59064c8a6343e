"""A function without a package of its own: main.py holds the logic too."""

import ast
import re
import sys


def in_one_file(main: str, script: str) -> str:
    """Return `main` with the code of the module `script` in it instead of its import.

    Each begins with a docstring, its imports and its names, in blocks of lines, and two blank lines follow its head.
    `script` imports nothing but the standard library.
    """
    head, functions = re.sub(r"\bscript\.(?!py\b)", "", main.rstrip()).split("\n\n\n", 1)
    script_head, logic = script.rstrip().split("\n\n\n", 1)
    docstring, *blocks = re.sub(r"(?m)^from \w+ import script\n", "", head).split("\n\n")
    _, *script_blocks = script_head.split("\n\n")
    standard = [*filter(is_standard, blocks), *script_blocks[:1]]
    others = [block for block in blocks if not is_standard(block)]
    names = [line for block in script_blocks[1:] for line in block.splitlines() if line not in others[-1]]
    merged = [imports("\n".join(standard))] if standard else []
    head = "\n".join(["\n\n".join([docstring, *merged, *others]), *names])
    # Annotations name the classes, so those come first.
    parts = [head, logic, functions] if re.search(r"(?m)^class ", logic) else [head, functions, logic]
    return "\n\n\n".join(parts)


def is_standard(block: str) -> bool:
    """Whether a block of lines imports from the standard library."""
    first = re.match(r"(?:import|from) (\w+)", block)
    return first is not None and first[1] in sys.stdlib_module_names


def imports(source: str) -> str:
    """Return the imports in `source`, each module once, sorted as ruff does."""
    modules: set[str] = set()
    names: dict[str, set[str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.setdefault(node.module, set()).update(alias.name for alias in node.names)
    lines = [f"import {module}" for module in sorted(modules)]
    return "\n".join(lines + [f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names)])
