"""A function for Pub/Sub, pushed to by Google's own emulator, which also has dead-letter topics."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import emulators
from tests.support.deploying import EMULATOR, KEEP
from tests.support.fake_cloud import gcloud_environment
from tests.support.folders import append, edit
from tests.support.pages import blocks, page
from tests.support.processes import check_output, posix_only, require_tool, run
from tests.support.pubsub import ATTEMPTS, call, publish, subscribed
from tests.support.serving import Served, served
from tests.support.types import Bake, Installed
from tests.support.waiting import until

# They share an emulator, whose start takes five seconds of a core.
pytestmark = [pytest.mark.slow, posix_only, pytest.mark.xdist_group("pubsub")]
# What a team writes: a logic that fails as a message asks it to, and a rule of its own for what is malformed.
LOGIC = """
from pathlib import Path

seen: list[str] = []


def handle(message: Message) -> None:
    import delivery

    seen.append(message.message_id)
    if "hopeless" in message.attributes and not Path("mended").exists():
        raise delivery.Unprocessable(f"{message.content()} is hopeless")
    if seen.count(message.message_id) <= int(message.attributes.get("fails", "0")):
        raise ValueError(f"{message.content()} fails")
    logger.info("handled %s", message.content())
"""
READS = '    message = delivery.data_of(event).get("message")\n'
RULE = '    if "poison" in message["attributes"]:\n        raise delivery.Unprocessable("poison")\n'
# 2,000 take 20 seconds.
MESSAGES = 200
# Messages that can never be handled: one is malformed, the logic gives up on the other.
NEVER = {"malformed": {"poison": "yes"}, "refused": {"hopeless": "yes"}}


@pytest.fixture(scope="module")
def emulator(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    start, _ = blocks(page(bake(trigger="pubsub"), EMULATOR))
    with emulators.emulator(start.strip(), tmp_path_factory.mktemp("emulator")) as place:
        yield f"http://{place}/v1/projects/demo"


@pytest.fixture
def project(fresh: Bake) -> Path:
    """A function with the team's logic and rule."""
    project = fresh(trigger="pubsub")
    append("localpackage/script.py", LOGIC)(project)
    edit("main.py", READS, READS + RULE)(project)
    return project


def times_logged(function: Served, text: str) -> int:
    return sum(text in entry["message"] for entry in function.entries())


def test_page_lets_the_emulator_push(emulator: str, project: Path, installed: Installed, home: Path) -> None:
    """Run its lines; what fails comes again until it does not, what can never be handled comes once."""
    _, lines = blocks(page(project, EMULATOR))
    address = emulator.partition("v1/")[0]
    with served(installed(project), project, "hello_function", home) as function:
        lines = lines.replace("http://localhost:8085/", address).replace("http://127.0.0.1:8080", function.url)
        check_output(run("sh", "-euc", lines, cwd=home, env=gcloud_environment(home)))
        publish(emulator, "my-topic", {"good": {}, "failing": {"fails": "2"}, **NEVER})
        texts = ("handled {'name': 'Ada'}", "handled good", "handled failing", "poison", "refused is hopeless")
        until(lambda: all(times_logged(function, text) for text in texts), function.entries)
        # While this one has come again and again, those would have too.
        publish(emulator, "my-topic", {"last": {"fails": "3"}})
        until(lambda: times_logged(function, "handled last"), function.entries)
        counts = {
            text: times_logged(function, text) for text in (*texts, "handled last", "failing fails", "last fails")
        }
    assert counts == {**dict.fromkeys(texts, 1), "handled last": 1, "failing fails": 2, "last fails": 3}


@pytest.mark.parametrize(
    ("told", "dead", "times"),
    [("true", ["malformed", "refused", "stubborn"], ATTEMPTS), ("", ["stubborn"], 1)],
)
def test_dead_letter_topic_gets_what_the_page_says(
    emulator: str, project: Path, installed: Installed, home: Path, told: str, dead: list[str], times: int
) -> None:
    """With DEAD_LETTER, what can never be handled arrives there too. Without, it is acknowledged as ever."""
    topic = f"told-{told}"
    messages = {"good": {}, "failing": {"fails": "2"}, **NEVER, "stubborn": {"fails": "100"}}
    with (
        served(installed(project), project, "hello_function", home, DEAD_LETTER=told) as function,
        subscribed(emulator, topic, function) as letters,
    ):
        publish(emulator, topic, messages)
        until(lambda: "stubborn" in letters.texts, function.entries)
        until(lambda: times_logged(function, "handled failing"), function.entries)
        # Until this one arrives, any other that could has arrived too.
        publish(emulator, topic, {"last": {"fails": "100"}})
        until(lambda: "last" in letters.texts, function.entries)
        assert [times_logged(function, f"handled {text}") for text in messages] == [1, 1, 0, 0, 0]
        reasons = {"poison": times, "refused is hopeless": times, "stubborn fails": ATTEMPTS, "failing fails": 2}
        assert {text: times_logged(function, text) for text in reasons} == reasons
    assert sorted(letters.texts) == sorted([*dead, "last"])
    for attributes in letters.attributes:
        assert attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == str(ATTEMPTS)
        assert attributes["CloudPubSubDeadLetterSourceSubscription"] == topic


