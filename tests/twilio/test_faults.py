"""Calls on a day on which the carrier's network does not work as it should."""

import signal
from collections.abc import Iterator

import pytest

from tests.carriers.callee import build_callee
from tests.carriers.faults import Faults
from tests.twilio.stage import Stage, hold, loud_s, open_stage

OPENING = "Hello, this is a test, and a rather long one as well."
LISTENS = build_callee(hang_up_when_done=False)
LEAVES = build_callee({"say": "goodbye"}, hang_up_when_done=False)
STATUSES = ("initiated", "ringing", "answered", "completed")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("daemon")) as stage:
        yield stage


async def test_a_stream_that_breaks_is_replaced_and_the_call_goes_on(stage: Stage) -> None:
    async with stage.carrier(LEAVES, Faults(stream_cuts_s=(1.0,))) as twilio:
        held = await hold(stage, twilio, await stage.place(OPENING))

    first, second = held.entry.streams
    assert first.parameters != second.parameters
    assert second.played_bytes
    assert held.call["endReason"] == "hangup-bot"
    assert held.words == [
        ("bot", OPENING),
        ("user", "goodbye"),
        ("bot", "Thank you for calling us. Goodbye!"),
    ]


async def test_a_stream_that_does_not_come_back_ends_the_call_at_the_carrier(
    stage: Stage,
) -> None:
    async with stage.carrier(LISTENS, Faults(stream_cuts_s=(0.5,))) as twilio:
        call_id = await stage.place(OPENING)
        await stage.wait_event(call_id, "call.speaking")
        twilio.faults = Faults(stream_late_s=30)
        held = await hold(stage, twilio, call_id)

    assert held.call["endReason"] == "completed"
    assert f"POST {held.entry.call}: 200" in twilio.ledger.requests


@pytest.mark.parametrize(
    "faults",
    [
        Faults(webhooks_doubled=True, replies_lost=1),
        Faults(statuses_late_s=0.6, statuses_reordered=True),
        Faults(statuses_lost=STATUSES),
    ],
)
async def test_webhooks_that_come_twice_late_or_never_change_nothing(
    stage: Stage, faults: Faults
) -> None:
    async with stage.carrier(LISTENS, faults) as twilio:
        held = await hold(stage, twilio, await stage.place("Hello.", "notify"))

    assert held.words == [("bot", "Hello.")]
    assert held.call["endReason"] == "hangup-bot"
    assert len(held.entry.streams) == 1
    assert loud_s(held.entry) < 1.0


async def test_webhooks_that_are_answered_late_change_nothing(stage: Stage) -> None:
    # The report of a status may run into its deadline meanwhile, which is all it can do.
    async with stage.carrier(LISTENS, forgives=(15003,)) as twilio:
        call_id = await stage.place("Hello.", "notify")
        (entry,) = twilio.ledger.calls
        stage.daemon.process.send_signal(signal.SIGSTOP)
        await twilio.ledger.wait_until(lambda: bool(twilio.ledger.webhooks_of(entry.call, "asks")))
        waiting = [hook.status for hook in twilio.ledger.webhooks_of(entry.call, "asks")]
        stage.daemon.process.send_signal(signal.SIGCONT)
        held = await hold(stage, twilio, call_id)

    assert waiting == [0]
    assert held.words == [("bot", "Hello.")]
    assert held.call["endReason"] == "hangup-bot"
