"""How calls begin and go astray at every carrier with a simulator, with streams and without."""

import math
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.faults import Answering, Faults
from tests.fakes.agent_fakes import ScriptedAgent
from tests.switchboard.both_ways import BOTH, STREAM
from tests.switchboard.offices import Carrier, each_carrier
from tests.switchboard.sayings import HOURS, TABLE
from voicecalld.agent.base import EndCall, SayText
from voicecalld.call.record import CallState, Mode
from voicecalld.errors import CallRefusedError
from voicecalld.switchboard.placing import NAMING_S


@BOTH
@pytest.mark.parametrize(
    ("phone", "state"),
    [
        ({"behaviour": "busy"}, CallState.BUSY),
        ({"behaviour": "no-answer", "answers_after_ms": 5_000}, CallState.NO_ANSWER),
        ({"behaviour": "no-answer"}, CallState.NO_ANSWER),
        ({"behaviour": "rejects"}, CallState.FAILED),
    ],
    ids=["busy", "no-answer", "no-answer-for-ever", "failed"],
)
@each_carrier
async def test_a_call_that_nobody_takes_ends_as_the_carrier_says(
    carrier: Carrier,
    phone: dict[str, Any],
    state: CallState,
    way: dict[str, Any],
    autojump_clock: MockClock,
) -> None:
    async with carrier.open_office(callee=build_callee(**phone), **way) as office:
        record = await office.hold()

    assert record.state is state
    assert record.answered_unix_s is None
    assert office.states[-1] == "ended"
    assert office.said == []


@BOTH
@pytest.mark.parametrize("mode", [Mode.NOTIFY, Mode.CONVERSATION])
@each_carrier
async def test_a_machine_is_hung_up_on_if_the_settings_say_so(
    carrier: Carrier, mode: Mode, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    callee = build_callee(behaviour="machine")

    async with carrier.open_office(
        callee=callee, outbound={"voicemail": "hang-up"}, **way
    ) as office:
        record = await office.hold(HOURS, mode)

    assert record.state is CallState.VOICEMAIL
    assert office.journal.entries[-1].details == {"reason": "voicemail"}
    assert carrier.hang_ups(office) == 1
    assert office.entry.lasted_s == pytest.approx(1.0, abs=0.1)


@BOTH
@pytest.mark.parametrize("found", ["human", "unknown"])
@each_carrier
async def test_a_person_is_talked_to_though_machines_are_not(
    carrier: Carrier, found: str, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    callee = build_callee(answered_by=found)

    async with carrier.open_office(
        callee=callee, outbound={"voicemail": "hang-up"}, **way
    ) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", TABLE, False)]


@BOTH
@each_carrier
async def test_a_machine_is_talked_to_by_default(
    carrier: Carrier, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with carrier.open_office(callee=build_callee(behaviour="machine"), **way) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", TABLE, False)]


@BOTH
@pytest.mark.parametrize("how", [Answering.ERROR, Answering.BROKEN_JSON])
@pytest.mark.parametrize("late_s", [0.0, NAMING_S - 1])
@each_carrier
async def test_a_call_whose_dial_was_answered_badly_lives_on_once_it_is_reported(
    carrier: Carrier, late_s: float, how: Answering, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    faults = Faults(dials=(how,), statuses_late_s=late_s)

    async with carrier.open_office(faults=faults, **way) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert record.provider_call_id == office.entry.call
    assert office.said == [("bot", TABLE, False)]
    assert office.events.count("call.placed") == 1


@BOTH
@each_carrier
async def test_a_dial_that_is_refused_has_failed_at_once(
    carrier: Carrier, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with carrier.open_office(faults=Faults(dials=(Answering.TOO_MANY,)), **way) as office:
        began_s = trio.current_time()
        with pytest.raises(CallRefusedError, match="429"):
            await office.call()
        took_s = trio.current_time() - began_s

    assert took_s < 0.1
    told = office.journal.entries[-1].details
    assert told.keys() == {"reason", "cause"}
    assert "429" in str(told["cause"])
    assert office.carrier.ledger.calls == []


@each_carrier
async def test_a_stream_that_breaks_is_opened_again_and_the_call_goes_on(
    carrier: Carrier,
    autojump_clock: MockClock,
) -> None:
    agent = ScriptedAgent([SayText(text="It is noon."), EndCall()])
    question = {"say": "What time is it?", "when": "answered", "after_ms": 9_000}
    faults = Faults(stream_cuts_s=(4.0,))

    async with carrier.open_office(
        question, agent=agent, hears=("What time is it?",), faults=faults, **STREAM
    ) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert len(office.entry.streams) == 2
    assert [text for _, text, _ in office.said] == ["Hello.", "What time is it?", "It is noon."]


@BOTH
@each_carrier
async def test_no_part_of_a_call_outlives_it(
    carrier: Carrier, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    agent = ScriptedAgent("It is noon.", delay_s=math.inf)

    async with carrier.open_office(
        {"say": "What time is it?"}, agent=agent, hears=("time",), **way
    ) as (office):
        call_id = await office.call()
        await trio.sleep(8)
        await office.switchboard.end(call_id)
        await office.wait_over(call_id)

        assert office.switchboard.live_count == 0
        assert agent.open_sessions == 0


@BOTH
@pytest.mark.parametrize(
    "faults",
    [
        Faults(webhooks_doubled=True),
        Faults(statuses_reordered=True),
        Faults(statuses_late_s=1.0),
    ],
    ids=["doubled", "reordered", "late"],
)
@each_carrier
async def test_reports_that_go_astray_do_not_change_a_call(
    carrier: Carrier, faults: Faults, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    agent = ScriptedAgent([SayText(text="It is noon."), EndCall()])

    async with carrier.open_office(
        {"say": "What time is it?"},
        agent=agent,
        hears=("What time is it?",),
        faults=faults,
        **way,
    ) as office:
        record = await office.hold("Hello there.")

    assert record.state is CallState.HANGUP_BOT
    assert record.answered_unix_s is not None
    assert office.said == [
        ("bot", "Hello there.", False),
        ("user", "What time is it?", False),
        ("bot", "It is noon.", False),
    ]
    assert office.states.count("ended") == 1
