"""Voice activity by real speech and real noise."""

import numpy as np
import pytest

from tests.audio.listening import listen, noise
from tests.sound import burst, spoken
from voicecalld.audio.activity import (
    SileroModel,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    VoiceActivity,
)
from voicecalld.audio.g711 import mulaw_decode, mulaw_encode
from voicecalld.audio.pcm import to_pcm
from voicecalld.audio.tones import beep, dtmf_tone, silence

SENTENCES = [
    "I would like to book a table for two, please.",
    "Yes.",
    "What time is it?",
    "Stop.",
]
# A lone "yes" or "stop" has just about 240 ms of voice: it may be sustained or not. "Excuse me"
# is half without a voice: depending on the speaker's breath it takes 250 to 540 ms.
INTERRUPTIONS = ["Wait a moment, please.", "What time is it?", "No, I mean tomorrow."]


def add_noise(mulaw: bytes, amplitude: float) -> bytes:
    speech = np.frombuffer(mulaw_decode(mulaw), "<i2")
    samples = speech + np.random.default_rng(7).normal(0, amplitude, len(speech))
    return mulaw_encode(to_pcm(samples))


def find_onset_s(mulaw: bytes) -> float:
    """When a sound with silence before it first becomes louder than a whisper."""
    loud = np.abs(np.frombuffer(mulaw_decode(mulaw), "<i2").astype(int)) > 300
    return float(np.argmax(loud)) / 8000


def find_end_s(mulaw: bytes) -> float:
    return len(mulaw) / 8000 - find_onset_s(mulaw[::-1])


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("noise_amplitude", [0, 100])
def test_speech_is_heard_within_150_ms_and_its_end_too(text: str, noise_amplitude: float) -> None:
    speech = spoken(text)
    clean = silence(1000) + speech + silence(1000)
    sound = add_noise(clean, noise_amplitude)

    events = listen(VoiceActivity(SileroModel()), sound)

    began, stopped = events[0], events[-1]
    assert isinstance(began, SpeechBegan)
    assert isinstance(stopped, SpeechStopped)
    assert began.at_s == pytest.approx(find_onset_s(clean), abs=0.15)
    assert stopped.at_s == pytest.approx(find_end_s(clean), abs=0.25)


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("ms", [60, 100, 120])
def test_a_burst_of_voice_as_short_as_a_cough_is_never_sustained(text: str, ms: int) -> None:
    sound = silence(1000) + burst(text, ms) + silence(1000)

    events = listen(VoiceActivity(SileroModel()), sound)

    assert [event for event in events if isinstance(event, SpeechSustained)] == []


@pytest.mark.parametrize("text", INTERRUPTIONS)
@pytest.mark.parametrize("noise_amplitude", [0, 100])
def test_an_interruption_is_sustained_within_400_ms(text: str, noise_amplitude: float) -> None:
    clean = silence(1000) + spoken(text) + silence(1000)

    events = listen(VoiceActivity(SileroModel()), add_noise(clean, noise_amplitude))

    sustained = [event.at_s for event in events if isinstance(event, SpeechSustained)]
    assert sustained
    assert sustained[0] < find_onset_s(clean) + 0.4


def test_sparing_the_model_the_silence_makes_it_no_slower_to_hear_the_next_word() -> None:
    sound = b"".join(silence(1000) + spoken(text) for text in SENTENCES * 2) + silence(1000)

    spared = listen(VoiceActivity(SileroModel()), sound)
    asked_always = listen(VoiceActivity(SileroModel(), quiet_dbfs=-1000), sound)

    began = [event.at_s for event in spared if isinstance(event, SpeechBegan)]
    began_always = [event.at_s for event in asked_always if isinstance(event, SpeechBegan)]
    assert began == pytest.approx(began_always, abs=0.033)


@pytest.mark.parametrize(
    "sound",
    [
        noise(3000, 5.0),
        noise(200, 5.0),
        beep(440, 3000),
        beep(1000, 3000),
        b"".join(dtmf_tone(digit, 200) + silence(100) for digit in "1234567890*#ABCD"),
        b"".join(dtmf_tone(digit, 80) + silence(80) for digit in "1234567890*#ABCD"),
    ],
    ids=["loud noise", "soft noise", "low beep", "high beep", "long digits", "short digits"],
)
def test_noise_beeps_and_keypad_tones_are_never_speech(sound: bytes) -> None:
    events = listen(VoiceActivity(SileroModel()), sound + silence(500))

    assert events == []
