"""Agents that are slow or broken, on calls on which Twilio's own voice speaks."""

import math

from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent, ScriptedReply
from tests.switchboard.sayings import GOODBYE
from tests.switchboard.twilio_office import open_office
from voicecalld.agent.base import EndCall, SayText
from voicecalld.call.record import CallState
from voicecalld.errors import ServiceError
from voicecalld.turn_settings import TurnSettings

PLEA = TurnSettings().apology
FAREWELL = TurnSettings().failure_farewell
LATE_BYE = {"say": "Bye.", "when": "answered", "after_ms": 15_000}


async def test_a_slow_agent_is_waited_for(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent([SayText(text="It is noon."), EndCall()], delay_s=13.0)

    async with open_office({"say": "What time is it?"}, agent=agent) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == ["Hello.", PLEA, PLEA, PLEA, "It is noon."]
    assert office.said[-1] == ("bot", "It is noon.", False)


async def test_an_agent_that_takes_too_long_is_asked_again_and_then_given_up(
    autojump_clock: MockClock,
) -> None:
    agent = ScriptedAgent("Never.", delay_s=math.inf)
    steps = (
        {"say": "What time is it?"},
        {"hang_up": True, "when": "answered", "after_ms": 90_000},
    )

    async with open_office(
        *steps, agent=agent, response_timeout_ms=15_000, turn={"silence_timeout_seconds": 0}
    ) as office:
        record = await office.hold()

    assert record.state is CallState.ERROR
    assert office.entry.texts == ["Hello.", PLEA, PLEA, PLEA, FAREWELL]
    assert len(agent.turns) == 2
    assert agent.running_replies == 0


async def test_what_a_failing_agent_has_said_is_heard_and_the_second_attempt_may_succeed(
    autojump_clock: MockClock,
) -> None:
    broken: ScriptedReply = [SayText(text="Let me see."), ServiceError("broken")]
    agent = ScriptedAgent(broken, GOODBYE)
    steps = ({"say": "What time is it?"}, LATE_BYE)

    async with open_office(*steps, agent=agent) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert [text for _, text, _ in office.said] == [
        "Hello.",
        "What time is it?",
        "Let me see.",
        "Goodbye.",
    ]
    assert [turn.text for turn in agent.turns] == ["What time is it?"] * 2


async def test_an_agent_that_says_nothing_may_end_the_call(autojump_clock: MockClock) -> None:
    async with open_office({"say": "Bye."}, agent=ScriptedAgent([EndCall()])) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == ["Hello."]
