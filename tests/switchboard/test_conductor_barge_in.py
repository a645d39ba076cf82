"""What the other party says over our words at a carrier that takes commands: whole calls."""

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.faults import Answering, Faults
from tests.fakes.agent_fakes import ScriptedAgent, ScriptedReply
from tests.switchboard.carrier_office import LETTER_S
from tests.switchboard.telnyx_office import open_office, post, refuse, verbs
from voicecalld.agent.base import EndCall, SayText
from voicecalld.call.record import CallState, Mode
from voicecalld.switchboard.heard import KEYS_PAUSE_S
from voicecalld.switchboard.prompting import Spoken

HOURS = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."
GOODBYE: ScriptedReply = [SayText(text="Goodbye."), EndCall()]
INTERRUPTS = {"say": "Stop, please.", "when": "agent-speaks", "after_ms": 2000}


def agent() -> ScriptedAgent:
    return ScriptedAgent(GOODBYE)


# --- words that interrupt ----------------------------------------------------------------


async def test_whoever_speaks_over_us_is_answered_and_we_know_about_what_was_heard(
    autojump_clock: MockClock,
) -> None:
    async with open_office(INTERRUPTS, agent=agent()) as office:
        record = await office.hold(HOURS)

    (_, heard, _), *rest = office.said
    assert record.state is CallState.HANGUP_BOT
    assert HOURS.startswith(heard)
    # From the beginning of their words to when half of them are made out; then we fall silent.
    assert 25 <= len(heard) <= 55
    assert office.said[0] == ("bot", heard, True)
    assert rest == [("user", "Stop, please.", False), ("bot", "Goodbye.", False)]
    assert office.entry.cut_texts == [HOURS]
    assert office.events.count("call.interrupted") == 1
    (turn,) = office.agent.turns
    assert (turn.text, turn.heard_before, turn.interrupted) == ("Stop, please.", heard, True)
    assert verbs(office) == [
        "calls",
        "speak",
        "transcription_start",
        "playback_stop",
        "transcription_stop",
        "speak",
        "hangup",
    ]


async def test_an_answer_of_the_agent_is_interrupted_as_the_opening_is(
    autojump_clock: MockClock,
) -> None:
    steps = ({"say": "When are you open?"}, INTERRUPTS)

    async with open_office(*steps, agent=ScriptedAgent(HOURS, GOODBYE)) as office:
        await office.hold("Hello.")

    assert office.entry.cut_texts == [HOURS]
    assert [turn.text for turn in office.agent.turns] == ["When are you open?", "Stop, please."]
    assert [interrupted for _, _, interrupted in office.said if interrupted] == [True]


async def test_whoever_goes_on_after_an_interruption_is_heard_to_the_end(
    autojump_clock: MockClock,
) -> None:
    speech = " ".join(["I have so much to tell you."] * 4)
    talker = {"say": speech, "when": "agent-speaks", "after_ms": 1000}

    async with open_office(talker, agent=agent()) as office:
        record = await office.hold(HOURS)

    assert record.state is CallState.HANGUP_BOT
    assert [turn.text for turn in office.agent.turns] == [speech]
    assert office.entry.texts == [HOURS, "Goodbye."]


@pytest.mark.parametrize(
    "faults",
    [
        Faults(statuses_lost=("call.speak.ended",)),
        Faults(webhooks_doubled=True),
        Faults(statuses_late_s=0.5),
        Faults(transcripts_late_s=0.5),
        Faults(commands={"playback_stop": (Answering.ERROR,)}),
        Faults(commands={"playback_stop": (Answering.SILENCE,)}),
    ],
    ids=["end-lost", "doubled", "late", "words-late", "stop-spoiled", "stop-lost"],
)
async def test_we_fall_silent_once_whatever_happens_to_the_reports(
    faults: Faults, autojump_clock: MockClock
) -> None:
    async with open_office(INTERRUPTS, agent=agent(), faults=faults) as office:
        record = await office.hold(HOURS)

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == [HOURS, "Goodbye."]
    assert office.entry.cut_texts == [HOURS]
    assert [text for _, text, _ in office.said[1:]] == ["Stop, please.", "Goodbye."]
    assert office.events.count("call.interrupted") == 1


