"""Whole calls over the mock carrier, with real sound and virtual time."""

import math
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.spoken_voice import SpokenVoice
from tests.sound import burst, spoken
from tests.switchboard.office import Office, open_office
from tests.switchboard.stream_by_hand import RINGS, RINGS_ON, StreamByHand
from voicecalld.agent.base import EndCall, PressKeys, SayText
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.audio.pcm import level_dbfs
from voicecalld.audio.wav import render_wav
from voicecalld.call.playout import LEAD_S
from voicecalld.call.record import CallState, Mode
from voicecalld.switchboard.actor import Call

STEREO_FRAME_BYTES = 4


def right_channel(recording: Path) -> bytes:
    """What the telephone heard, as PCM at 8 kHz."""
    samples = recording.read_bytes()[44:]
    return b"".join(samples[at + 2 : at + 4] for at in range(0, len(samples), STEREO_FRAME_BYTES))


def seconds(after_s: float) -> int:
    """The index of the sample at *after_s* in PCM at 8 kHz."""
    return int(after_s * 8000) * 2


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


async def test_the_callee_interrupts_and_only_what_was_heard_is_in_the_transcript(
    autojump_clock: MockClock,
) -> None:
    steps = [
        {"say": "Tell me your opening hours."},
        {"say": "Stop, I have heard enough.", "when": "agent-speaks", "after_ms": 1500},
    ]
    hours = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."
    agent = ScriptedAgent(hours, "All right.")

    async with open_office(
        phone={"steps": steps}, hears=("opening hours", "stop"), agent=agent
    ) as office:
        await office.wait_over(await office.call("Hello."))

    _, _, (speaker, heard, interrupted), *rest = office.said
    assert (speaker, interrupted) == ("bot", True)
    assert hours.startswith(heard)
    assert len("We are") < len(heard) < len(hours) / 2
    assert rest == [("user", "stop", False), ("bot", "All right.", False)]
    assert office.agent.turns[1].heard_before == heard
    assert office.agent.turns[1].interrupted


async def hold_call(
    office: Office, clock: MockClock, message: str, mode: Mode = Mode.CONVERSATION
) -> None:
    """Hold a whole call with a telephone that plays a file."""
    # The file is read by a thread, for which a clock that jumps does not wait.
    clock.autojump_threshold = math.inf
    call_id = await office.call(message, mode)
    clock.autojump_threshold = 0
    await office.wait_over(call_id)


def coughing_phone(folder: Path) -> dict[str, Any]:
    """A telephone whose party makes a sound of 100 ms while the agent speaks."""
    cough = folder / "cough.wav"
    cough.write_bytes(render_wav([mulaw_decode(burst("Stop.", 100))], SAMPLE_RATE_HZ))
    step = {"wav": str(cough), "when": "agent-speaks", "after_ms": 1000}
    return {"steps": [step]}


@pytest.mark.parametrize("mode", Mode)
async def test_a_cough_neither_interrupts_nor_is_transcribed(
    autojump_clock: MockClock, tmp_path: Path, mode: Mode
) -> None:
    message = "One two three four five six seven eight nine ten eleven."

    async with open_office(phone=coughing_phone(tmp_path), hears=("cough",)) as office:
        await hold_call(office, autojump_clock, message, mode)

    assert office.said == [("bot", message, False)]
    assert office.ears.utterances == []
    assert office.agent.turns == []


