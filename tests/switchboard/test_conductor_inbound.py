"""Calls that come in at Telnyx: taken by a command when policy allows it, else refused by one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.faults import Answering, Faults
from tests.fakes.agent_fakes import ScriptedAgent, ScriptedReply, ScriptedSession
from tests.fakes.spoken_voice import SpokenVoice
from tests.switchboard.carrier_office import CALLER, OURS
from tests.switchboard.telnyx_office import STREAM, open_office, post, refuse, verbs
from voicecalld.agent.base import AgentSession, Briefing, EndCall, SayText
from voicecalld.call.record import CallRecord, CallState
from voicecalld.errors import ServiceError
from voicecalld.switchboard.conductor import ANSWER_S
from voicecalld.turn_settings import TurnSettings

GOODBYE: ScriptedReply = [SayText(text="Goodbye."), EndCall()]
BYE = build_callee({"say": "What time is it?"}, {"say": "Bye."}, hang_up_when_done=False)
SILENT = build_callee(hang_up_when_done=False)


class AbsentAgent(ScriptedAgent):
    """Cannot be reached."""

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        self.briefings.append(briefing)
        if self.briefings:
            raise ServiceError("nobody there")
        yield ScriptedSession(self)


def agent() -> ScriptedAgent:
    return ScriptedAgent("It is noon.", GOODBYE)


async def test_a_call_that_comes_in_is_taken_and_held(autojump_clock: MockClock) -> None:
    async with open_office(agent=agent(), inbound_greeting="Good evening.") as office:
        record = await office.ring(BYE)

    assert record.state is CallState.HANGUP_BOT
    assert (record.direction, record.from_number, record.to_number) == ("inbound", CALLER, OURS)
    assert office.entry.texts == ["Good evening.", "It is noon.", "Goodbye."]
    assert verbs(office)[:2] == ["answer", "speak"]
    assert office.states == ["initiated", "ringing", "answered", "ended"]


async def test_a_call_that_comes_in_is_held_over_a_stream(autojump_clock: MockClock) -> None:
    async with open_office(
        agent=agent(), hears=("What time is it?", "Bye."), voice=SpokenVoice(), **STREAM
    ) as office:
        record = await office.ring(BYE)

    assert record.state is CallState.HANGUP_BOT
    assert verbs(office) == ["answer", "streaming_start", "hangup"]
    assert [text for speaker, text, _ in office.said if speaker == "user"] == [
        "What time is it?",
        "Bye.",
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"inbound_policy": "disabled"},
        {"inbound_policy": "allowlist", "allow_from": ["+12065550199"]},
    ],
)
async def test_a_call_that_may_not_be_taken_is_refused_before_it_costs_anything(
    settings: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(**settings) as office:
        record = await office.ring(SILENT)

    assert record.state is CallState.HANGUP_BOT
    assert record.answered_unix_s is None
    assert verbs(office) == ["reject"]
    assert office.entry.lasted_s == 0


async def test_one_call_more_than_allowed_is_refused(autojump_clock: MockClock) -> None:
    async with open_office(limits={"max_concurrent_calls": 1}) as office:
        call_id = await office.call()
        entry = office.carrier.ring(CALLER, OURS, callee=SILENT)
        await office.carrier.ledger.wait_over(entry)
        await office.switchboard.end(call_id)

    assert entry.status == "call_rejected"
    assert "reject" in verbs(office)


async def test_who_calls_when_there_is_no_agent_is_told_so(autojump_clock: MockClock) -> None:
    async with open_office(agent=AbsentAgent()) as office:
        record = await office.ring(SILENT)

    assert record.state is CallState.ERROR
    assert record.end_cause is not None
    assert "answer" in verbs(office)
    assert [text for _, text, _ in office.said] == [TurnSettings().failure_farewell]


async def test_a_refusal_that_the_carrier_does_not_take_is_logged_and_harms_nobody(
    autojump_clock: MockClock,
) -> None:
    given_up = build_callee(hang_up_when_done=False)

    async with open_office(inbound_policy="disabled") as office:
        refuse(office, "reject")
        with capture_logs() as logs:
            await office.ring(given_up)

    assert "carrier did not refuse the call" in [line["event"] for line in logs]
    assert verbs(office) == ["reject"]


async def test_a_refusal_that_comes_too_late_is_harmless(autojump_clock: MockClock) -> None:
    async with open_office(inbound_policy="disabled") as office:
        refuse(office, "reject", code="90018")
        with capture_logs() as logs:
            await office.ring(SILENT)

    assert [line for line in logs if line["log_level"] == "warning"] == []


@pytest.mark.parametrize(
    "faults",
    [
        Faults(webhooks_doubled=True),
        Faults(statuses_late_s=1.0),
        Faults(commands={"answer": (Answering.ERROR,)}),
        Faults(commands={"answer": (Answering.SILENCE,)}),
    ],
    ids=["doubled", "late", "answer-spoiled", "answer-lost"],
)
async def test_a_call_is_taken_once_whatever_happens_to_its_reports(
    faults: Faults, autojump_clock: MockClock
) -> None:
    async with open_office(agent=agent(), inbound_greeting="Hello.", faults=faults) as office:
        record = await office.ring(BYE)

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == ["Hello.", "It is noon.", "Goodbye."]
    assert verbs(office).count("answer") == 1


async def test_a_call_that_was_announced_before_is_neither_taken_nor_answered_again(
    autojump_clock: MockClock,
) -> None:
    async with open_office(agent=agent(), inbound_greeting="Hello.") as office:
        entry = office.carrier.ring(CALLER, OURS, callee=BYE)
        await office.wait_for("call.answered")
        for event, number in (("call.initiated", "1"), ("call.answered", "2")):
            announced = {"from": CALLER, "to": OURS, "direction": "incoming", "state": "parked"}
            await post(office, event, number, **announced)
        await office.carrier.ledger.wait_over(entry)

    assert verbs(office).count("answer") == 1
    assert entry.texts == ["Hello.", "It is noon.", "Goodbye."]


async def test_a_call_that_is_over_is_refused_when_it_is_announced_again(
    autojump_clock: MockClock,
) -> None:
    async with open_office(agent=agent()) as office:
        await office.ring(BYE)
        announced = {"from": CALLER, "to": OURS, "direction": "incoming", "state": "parked"}
        await post(office, "call.initiated", "again", **announced)
        await trio.sleep(1)

    assert verbs(office)[-1] == "reject"
    assert office.record.state is CallState.HANGUP_BOT


async def test_a_lost_news_of_the_answer_is_not_waited_for_for_ever(
    autojump_clock: MockClock,
) -> None:
    faults = Faults(statuses_lost=("call.answered",))

    async with open_office(agent=agent(), inbound_greeting="Hello.", faults=faults) as office:
        record = await office.ring(BYE)

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts[0] == "Hello."
    diary = office.carrier.ledger.diary
    (began_s,) = [line.at_s for line in diary if line.text == "the callee hears: Hello."]
    assert began_s == pytest.approx(ANSWER_S, abs=0.2)


async def test_a_carrier_that_will_not_answer_has_failed_the_call(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        refuse(office, "answer")
        record = await office.ring(SILENT)

    assert record.state is CallState.ERROR
    assert record.answered_unix_s is None
    assert verbs(office) == ["answer", "hangup"]


async def test_a_caller_who_gives_up_before_the_answer_is_reported_and_forgotten(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        refuse(office, "answer", code="90018")
        entry = office.carrier.ring(CALLER, OURS, callee=SILENT)
        await office.wait_for("call.ringing")
        (telnyx_call,) = office.carrier._rest.calls.values()
        telnyx_call.end("given-up")
        await office.carrier.ledger.wait_over(entry)
        await office.switchboard.wait_idle()

    assert office.record.state is CallState.NO_ANSWER
    assert "hangup" not in verbs(office)


async def test_a_caller_who_gives_up_while_the_call_is_looked_up_is_not_answered(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_office() as office:
        look_up = office.journal.call

        async def look_up_slowly(named: str) -> CallRecord | None:
            await trio.sleep(1.0)
            return await look_up(named)

        monkeypatch.setattr(office.journal, "call", look_up_slowly)
        entry = office.carrier.ring(CALLER, OURS, callee=SILENT)
        await trio.sleep(0.5)
        (telnyx_call,) = office.carrier._rest.calls.values()
        telnyx_call.end("given-up")
        await post(office, "call.hangup", "early", hangup_cause="originator_cancel")
        await office.carrier.ledger.wait_over(entry)
        await office.carrier.settle()
        await office.switchboard.wait_idle()

    assert office.record.state is CallState.NO_ANSWER
    assert verbs(office) == []


@pytest.mark.parametrize("settings", [{}, STREAM])
async def test_a_caller_who_gives_up_before_the_answer_is_not_waited_for_though_nobody_tells(
    settings: dict[str, Any], autojump_clock: MockClock
) -> None:
    faults = Faults(statuses_lost=("call.hangup",))

    async with open_office(faults=faults, **settings) as office:
        refuse(office, "answer", code="90018")
        office.carrier.ring(CALLER, OURS, callee=SILENT)
        await office.wait_for("call.ringing")
        (telnyx_call,) = office.carrier._rest.calls.values()
        telnyx_call.end("given-up")
        began_s = trio.current_time()
        await office.switchboard.wait_idle()

    assert office.record.state is CallState.NO_ANSWER
    assert trio.current_time() - began_s < ANSWER_S
    assert "hangup" not in verbs(office)


async def test_we_can_hang_up_before_the_call_is_answered(autojump_clock: MockClock) -> None:
    async with open_office() as office:
        office.link.delay_s = 1.0
        entry = office.carrier.ring(CALLER, OURS, callee=SILENT)
        await office.wait_for("call.ringing")
        await office.switchboard.end(entry.call)

    assert office.record.state is CallState.HANGUP_BOT
    assert verbs(office)[-1] == "hangup"
