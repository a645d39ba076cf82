"""How calls end at every carrier with a simulator, with media streams and without."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.switchboard.both_ways import BOTH, STREAM, hangs_up
from tests.switchboard.offices import Carrier, each_carrier
from tests.switchboard.sayings import HOURS, TABLE
from voicecalld.call.machine import NEVER_CONNECTED
from voicecalld.call.record import CallState, Mode


def asks_for_time(after_ms: int) -> Any:
    return hangs_up(after_ms, {"say": "What time is it?"})


@pytest.mark.parametrize("mode", [Mode.NOTIFY, Mode.CONVERSATION])
@each_carrier
async def test_they_hang_up_before_there_is_any_sound(
    carrier: Carrier, mode: Mode, autojump_clock: MockClock
) -> None:
    async with carrier.open_office(callee=hangs_up(0), **STREAM) as office:
        record = await office.hold(HOURS, mode)

    assert (record.state, record.end_cause) == (CallState.FAILED, NEVER_CONNECTED)
    assert carrier.hang_ups(office) == 0
    assert office.said == []


@BOTH
@pytest.mark.parametrize("mode", [Mode.NOTIFY, Mode.CONVERSATION])
@pytest.mark.parametrize("after_ms", [20, 100, 2000])
@each_carrier
async def test_they_hang_up_while_we_speak(
    carrier: Carrier, after_ms: int, mode: Mode, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with carrier.open_office(callee=hangs_up(after_ms), **way) as office:
        record = await office.hold(HOURS, mode)

    assert record.state is CallState.HANGUP_USER
    assert carrier.hang_ups(office) == 0
    for speaker, text, interrupted in office.said:
        assert (speaker, interrupted) == ("bot", True)
        assert HOURS.startswith(text)
        assert len(text) < len(HOURS) / 2
    assert bool(office.said) == (after_ms == 2000)


@BOTH
@each_carrier
async def test_they_hang_up_while_we_listen(
    carrier: Carrier, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with carrier.open_office(callee=hangs_up(8_000), **way) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_USER
    assert office.said == [("bot", "Hello.", False)]


@BOTH
@pytest.mark.parametrize("delay_s", [8.0, 25.0])
@each_carrier
async def test_they_hang_up_while_the_agent_thinks(
    carrier: Carrier, delay_s: float, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    agent = ScriptedAgent("It is noon.", delay_s=delay_s)

    async with carrier.open_office(
        callee=asks_for_time(8_000), agent=agent, hears=("What time is it?",), **way
    ) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_USER
    assert office.said == [("bot", "Hello.", False), ("user", "What time is it?", False)]
    assert (agent.running_replies, agent.open_sessions) == (0, 0)


@BOTH
@each_carrier
async def test_they_hang_up_after_a_notification(
    carrier: Carrier, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with carrier.open_office(
        callee=hangs_up(6_000), outbound={"notify_hangup_delay_seconds": 20}, **way
    ) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_USER
    assert office.said == [("bot", TABLE, False)]


@BOTH
@each_carrier
async def test_a_client_that_waits_for_their_words_is_told_that_they_have_gone(
    carrier: Carrier, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with carrier.open_office(callee=hangs_up(12_000), **way) as office:
        call_id = await office.call()
        await trio.sleep(4)
        with pytest.raises(Exception, match="the call is over"):
            await office.switchboard.continue_call(call_id, "When will you come?")
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_USER


@BOTH
@pytest.mark.parametrize(
    ("event", "after_s"),
    [
        ("call.placed", 0.0),
        ("call.ringing", 0.0),
        ("call.answered", 0.0),
        ("call.speaking", 0.5),
        ("call.listening", 1.0),
    ],
)
@each_carrier
async def test_we_hang_up_at_any_time(
    carrier: Carrier, event: str, after_s: float, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    moment = event if carrier.rings else event.replace("ringing", "placed")

    async with carrier.open_office(**way) as office:
        call_id = await office.call()
        await office.wait_for(moment)
        await trio.sleep(after_s)
        await office.switchboard.end(call_id)
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_BOT
    assert carrier.hang_ups(office) == 1
    assert office.journal.entries[-1].details == {"reason": "hangup-bot"}


@BOTH
@each_carrier
async def test_we_hang_up_while_the_agent_thinks(
    carrier: Carrier, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    agent = ScriptedAgent("It is noon.", delay_s=60)

    async with carrier.open_office(
        {"say": "What time is it?"}, agent=agent, hears=("time",), **way
    ) as (office):
        call_id = await office.call()
        await trio.sleep(8)
        await office.switchboard.end(call_id)
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_BOT
    assert agent.running_replies == 0


@BOTH
@each_carrier
async def test_a_call_does_not_last_longer_than_allowed(
    carrier: Carrier, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with carrier.open_office(max_duration_seconds=9, **way) as office:
        record = await office.hold()

    assert record.state is CallState.TIMEOUT
    assert office.entry.lasted_s == pytest.approx(9, abs=0.2)


@BOTH
@each_carrier
async def test_a_hanging_up_that_is_not_answered_is_asked_for_again(
    carrier: Carrier, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with carrier.open_office(faults=carrier.unheard_end, **way) as office:
        call_id = await office.call()
        await trio.sleep(4)
        await office.switchboard.end(call_id)

    assert carrier.hang_ups(office) == 2
    assert office.record.state is CallState.HANGUP_BOT
