"""Whole calls over the mock carrier whose other party hangs up behind their last words."""

from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.live_ears import LiveEars
from tests.switchboard.office import open_office
from voicecalld.switchboard.actor import LAST_WORDS_S

# They hang up as soon as they have ended.
HANGS_UP = {"hang_up": True, "when": "answered", "after_ms": 0}
PHONE = {"steps": [{"say": "No, thank you."}, HANGS_UP]}


async def test_words_that_are_said_just_before_hanging_up_are_not_lost(
    autojump_clock: MockClock,
) -> None:
    ears = LiveEars("No, thank you.", delay_s=0.8)

    async with open_office(transcriber=ears, phone=PHONE) as office:
        await office.wait_over(await office.call("Hello."))

    assert office.said[-1] == ("user", "No, thank you.", False)
    assert office.events[-1] == "call.ended"
    assert office.agent.turns == []


async def test_words_that_do_not_come_are_not_waited_for_long(autojump_clock: MockClock) -> None:
    ended_s = [await measure(LiveEars("No, thank you.", delay_s=delay_s)) for delay_s in (0.8, 60)]

    assert 0.0 < ended_s[1] - ended_s[0] < LAST_WORDS_S


async def measure(ears: LiveEars) -> float:
    """How long a call lasts whose other party hangs up behind their first words."""
    async with open_office(transcriber=ears, phone=PHONE) as office:
        record = await office.wait_over(await office.call("Hello."))
    assert record.ended_unix_s is not None
    return record.ended_unix_s - record.started_unix_s


async def test_an_answer_is_said_no_further_while_last_words_are_awaited(
    autojump_clock: MockClock,
) -> None:
    steps = [
        {"say": "Tell me your opening hours."},
        {"say": "Yes.", "when": "agent-speaks", "after_ms": 1_000},
        HANGS_UP,
    ]
    ears = LiveEars("Tell me your opening hours.", "Yes.", delay_s=0.9)
    agent = ScriptedAgent("We are open from Monday to Friday, from nine to five.")

    async with open_office(transcriber=ears, phone={"steps": steps}, agent=agent) as office:
        await office.wait_over(await office.call("Hello."))

    spoken = [entry.utterance for entry in office.journal.entries if entry.utterance]
    ours, theirs = spoken[-2:]
    assert ours.interrupted
    assert ours.text
    assert (theirs.speaker.value, theirs.text) == ("user", "Yes.")
    ended_unix_s = office.journal.entries[-1].unix_s
    assert ours.ended_unix_s is not None
    assert ours.ended_unix_s < ended_unix_s - 0.5
