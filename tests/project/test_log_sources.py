"""What reaches the log: records from LOG_LEVEL on, warnings, exceptions, and what the records' request adds."""

import pytest

from tests.project.conftest import HEAD, Log

TRACE = "0123456789abcdef0123456789abcdef"
SPAN = "00f067aa0ba902b7"
SOURCE = "logging.googleapis.com/sourceLocation"
THREAD = "import threading\n\ndef work() -> None:\n    {}\n\nthread = threading.Thread(target=work, name='worker')\nthread.start()\nthread.join()\n"


def test_exception_that_ends_a_thread_is_one_error(log: Log) -> None:
    [entry] = log(THREAD.format("raise RuntimeError('on purpose')"))
    assert entry["severity"] == "ERROR" and "worker" in entry["message"].splitlines()[0]
    assert "Traceback (most recent call last):\n" in entry["message"]
    assert entry["message"].endswith("\nRuntimeError: on purpose")


def test_exception_that_ends_the_program_is_one_error(log: Log) -> None:
    [entry] = log("raise RuntimeError('on purpose')")
    assert entry["severity"] == "ERROR" and entry["message"].endswith("\nRuntimeError: on purpose")


@pytest.mark.parametrize(
    "code", [THREAD.format("raise SystemExit(1)"), "raise SystemExit(0)", "raise KeyboardInterrupt"]
)
def test_an_end_on_purpose_is_no_error(log: Log, code: str) -> None:
    assert log(code) == []


def test_hook_of_another_library_stays(log: Log) -> None:
    """Such as Sentry's, which main.py sets up first."""
    hook = "import sys\nsys.excepthook = lambda *args: print('{\"mine\": 1}')\n"
    seen, mine = log("logger.info('seen')\nraise RuntimeError", head=hook + HEAD)
    assert (seen["message"], mine) == ("seen", {"mine": 1})


def test_task_that_nobody_awaits_is_one_error(log: Log) -> None:
    """asyncio logs it by itself, when the task is dropped."""
    code = "import asyncio\n\nasync def fail() -> None:\n    raise RuntimeError('on purpose')\n\n"
    code += (
        "async def main() -> None:\n    asyncio.create_task(fail())\n    await asyncio.sleep(0)\n\nasyncio.run(main())"
    )
    [entry] = log(code, trigger="async-http")
    assert entry["severity"] == "ERROR" and entry["message"].endswith("\nRuntimeError: on purpose")


def test_warning_is_one_entry(log: Log) -> None:
    [entry] = log("import warnings\nwarnings.warn('old')")
    assert entry["severity"] == "WARNING" and "UserWarning: old" in entry["message"]


LEVELS = "logger.debug('debug')\nlogger.info('info')\nlogger.warning('warning')"


@pytest.mark.parametrize(
    ("given", "setup", "logged"),
    [
        ("", "", ["info", "warning"]),
        ("DEBUG", "", ["debug", "info", "warning"]),
        ("warning", "", ["warning"]),
        ("", "logging.DEBUG", ["debug", "info", "warning"]),
        ("WARNING", "logging.DEBUG", ["warning"]),
        ("WARNING", "level=logging.DEBUG", ["warning"]),
    ],
)
def test_level_is_that_of_the_environment_then_that_of_the_code(
    log: Log, given: str, setup: str, logged: list[str]
) -> None:
    entries = log(LEVELS, head=HEAD.replace("setup()", f"setup({setup})"), LOG_LEVEL=given)
    assert [entry["message"] for entry in entries] == logged


def test_debug_is_not_about_files_that_are_watched(log: Log) -> None:
    """With --debug, watchdog would log each file that anything opens."""
    code = "logging.getLogger('watchdog.observers').debug('opened')\nlogger.debug('debug')"
    assert [entry["message"] for entry in log(code, LOG_LEVEL="DEBUG")] == ["debug"]


@pytest.mark.parametrize(("given", "setup"), [("CRITICAL", ""), ("", "logging.CRITICAL"), ("ERROR", "")])
def test_errors_are_logged_at_any_level(log: Log, given: str, setup: str) -> None:
    code = "logger.warning('warning')\nlogger.error('error')"
    entries = log(code, head=HEAD.replace("setup()", f"setup({setup})"), LOG_LEVEL=given)
    assert [entry["message"] for entry in entries] == ["error"]