def test_many_messages_are_handled_or_dead_letters(
    emulator: str, project: Path, installed: Installed, home: Path
) -> None:
    """A logic that fails for one in ten loses none of them."""
    ways = [*({"fails": str(times)} for times in range(1, ATTEMPTS + 1)), {"hopeless": "yes"}]
    messages = {f"<{n}>": {} if n % 10 else ways[n // 10 % len(ways)] for n in range(MESSAGES)}
    hopeless = {text for text, way in messages.items() if way in ways[ATTEMPTS - 1 :]}
    with (
        served(installed(project), project, "hello_function", home, DEAD_LETTER="true") as function,
        subscribed(emulator, "many", function) as letters,
    ):
        publish(emulator, "many", messages)
        needed = MESSAGES - len(hopeless)
        until(lambda: len(letters.texts) >= len(hopeless), lambda: len(letters.texts))
        until(lambda: function.log.read_bytes().count(b"handled <") >= needed, lambda: len(function.entries()))
        said = [entry["message"] for entry in function.entries()]
    handled = Counter(text.removeprefix("handled ") for text in said if text.startswith("handled "))
    print(f"{MESSAGES} sent, {len(handled)} handled {handled.total()} times, {len(letters.texts)} dead letters")
    assert Counter(letters.texts) == Counter(hopeless)
    assert handled.keys() == messages.keys() - hopeless


def test_page_keeps_dead_letters_and_delivers_them_again(
    emulator: str, project: Path, installed: Installed, home: Path
) -> None:
    """Run its lines by gcloud, but for those about roles and about what is no part of Pub/Sub."""
    require_tool("gcloud")
    address, _, name = emulator.partition("/v1/")
    set_up, look, again, stop = blocks(page(project, KEEP))
    set_up = "".join(re.findall(r"(?m)^gcloud pubsub (?!.*add-iam-policy-binding).*\n", set_up))
    # The emulator (0.8.20) does not know yet that Pub/Sub keeps messages for longer than a week.
    set_up = set_up.replace("=31d", "=7d").replace("attempts=20", f"attempts={ATTEMPTS}")
    env = gcloud_environment(
        home,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB=f"{address}/",
        CLOUDSDK_AUTH_DISABLE_CREDENTIALS="true",
        PROJECT="demo",
        SUBSCRIPTION=f"{name}/subscriptions/source",
        RUNNER="runner@demo.iam.gserviceaccount.com",
    )

    def paste(lines: str) -> str:
        return check_output(run("sh", "-euc", lines, cwd=home, env=env))

    with served(installed(project), project, "hello_function", home, DEAD_LETTER="true") as function:
        call(f"{emulator}/topics/source", "PUT", {})
        push = {"pushConfig": {"pushEndpoint": f"{function.url}/{name}/topics/source"}, "ackDeadlineSeconds": 600}
        call(f"{emulator}/subscriptions/source", "PUT", {"topic": f"{name}/topics/source", **push})
        paste(set_up)
        publish(emulator, "source", {"good": {}, **NEVER})
        # A start of gcloud takes a second, so it looks once there is something to see.
        until(lambda: times_logged(function, "poison") == ATTEMPTS, function.entries)
        until(lambda: times_logged(function, "refused is hopeless") == ATTEMPTS, function.entries)
        until(lambda: f"CloudPubSubDeadLetterSourceDeliveryCount={ATTEMPTS}" in paste(look), function.entries)
        (home / "mended").touch()
        paste(again)
        until(lambda: times_logged(function, "handled refused"), function.entries)
        until(lambda: times_logged(function, "poison") > ATTEMPTS, function.entries)
        paste(stop)
        assert times_logged(function, "handled refused") == times_logged(function, "handled good") == 1
        kept = until(lambda: re.findall("malformed|refused", paste(look)), function.entries)
    assert kept == ["malformed"]
