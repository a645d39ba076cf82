"""Whole calls over the mock carrier, with real sound and virtual time."""

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.spoken_voice import SpokenVoice
from tests.sound import spoken
from tests.switchboard.office import open_office
from voicecalld.agent.base import EndCall, PressKeys, SayText
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.keys import render_keys
from voicecalld.call.record import CallState, Mode


async def test_a_notification_is_heard_to_its_end_and_then_we_hang_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={}) as office:
        call_id = await office.call("Your table is ready.", Mode.NOTIFY)
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", "Your table is ready.", False)]
    assert [event for event in office.events if event != "call.speech"] == [
        "call.initiated",
        "call.placed",
        "call.ringing",
        "call.answered",
        "call.active",
        "call.speaking",
        "call.listening",
        "call.ended",
    ]


async def test_a_conversation_goes_back_and_forth_until_the_callee_hangs_up(
    autojump_clock: MockClock,
) -> None:
    steps = [{"say": "What time is it?"}, {"say": "Thank you very much."}]
    agent = ScriptedAgent("It is noon.", "You are welcome.")

    async with open_office(
        phone={"steps": steps}, hears=("what time is it", "thank you"), agent=agent
    ) as office:
        call_id = await office.call()
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_USER
    assert office.said == [
        ("bot", "Hello, this is a test.", False),
        ("user", "what time is it", False),
        ("bot", "It is noon.", False),
        ("user", "thank you", False),
        ("bot", "You are welcome.", False),
    ]