async def test_a_voice_that_will_not_stop_is_answered_when_it_has_spoken(
    autojump_clock: MockClock,
) -> None:
    async with open_office(INTERRUPTS, agent=agent()) as office:
        refuse(office, "playback_stop")
        record = await office.hold(HOURS)

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == [HOURS, "Goodbye."]
    assert [turn.text for turn in office.agent.turns] == ["Stop, please."]


async def test_an_operator_learns_that_a_message_was_interrupted(
    autojump_clock: MockClock,
) -> None:
    late = {"say": "Stop, please.", "when": "answered", "after_ms": 7000}

    async with open_office(late, agent=ScriptedAgent("As you like.")) as office:
        call_id = await office.call()
        await trio.sleep(4)
        spoken = await office.switchboard.speak(call_id, HOURS)
        await office.wait_heard("As you like.")
        await office.switchboard.end(call_id)

    assert spoken == Spoken(heard=spoken.heard, interrupted=True)
    assert HOURS.startswith(spoken.heard)


# --- words that do not -------------------------------------------------------------------


@pytest.mark.parametrize("aside", ["Mm-hm.", "Okay."])
async def test_who_only_lets_us_know_that_they_listen_interrupts_nothing_and_is_on_record(
    aside: str, autojump_clock: MockClock
) -> None:
    nod = {"say": aside, "when": "agent-speaks", "after_ms": 1500}

    async with open_office(nod, {"say": "Thank you."}, agent=agent()) as office:
        await office.hold(HOURS)

    assert office.entry.cut_texts == []
    assert office.said == [
        ("user", aside, False),
        ("bot", HOURS, False),
        ("user", "Thank you.", False),
        ("bot", "Goodbye.", False),
    ]
    assert [turn.text for turn in office.agent.turns] == ["Thank you."]


async def test_our_own_words_that_come_back_interrupt_nothing_and_are_kept_apart(
    autojump_clock: MockClock,
) -> None:
    echo = {"say": "open from Monday", "when": "agent-speaks", "after_ms": 1000}

    async with open_office(echo, {"say": "Thank you."}, agent=agent()) as office:
        await office.hold(HOURS)

    assert office.entry.cut_texts == []
    assert [text for _, text, _ in office.said] == [HOURS, "Thank you.", "Goodbye."]
    assert "our own words, come back: open from Monday" in office.ignored


async def test_nothing_interrupts_a_notification(autojump_clock: MockClock) -> None:
    async with open_office(INTERRUPTS) as office:
        record = await office.hold(HOURS, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.cut_texts == []
    assert verbs(office) == ["calls", "speak", "hangup"]


async def test_words_of_another_turn_interrupt_nothing(autojump_clock: MockClock) -> None:
    async with open_office({"say": "Bye.", "after_ms": 2000}, agent=agent()) as office:
        call_id = await office.call(HOURS)
        await office.wait_heard(HOURS)
        await trio.sleep(1)
        words = {"transcript": "Stop, please.", "is_final": True}
        state = "eyJjYWxsIjoiaWQtMSIsInR1cm4iOiI5OSJ9"  # {"call":"id-1","turn":"99"}
        await post(
            office, "call.transcription", "old", client_state=state, transcription_data=words
        )
        await office.wait_over(call_id)

    assert office.entry.cut_texts == []
    assert "words too late or early: Stop, please." in office.ignored


# --- keys --------------------------------------------------------------------------------


async def test_a_key_without_a_word_is_answered_about_a_second_later(
    autojump_clock: MockClock,
) -> None:
    async with open_office({"press": "7", "after_ms": 1000}, agent=agent()) as office:
        await office.hold("Your number, please.")

    diary = [(line.at_s, line.text) for line in office.carrier.ledger.diary]
    (pressed_s,) = [at_s for at_s, text in diary if text == "the callee presses 7"]
    (heard_s,) = [at_s for at_s, text in diary if text == "the callee hears: Goodbye."]
    spoken_s = LETTER_S * len("Goodbye.")
    assert heard_s - pressed_s <= KEYS_PAUSE_S + spoken_s + 0.5
    assert heard_s - pressed_s >= KEYS_PAUSE_S
