"""Calls at Telnyx whose sound goes over a media stream that is opened by a command."""

import itertools
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.carriers.faults import Answering, Faults
from tests.carriers.telnyx.wire import ODD_COMMAND, STREAM_REFUSED
from tests.fakes.agent_fakes import ScriptedAgent, ScriptedReply
from tests.fakes.spoken_voice import SpokenVoice
from tests.switchboard.telnyx_office import STREAM, open_office, post, refuse, verbs
from voicecalld.agent.base import EndCall, SayText
from voicecalld.call.machine import NEVER_CONNECTED
from voicecalld.call.record import CallState, Mode
from voicecalld.switchboard.conductor import STREAM_PAUSE_S

TABLE = "Your table is ready."
GOODBYE: ScriptedReply = [SayText(text="Goodbye."), EndCall()]
SPOKEN: dict[str, Any] = {"voice": SpokenVoice(), **STREAM}


async def test_a_notification_is_spoken_over_the_stream(autojump_clock: MockClock) -> None:
    async with open_office(**SPOKEN) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", TABLE, False)]
    assert office.entry.texts == []
    assert verbs(office) == ["calls", "streaming_start", "hangup"]


async def test_a_conversation_is_held_over_the_stream(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent("It is noon.", GOODBYE)
    steps = ({"say": "What time is it?"}, {"say": "Bye."})

    async with open_office(
        *steps, agent=agent, hears=("What time is it?", "Bye."), **SPOKEN
    ) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert [turn.text for turn in agent.turns] == ["What time is it?", "Bye."]


async def test_a_key_that_the_stream_tells_as_well_is_noted_once(
    autojump_clock: MockClock,
) -> None:
    async with open_office({"press": "5"}, agent=ScriptedAgent(GOODBYE), **SPOKEN) as office:
        await office.hold()

    assert office.keys == [("5", "in")]


async def test_keys_are_pressed_by_the_carrier_beside_the_stream(
    autojump_clock: MockClock,
) -> None:
    async with open_office(**SPOKEN) as office:
        call_id = await office.call()
        await trio.sleep(3)
        await office.switchboard.press(call_id, "5")
        await trio.sleep(1)
        await office.switchboard.end(call_id)

    assert office.entry.digits_heard == "5"


# --- a stream that ends, or never begins -------------------------------------------------


@pytest.mark.parametrize("is_told_first", [True, False])
async def test_a_stream_that_breaks_is_followed_by_another_on_the_same_call(
    is_told_first: bool, autojump_clock: MockClock
) -> None:
    faults = Faults(
        stream_cuts_s=(4.0,),
        statuses_late_s=0.0 if is_told_first else 0.5,
        silent_legs_cleared=False,
    )

    async with open_office(faults=faults, **SPOKEN) as office:
        call_id = await office.call()
        await trio.sleep(6)
        spoken = await office.switchboard.speak(call_id, TABLE)
        await office.switchboard.end(call_id)

    assert spoken.heard == TABLE
    assert verbs(office).count("streaming_start") == 2
    assert office.record.state is CallState.HANGUP_BOT


async def test_a_stream_that_breaks_is_replaced_before_the_carrier_tells(
    autojump_clock: MockClock,
) -> None:
    faults = Faults(stream_cuts_s=(4.0,), statuses_late_s=2.5, silent_legs_cleared=False)

    async with open_office(faults=faults, **SPOKEN) as office:
        call_id = await office.call()
        await trio.sleep(16)
        state = office.record.state
        await office.switchboard.end(call_id)

    assert verbs(office).count("streaming_start") == 2
    assert state in {CallState.LISTENING, CallState.ACTIVE}


async def test_streams_that_break_at_once_are_not_asked_for_all_the_time(
    autojump_clock: MockClock,
) -> None:
    async with open_office(complaints=(STREAM_REFUSED,), **SPOKEN) as office:
        office.door.refuses_streams = True
        record = await office.hold()

    asked_s = [line.at_s for line in office.carrier.ledger.diary if "streaming_start" in line.text]
    assert (record.state, record.end_cause) == (CallState.FAILED, NEVER_CONNECTED)
    pauses_s = [later - earlier for earlier, later in itertools.pairwise(asked_s)]
    assert len(asked_s) > 2
    assert min(pauses_s) >= STREAM_PAUSE_S


async def test_a_stream_that_the_carrier_will_not_open_has_ended_the_call(
    autojump_clock: MockClock,
) -> None:
    async with open_office(**SPOKEN) as office:
        refuse(office, "streaming_start")
        with capture_logs() as logs:
            record = await office.hold()

    assert record.state is CallState.ERROR
    assert verbs(office) == ["calls", "streaming_start", "hangup"]
    assert "call cannot go on" in [line["event"] for line in logs]


@pytest.mark.parametrize("answering", [Answering.ERROR, Answering.SILENCE])
async def test_a_stream_that_was_opened_though_nobody_told_carries_the_call(
    answering: Answering, autojump_clock: MockClock
) -> None:
    async with open_office(
        faults=Faults(commands={"streaming_start": (answering,)}), **SPOKEN
    ) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", TABLE, False)]


async def test_late_news_of_a_stream_that_was_lost_opens_no_other(
    autojump_clock: MockClock,
) -> None:
    async with open_office(**SPOKEN) as office:
        call_id = await office.call()
        await trio.sleep(3)
        for number in range(3):
            await post(office, "streaming.stopped", f"late-{number}", stream_url="wss://x.test")
        await trio.sleep(3 * STREAM_PAUSE_S)
        await office.switchboard.end(call_id)

    assert verbs(office) == ["calls", "streaming_start", "hangup"]


async def test_news_of_streams_means_nothing_on_a_call_that_has_none(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call()
        await trio.sleep(3)
        await post(office, "streaming.stopped", "stray", stream_url="wss://x.test")
        await trio.sleep(2 * STREAM_PAUSE_S)
        await office.switchboard.end(call_id)

    assert "streaming_start" not in verbs(office)


# --- the end -----------------------------------------------------------------------------


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.3, 0.5, 2.0, 5.0])
async def test_we_can_hang_up_at_any_time(after_s: float, autojump_clock: MockClock) -> None:
    async with open_office(**SPOKEN) as office:
        call_id = await office.call()
        await trio.sleep(after_s)
        await office.switchboard.end(call_id)
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_BOT
    assert verbs(office).count("hangup") == 1


@pytest.mark.parametrize("after_ms", [20, 300, 2000])
async def test_they_can_hang_up_at_any_time(after_ms: int, autojump_clock: MockClock) -> None:
    hangs_up = {"hang_up": True, "when": "answered", "after_ms": after_ms}

    async with open_office(hangs_up, **SPOKEN) as office:
        record = await office.hold()

    assert record.state in {CallState.HANGUP_USER, CallState.FAILED}
    assert "hangup" not in verbs(office)


async def test_nothing_is_complained_of_that_we_have_told_the_carrier(
    autojump_clock: MockClock,
) -> None:
    async with open_office(faults=Faults(stream_cuts_s=(4.0, 3.0)), **SPOKEN) as office:
        call_id = await office.call()
        await trio.sleep(12)
        await office.switchboard.end(call_id)

    complaints = [complaint.code for complaint in office.carrier.ledger.complaints]
    assert ODD_COMMAND not in complaints