async def test_the_agents_farewell_is_heard_before_we_hang_up(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent([SayText(text="Good bye, and have a nice day."), EndCall()])

    async with open_office(
        phone={"steps": [{"say": "That is all."}], "hang_up_when_done": False},
        hears=("that is all",),
        agent=agent,
    ) as office:
        record = await office.wait_over(await office.call("Hello."))

    assert record.state is CallState.HANGUP_BOT
    assert office.said[-1] == ("bot", "Good bye, and have a nice day.", False)


@pytest.mark.parametrize(
    ("behaviour", "state"),
    [
        ("busy", CallState.BUSY),
        ("rejects", CallState.BUSY),
        ("no-answer", CallState.NO_ANSWER),
    ],
)
async def test_a_telephone_that_is_not_answered_says_why(
    behaviour: str, state: CallState, autojump_clock: MockClock
) -> None:
    async with open_office(phone={"behaviour": behaviour}) as office:
        record = await office.wait_over(await office.call())

    assert record.state is state
    assert record.answered_unix_s is None
    assert office.said == []


async def test_a_call_is_not_longer_than_allowed(autojump_clock: MockClock) -> None:
    async with open_office(
        phone={}, max_duration_seconds=20, turn={"silence_timeout_seconds": 0}
    ) as office:
        record = await office.wait_over(await office.call("Hello."))

    assert record.state is CallState.TIMEOUT
    assert record.answered_unix_s is not None
    assert record.ended_unix_s is not None
    assert record.ended_unix_s - record.answered_unix_s == pytest.approx(20, abs=0.1)


async def test_a_silent_callee_is_asked_once_and_then_given_up(autojump_clock: MockClock) -> None:
    async with open_office(phone={}, turn={"silence_timeout_seconds": 5.0}) as office:
        record = await office.wait_over(await office.call("Hello."))

    assert record.state is CallState.TIMEOUT
    assert [text for _, text, _ in office.said] == ["Hello.", "Are you still there?"]


async def test_the_callee_hangs_up_in_the_middle_of_a_sentence(autojump_clock: MockClock) -> None:
    message = "This sentence is much longer than the patience of the one who hears it."

    async with open_office(phone={"hangs_up_after_ms": 2000}) as office:
        record = await office.wait_over(await office.call(message))

    ((_, heard, interrupted),) = office.said
    assert record.state is CallState.HANGUP_USER
    assert interrupted
    assert heard
    assert message.startswith(heard)
    assert heard != message


async def test_every_answer_is_measured_stage_by_stage(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent("It is noon.", delay_s=0.1)

    async with open_office(
        phone={"steps": [{"say": "What time is it?"}]},
        hears=("what time is it",),
        agent=agent,
        voice=SpokenVoice(delay_s=0.2),
    ) as office:
        await office.wait_over(await office.call("Hello."))

    latency = next(entry.latency for entry in office.journal.entries if entry.latency)
    stages = [
        latency.endpoint_s or 0.0,
        latency.transcript_s or 0.0,
        latency.first_text_s or 0.0,
        latency.first_clause_s or 0.0,
        latency.first_audio_s or 0.0,
        latency.first_frame_s or 0.0,
        latency.first_mark_s or 0.0,
    ]
    # 700 ms of silence, 50 ms of transcriber, 3 words of 100 ms (the clause ends with the last),
    # 200 ms of synthesizer, and at most one tick; the end of speech is known to one window.
    assert stages == sorted(stages)
    assert latency.endpoint_s == pytest.approx(0.7, abs=0.02)
    assert latency.transcript_s == pytest.approx(0.75, abs=0.02)
    assert latency.first_text_s == pytest.approx(0.85, abs=0.02)
    assert latency.first_clause_s == pytest.approx(1.05, abs=0.02)
    assert latency.first_frame_s == pytest.approx(1.25, abs=0.04)


async def test_keys_are_handed_to_the_agent(autojump_clock: MockClock) -> None:
    async with open_office(
        phone={"steps": [{"press": "12#"}]}, agent=ScriptedAgent("Thank you.")
    ) as office:
        await office.wait_over(await office.call("Please enter your number."))

    assert office.agent.turns[0].digits == "12#"
    assert office.said[-1] == ("bot", "Thank you.", False)


async def test_an_utterance_is_dated_by_its_beginning(autojump_clock: MockClock) -> None:
    steps = [{"say": "What time is it?", "when": "answered", "after_ms": 5000}]

    async with open_office(phone={"steps": steps}, hears=("what time is it",)) as office:
        call_id = await office.call("Hello.")
        await office.wait_over(call_id)
        answered_s = office.answered_unix_s(call_id)

    began_s = [
        entry.utterance.unix_s - answered_s for entry in office.journal.entries if entry.utterance
    ]
    assert began_s[0] == pytest.approx(0.0, abs=0.1)
    assert began_s[1] == pytest.approx(5.0, abs=0.15)


async def test_keys_are_pressed_when_the_words_before_them_have_been_heard(
    autojump_clock: MockClock,
) -> None:
    words = "Now I press one for the operator, so please listen well."
    agent = ScriptedAgent([SayText(text=words), PressKeys(digits="1"), SayText(text="Done.")])

    async with open_office(
        phone={"steps": [{"say": "What time is it?"}], "hang_up_when_done": False},
        hears=("what time is it",),
        agent=agent,
    ) as office:
        await office.call("Hello.")
        spoken_words = await office.wait_for("call.speech", 3)

    (keys,) = [entry for entry in office.journal.entries if entry.event == "call.dtmf"]
    assert spoken_words.utterance is not None
    assert spoken_words.utterance.text == f"{words} Done."
    clauses = [clause for clause in office.voice.asked if clause in words]
    samples = sum(len(spoken(clause)) for clause in clauses) + len(render_keys("1"))
    lasts_s = samples / SAMPLE_RATE_HZ
    assert " ".join(clauses) == words
    assert keys.unix_s - spoken_words.utterance.unix_s == pytest.approx(lasts_s, abs=0.1)


async def test_what_they_add_to_a_reply_is_not_answered_by_the_agent_over_whoever_got_it(
    autojump_clock: MockClock,
) -> None:
    steps = [{"say": "Yes, please."}, {"say": "At seven.", "when": "answered", "after_ms": 12_000}]

    async with open_office(
        phone={"steps": steps, "hang_up_when_done": False}, hears=("yes please", "at seven")
    ) as office:
        call_id = await office.call("")
        await office.wait_for("call.listening")
        await office.switchboard.continue_call(call_id, "Shall I keep the table?")
        await office.wait_for("call.speech", 3)
        await trio.sleep(5)
        await office.switchboard.speak(call_id, "It is yours.")

    assert office.agent.turns == []
    assert [text for _, text, _ in office.said][1:] == ["yes please", "at seven", "It is yours."]


async def test_a_message_whose_sender_has_gone_is_not_said(autojump_clock: MockClock) -> None:
    async with open_office(phone={}) as office, trio.open_nursery() as nursery:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        long = "This is quite a long sentence that takes a while to be said aloud."
        nursery.start_soon(office.switchboard.speak, call_id, long)
        await trio.sleep(0.2)
        with trio.move_on_after(0.5):
            await office.switchboard.speak(call_id, "Nobody waits for this.")
        await trio.sleep(20)

    assert [text for _, text, _ in office.said] == ["Hello.", long]
