"""main.py with the logic in it, whatever a trigger's two files hold."""

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

LARGER_MAIN = '''"""Says hello."""

import logging
from typing import Any

import framework

import cloud_logging
from localpackage import script

cloud_logging.setup()
logger = logging.getLogger(__name__)


def answer(given: script.Greeting) -> Any:
    return script.greet()  # script.py says how.


def refuse() -> None:
    logger.info("Refused")
'''
LARGER_SCRIPT = '''"""The logic."""

import json
import logging
from collections import abc
from typing import TypedDict

logger = logging.getLogger(__name__)
LIMIT = 7


class Greeting(TypedDict):
    text: str


def greet() -> Greeting:
    return Greeting(text="Hello")
'''
LARGER_MERGED = '''"""Says hello."""

import json
import logging
from collections import abc
from typing import Any, TypedDict

import framework

import cloud_logging

cloud_logging.setup()
logger = logging.getLogger(__name__)
LIMIT = 7


class Greeting(TypedDict):
    text: str


def greet() -> Greeting:
    return Greeting(text="Hello")


def answer(given: Greeting) -> Any:
    return greet()  # script.py says how.


def refuse() -> None:
    logger.info("Refused")'''


def test_main_and_logic_without_imports_of_the_standard_library() -> None:
    assert in_one_file(MAIN, SCRIPT) == MERGED


def test_imports_and_names_are_given_once_and_classes_come_first() -> None:
    assert in_one_file(LARGER_MAIN, LARGER_SCRIPT) == LARGER_MERGED
