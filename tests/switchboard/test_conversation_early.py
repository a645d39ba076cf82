"""Whole calls whose transcriber tells words while they are said."""

import pytest
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.live_ears import LiveEars
from tests.sound import spoken
from tests.switchboard.office import Office, open_office, think_ahead
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.call.record import TurnLatency

HOURS = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."
# What our own detector needs to know a pause.
PAUSE_S = 0.2
TICK_S = 0.04


def latencies(office: Office) -> list[TurnLatency]:
    return [entry.latency for entry in office.journal.entries if entry.latency is not None]


def bot(office: Office) -> list[tuple[str, bool]]:
    return [(text, cut) for speaker, text, cut in office.said if speaker == "bot"]


@pytest.mark.parametrize(
    ("words", "wait_s"),
    [
        ("What time is it?", 0.3),
        ("What time is it", 0.7),
        ("It is 5 5 5", 0.8),
        ("What time is it and", 1.4),
    ],
)
async def test_what_is_said_tells_how_long_the_answer_waits(
    words: str, wait_s: float, autojump_clock: MockClock
) -> None:
    phone = {"steps": [{"say": "What time is it?"}]}
    ears = LiveEars(words, delay_s=0.05)

    async with open_office(transcriber=ears, phone=phone, agent=ScriptedAgent("Noon.")) as office:
        await office.wait_over(await office.call("Hello."))

    (latency,) = latencies(office)
    assert latency.endpoint_s == pytest.approx(wait_s, abs=TICK_S)
    assert office.said[-2:] == [("user", words, False), ("bot", "Noon.", False)]


async def test_settings_change_how_long_the_answer_waits(autojump_clock: MockClock) -> None:
    phone = {"steps": [{"say": "What time is it?"}]}
    ears = LiveEars("What time is it?", delay_s=0.05)

    async with open_office(
        transcriber=ears, phone=phone, turn={"endpoint_whole_ms": 600}
    ) as office:
        await office.wait_over(await office.call("Hello."))

    assert latencies(office)[0].endpoint_s == pytest.approx(0.6, abs=TICK_S)


@pytest.mark.parametrize(
    ("words", "is_cut"),
    [("Yeah, right.", False), ("From Monday to Friday.", False), ("Stop it now.", True)],
    ids=["aside", "echo", "interruption"],
)
async def test_what_is_said_over_us_tells_whether_it_is_an_interruption(
    words: str, *, is_cut: bool, autojump_clock: MockClock
) -> None:
    steps = [
        {"say": "Tell me your opening hours."},
        {"say": "Yes, I see.", "when": "agent-speaks", "after_ms": 2_000},
    ]
    ears = LiveEars("Tell me your opening hours.", words, delay_s=0.05)

    async with open_office(
        transcriber=ears, phone={"steps": steps}, agent=ScriptedAgent(HOURS, "All right.")
    ) as office:
        await office.wait_over(await office.call("Hello."))

    assert [cut for _, cut in bot(office)][1] is is_cut
    assert (("All right.", False) in bot(office)) is is_cut


async def test_an_interruption_without_words_is_taken_back(autojump_clock: MockClock) -> None:
    steps = [
        {"say": "Tell me your opening hours."},
        {"say": "Stop, I have heard enough.", "when": "agent-speaks", "after_ms": 1_000},
    ]
    ears = LiveEars("Tell me your opening hours.", delay_s=0.05)

    async with open_office(
        transcriber=ears, phone={"steps": steps}, agent=ScriptedAgent(HOURS)
    ) as office:
        await office.wait_over(await office.call("Hello."))

    (_, heard), (rest, is_cut) = (bot(office)[1], bot(office)[2])
    assert heard
    assert HOURS.endswith(rest)
    assert not is_cut
    assert len(office.agent.turns) == 1


async def test_a_slow_answer_is_filled_and_the_filler_is_no_part_of_it(
    autojump_clock: MockClock,
) -> None:
    phone = {"steps": [{"say": "What time is it?"}]}
    ears = LiveEars("What time is it?", delay_s=0.05)
    agent = ScriptedAgent("Noon.", delay_s=2.0)

    async with open_office(
        transcriber=ears, phone=phone, agent=agent, turn={"filler": "One moment, please."}
    ) as office:
        await office.wait_over(await office.call("Hello."))

    assert office.voice.asked.count("One moment, please.") == 1
    assert bot(office) == [("Hello.", False), ("Noon.", False)]


@pytest.mark.parametrize(("is_ahead", "wait_s"), [(False, 1.2), (True, 0.75)])
async def test_an_answer_that_is_thought_of_ahead_comes_sooner(
    *, is_ahead: bool, wait_s: float, autojump_clock: MockClock
) -> None:
    phone = {"steps": [{"say": "What time is it?"}]}
    ears = LiveEars("What time is it", delay_s=0.05)
    agent = ScriptedAgent("Noon.", delay_s=0.5)

    async with open_office(transcriber=ears, phone=phone, agent=agent) as office:
        if is_ahead:
            think_ahead(office)
        await office.wait_over(await office.call("Hello."))

    assert len(agent.turns) == 1
    assert latencies(office)[0].first_frame_s == pytest.approx(wait_s, abs=TICK_S)
    assert bot(office)[-1] == ("Noon.", False)


async def test_who_goes_on_is_answered_to_all_of_it_and_once(autojump_clock: MockClock) -> None:
    # Between the two there is a pause in which the answer to the first one is thought of.
    lasts_ms = len(spoken("I want a table")) * 1000 // SAMPLE_RATE_HZ
    steps = [
        {"say": "I want a table", "when": "answered", "after_ms": 3_000},
        {"say": "for two people.", "when": "answered", "after_ms": 3_300 + lasts_ms},
    ]
    ears = LiveEars("I want a table", "for two people.", delay_s=0.02)
    agent = ScriptedAgent("Wrong.", "Done.", delay_s=0.5)

    async with open_office(transcriber=ears, phone={"steps": steps}, agent=agent) as office:
        think_ahead(office)
        await office.wait_over(await office.call("Hello."))

    assert agent.running_replies == 0
    assert [turn.text for turn in agent.turns] == [
        "I want a table",
        "I want a table for two people.",
    ]
    assert bot(office) == [("Hello.", False), ("Done.", False)]