@pytest.mark.parametrize("given", ["LOUD", "10", "NOTICE"])
def test_wrong_level_is_an_error_and_the_function_starts(log: Log, given: str) -> None:
    error, *entries = log(LEVELS, LOG_LEVEL=given)
    assert error["severity"] == "ERROR" and f"LOG_LEVEL is {given}" in error["message"]
    assert "DEBUG, INFO, WARNING or ERROR" in error["message"]
    assert [entry["message"] for entry in entries] == ["info", "warning"]


EARLY = "import logging\n\nlogging.basicConfig(level=logging.DEBUG, format='{\"early\": \"%(message)s\"}')\nlogging.info('loaded')\n"


def test_library_that_called_basicconfig_at_import(log: Log) -> None:
    """Its handler writes what is logged before setup, and nothing after."""
    assert [entry.get("early") or entry["message"] for entry in log(LEVELS, head=EARLY + HEAD)] == [
        "loaded",
        "info",
        "warning",
    ]


def test_library_that_adds_a_handler_later(log: Log) -> None:
    """It writes once more what we have written; our entry stays whole."""
    later = 'late = logging.StreamHandler()\nlate.setFormatter(logging.Formatter(\'{"late": "%(message)s"}\'))\n'
    entries = log(
        f"logging.basicConfig(level=1)\nlogging.getLogger().addHandler(late)\n{LEVELS}", head=later.join((HEAD, ""))
    )
    assert [entry["message"] for entry in entries if "severity" in entry] == ["info", "warning"]
    assert [entry["late"] for entry in entries if "late" in entry] == ["info", "warning"]


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        ({"traceparent": f"00-{TRACE}-{SPAN}-01"}, True),
        ({"traceparent": f"00-{TRACE}-{SPAN}-03"}, True),
        ({"traceparent": f"00-{TRACE}-{SPAN}-00"}, False),
        ({"traceparent": f"00-{TRACE}-{SPAN}-02"}, False),
        ({"X-Cloud-Trace-Context": f"{TRACE}/74;o=1"}, True),
        ({"X-Cloud-Trace-Context": f"{TRACE}/74;o=0"}, False),
        ({"X-Cloud-Trace-Context": f"{TRACE}/74"}, False),
        ({"X-Cloud-Trace-Context": TRACE}, False),
        ({"X-Cloud-Trace-Context": f"{TRACE};o=1"}, True),
    ],
)
def test_trace_of_the_request_and_whether_it_is_sampled(log: Log, header: dict[str, str], sampled: bool) -> None:
    [entry] = log(f"cloud_logging.join({header})\nlogger.info('a')", trigger="async-http", GOOGLE_CLOUD_PROJECT="demo")
    assert entry["logging.googleapis.com/trace"] == f"projects/demo/traces/{TRACE}"
    assert entry["logging.googleapis.com/trace_sampled"] is sampled


def test_header_without_a_trace_adds_nothing(log: Log) -> None:
    headers = ["", "x", "/;o=1", "00-00-00-01", TRACE[:-1], TRACE + "0", "é" * 9]
    code = "".join(f"cloud_logging.join({{'traceparent': '{header}'}})\nlogger.info('a')\n" for header in headers)
    entries = log(code, trigger="async-http", GOOGLE_CLOUD_PROJECT="demo")
    assert [entry.keys() for entry in entries] == [{"severity", "message", SOURCE}] * len(headers)


def test_trace_is_of_the_project_that_firebase_names(log: Log) -> None:
    code = f"cloud_logging.join({{'traceparent': '00-{TRACE}-{SPAN}-01'}})\nlogger.info('a')"
    [entry] = log(code, trigger="async-http", deploy_with="firebase", GCLOUD_PROJECT="demo")
    assert entry["logging.googleapis.com/trace"] == f"projects/demo/traces/{TRACE}"


def test_trace_is_of_no_use_without_its_project(log: Log) -> None:
    [entry] = log(
        f"cloud_logging.join({{'traceparent': '00-{TRACE}-{SPAN}-01'}})\nlogger.info('a')", trigger="async-http"
    )
    assert entry.keys() == {"severity", "message", SOURCE}


def test_entry_is_written_before_the_process_is_killed(log: Log) -> None:
    [entry] = log("import os\nlogger.info('seen')\nos._exit(1)", PYTHONUNBUFFERED="")
    assert entry["message"] == "seen"
