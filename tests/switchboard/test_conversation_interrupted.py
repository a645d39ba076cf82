"""Interruptions, and coughs, in whole calls over the mock carrier."""

import math
from pathlib import Path
from typing import Any

import pytest
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.sound import burst, spoken
from tests.switchboard.office import Office, open_office
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.audio.pcm import level_dbfs
from voicecalld.audio.wav import render_wav
from voicecalld.call.record import Mode

STEREO_FRAME_BYTES = 4


def right_channel(recording: Path) -> bytes:
    """What the telephone heard, as PCM at 8 kHz."""
    samples = recording.read_bytes()[44:]
    return b"".join(samples[at + 2 : at + 4] for at in range(0, len(samples), STEREO_FRAME_BYTES))


def seconds(after_s: float) -> int:
    """The index of the sample at *after_s* in PCM at 8 kHz."""
    return int(after_s * 8000) * 2


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
    assert len("We are") < len(heard) < len(hours) * 2 / 3
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
