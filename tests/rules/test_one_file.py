"""main.py with the logic in it: what a trigger may hold besides what those of this template do."""

from rules.one_file import in_one_file

MAIN = '''"""Says hello."""

import framework

import cloud_logging
from localpackage import script

cloud_logging.setup()


def answer() -> str:
    return script.greet()
'''
SCRIPT = '''"""The logic."""


def greet() -> str:
    return "Hello"
'''
MERGED = '''"""Says hello."""

import framework

import cloud_logging

cloud_logging.setup()


def answer() -> str:
    return greet()


def greet() -> str:
    return "Hello"'''


def test_main_and_logic_without_imports_of_the_standard_library() -> None:
    assert in_one_file(MAIN, SCRIPT) == MERGED


def test_class_comes_before_the_functions_that_name_it() -> None:
    merged = in_one_file(MAIN, '"""The logic."""\n\n\nclass Greeting:\n    pass\n')
    assert merged.index("class Greeting") < merged.index("def answer")


def test_name_that_both_give_is_given_once() -> None:
    name = "logger = logging.getLogger(__name__)\n"
    main = MAIN.replace("import framework", "import logging\n\nimport framework").replace(
        "setup()\n", f"setup()\n{name}"
    )
    merged = in_one_file(main, SCRIPT.replace('"""\n', f'"""\n\nimport logging\n\n{name}LIMIT = 7\n', 1))
    assert f"\ncloud_logging.setup()\n{name}LIMIT = 7\n" in merged and merged.count(name) == 1