async def test_the_same_cough_interrupts_if_less_voice_is_asked_for(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    message = "One two three four five six seven eight nine ten eleven."

    async with open_office(
        phone=coughing_phone(tmp_path), hears=("cough",), turn={"barge_in_speech_ms": 60}
    ) as office:
        await hold_call(office, autojump_clock, message)

    (_, heard, interrupted), *_ = office.said
    assert interrupted
    assert message.startswith(heard)
    assert len(office.ears.utterances) == 1


async def test_nothing_of_an_interrupted_turn_reaches_the_line_after_the_clear(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    recording = tmp_path / "call.wav"
    steps = [{"say": "Wait a moment please.", "when": "agent-speaks", "after_ms": 1000}]
    message = "This is a very long message that goes on and on until somebody stops it. " * 3

    async with open_office(
        phone={"steps": steps, "record": str(recording)}, hears=("wait",)
    ) as office:
        call_id = await office.call(message)
        interrupted = await office.wait_for("call.interrupted")
        await office.switchboard.end(call_id)

    heard = right_channel(recording)
    stopped_s = interrupted.unix_s - office.answered_unix_s(call_id)
    # What was on its way is at most the lead of 200 ms, and it was cleared.
    assert level_dbfs(heard[seconds(0.5) : seconds(stopped_s - 0.1)]) > -40
    assert level_dbfs(heard[seconds(stopped_s + 0.1) : seconds(stopped_s + 1.0)]) < -60


async def test_the_transcriber_gets_the_sound_of_an_interruption_from_its_beginning(
    autojump_clock: MockClock,
) -> None:
    steps = [{"say": "Stop it right now.", "when": "agent-speaks", "after_ms": 1000}]

    async with open_office(phone={"steps": steps}, hears=("stop",)) as office:
        call_id = await office.call("One two three four five six seven eight nine ten eleven.")
        await office.wait_for("call.speech", 2)
        await office.switchboard.end(call_id)

    (utterance,) = office.ears.utterances
    spoken_s = len(spoken("Stop it right now.")) / SAMPLE_RATE_HZ
    # 300 ms from before the voice was noticed, all of it, and the silence until we knew.
    assert len(utterance) / SAMPLE_RATE_HZ > spoken_s
    onset = mulaw_decode(utterance[: SAMPLE_RATE_HZ // 10])
    assert level_dbfs(onset) < -60


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
    clauses = office.voice.asked[1:-1]  # between the greeting and the last word
    lasts_s = sum(len(spoken(clause)) for clause in clauses) / SAMPLE_RATE_HZ
    assert " ".join(clauses) == words
    assert keys.unix_s - spoken_words.utterance.unix_s == pytest.approx(lasts_s, abs=0.1)


async def test_no_more_is_synthesized_ahead_than_an_interruption_may_waste(
    autojump_clock: MockClock,
) -> None:
    sentence = "This is a sentence of some length."
    steps = [{"say": "Wait a moment please.", "when": "agent-speaks", "after_ms": 1000}]

    async with open_office(
        phone={"steps": steps, "hang_up_when_done": False}, hears=("wait",)
    ) as office:
        await office.call(f"{sentence} " * 40)
        await office.wait_for("call.interrupted")

    asked_s = sum(len(spoken(text)) for text in office.voice.asked) / SAMPLE_RATE_HZ
    # 3 s until it was interrupted, 5 s ahead, and a sentence that was begun at each end; of 90 s.
    assert asked_s < 13.0


async def test_a_cough_is_not_part_of_the_words_that_follow_it(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    phone = coughing_phone(tmp_path)
    phone["steps"].append({"say": "What time is it?", "after_ms": 1000})

    async with open_office(phone=phone, hears=("what time is it",)) as office:
        await hold_call(office, autojump_clock, "One two three four five six seven eight nine.")

    (utterance,) = office.ears.utterances
    # 300 ms from before, and the 700 ms of silence after which they had finished.
    words_s = len(spoken("What time is it?")) / SAMPLE_RATE_HZ
    assert len(utterance) / SAMPLE_RATE_HZ < words_s + 0.3 + 0.7 + 0.2


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


# --- media streams that fail ----------------------------------------------------------


async def ringing(office: Office, message: str) -> Call:
    """A call whose media streams are the test's to open."""
    call = office.switchboard.find(await office.call(message))
    assert call is not None
    return call


async def test_words_that_a_broken_line_held_up_are_said_and_noted_when_it_is_back(
    autojump_clock: MockClock,
) -> None:
    message = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."
    received_s = 0.0

    async with open_office(phone=RINGS, **RINGS_ON) as office, trio.open_nursery() as nursery:
        call = await ringing(office, message)
        for lasts_s in (0.6, 0.6, 0.6, 10.0):
            stream = await StreamByHand.open(office, nursery, call)
            await trio.sleep(lasts_s)
            received_s += stream.received_s
            stream.close()
            await trio.sleep(1.8)
        nursery.cancel_scope.cancel()

    # Nothing is sent twice; what was on its way when the line broke may have been lost.
    assert received_s == pytest.approx(len(spoken(message)) / SAMPLE_RATE_HZ, abs=LEAD_S)
    assert office.said == [("bot", message, False)]


async def test_of_words_whose_marks_never_return_no_more_is_noted_than_is_certain(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS, **RINGS_ON) as office, trio.open_nursery() as nursery:
        call = await ringing(office, "This is the first sentence. This is the second one.")
        stream = await StreamByHand.open(office, nursery, call)
        stream.loses_marks = True
        await office.wait_for("call.listening")
        nursery.cancel_scope.cancel()

    assert office.said == [("bot", "This is the first sentence.", False)]


async def test_a_second_media_stream_takes_the_place_of_the_first(
    autojump_clock: MockClock,
) -> None:
    message = "This sentence is said on two media streams."

    async with open_office(phone=RINGS, **RINGS_ON) as office, trio.open_nursery() as nursery:
        call = await ringing(office, message)
        first = await StreamByHand.open(office, nursery, call)
        second = await StreamByHand.open(office, nursery, call)
        await office.wait_for("call.speech")
        await trio.sleep(10)

        assert (first.is_closed, second.is_closed) == (True, False)
        assert call.machine.is_connected  # the end of the first one was not the end of the audio
        nursery.cancel_scope.cancel()

    lasts_s = len(spoken(message)) / SAMPLE_RATE_HZ
    assert first.received_s + second.received_s == pytest.approx(lasts_s, abs=0.03)
    assert second.received_s > lasts_s - 0.5


async def test_malformed_messages_do_not_fill_the_journal(autojump_clock: MockClock) -> None:
    async with open_office(phone=RINGS, **RINGS_ON) as office, trio.open_nursery() as nursery:
        call = await ringing(office, "")
        stream = await StreamByHand.open(office, nursery, call)
        for _ in range(50):
            stream.ours.send("garbage")
            stream.send(event="dtmf", dtmf={"digit": "nine"})
            await trio.sleep(0.02)
        stream.close()
        await trio.sleep(1)
        await office.switchboard.end(call.notes.record.call_id)
        nursery.cancel_scope.cancel()

    ignored = [entry.details for entry in office.journal.entries if entry.event == "call.ignored"]
    assert [details["what"] for details in ignored if "malformed" in str(details)] == [
        "malformed media message",
        "malformed media message, 100 in all",
    ]
