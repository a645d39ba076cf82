"""Voice activity by scripted probabilities: the gate, its windows, and when the model is asked."""

import itertools
from collections.abc import Iterable

import numpy as np
import pytest

from tests.audio.listening import ScriptedModel, frames_of, listen, noise
from voicecalld.audio.activity import (
    ActivityEvent,
    ActivityGate,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    VoiceActivity,
    upsample,
)
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.audio.pcm import resample
from voicecalld.audio.tones import beep, silence


def run_gate(
    gate: ActivityGate, probabilities: Iterable[float]
) -> list[tuple[ActivityEvent, ...]]:
    """What each window brings."""
    return [gate.feed(probability) for probability in probabilities]


# --- the gate ------------------------------------------------------------------------


def test_speech_begins_with_the_second_window_and_counts_from_the_first() -> None:
    gate = ActivityGate()

    events = run_gate(gate, [0.1, 0.6, 0.9])

    assert events == [(), (), (SpeechBegan(at_s=0.032),)]
    assert gate.speaking


def test_one_window_of_noise_is_not_speech() -> None:
    gate = ActivityGate()

    events = run_gate(gate, [0.9, 0.1, 0.9, 0.1])

    assert events == [()] * 4
    assert not gate.speaking


def test_a_window_of_doubt_neither_counts_nor_interrupts() -> None:
    gate = ActivityGate()

    events = run_gate(gate, [0.9, 0.5, 0.9])

    assert events == [(), (), (SpeechBegan(at_s=0.0),)]


def test_speech_stops_after_200_ms_of_silence_and_counts_from_its_first_window() -> None:
    gate = ActivityGate()
    run_gate(gate, [0.9, 0.9, 0.9])

    events = run_gate(gate, [0.1] * 7)

    # six windows would be 192 ms
    assert events == [*[()] * 6, (SpeechStopped(at_s=3 * 0.032),)]
    assert not gate.speaking


@pytest.mark.parametrize("probability", [0.46, 0.9])
def test_a_window_that_may_be_speech_starts_the_silence_anew(probability: float) -> None:
    gate = ActivityGate()
    run_gate(gate, [0.9, 0.9])

    events = run_gate(gate, [0.1] * 6 + [probability] + [0.44] * 7)

    # 2 + 6 + 1 windows before the silence that counted
    assert events == [*[()] * 13, (SpeechStopped(at_s=9 * 0.032),)]


def test_speech_can_begin_again_and_needs_its_full_length_again() -> None:
    gate = ActivityGate(start_ms=64, stop_ms=64)

    events = run_gate(gate, [0.9, 0.9, 0.1, 0.1, 0.9, 0.1, 0.9, 0.9])

    assert list(itertools.chain.from_iterable(events)) == [
        SpeechBegan(at_s=0.0),
        SpeechStopped(at_s=0.064),
        SpeechBegan(at_s=6 * 0.032),
    ]


def test_threshold_and_times_are_those_asked_for() -> None:
    gate = ActivityGate(threshold=0.3, start_ms=10, stop_ms=20, window_ms=10)

    events = run_gate(gate, [0.3, 0.16, 0.14, 0.14])

    assert events == [(SpeechBegan(at_s=0.0),), (), (), (SpeechStopped(at_s=0.02),)]


def test_while_we_are_heard_a_voice_must_be_surer_to_begin_but_not_to_go_on() -> None:
    gate = ActivityGate(threshold=0.6, guarded_threshold=0.8, stop_ms=32)
    gate.is_guarded = True

    doubtful = run_gate(gate, [0.7] * 4)
    sure = run_gate(gate, [0.8, 0.9, 0.5, 0.4])

    assert doubtful == [()] * 4
    assert sure == [(), (SpeechBegan(at_s=4 * 0.032),), (), (SpeechStopped(at_s=7 * 0.032),)]


def test_an_echo_is_no_speech_only_while_we_are_heard() -> None:
    gate = ActivityGate(guarded_threshold=0.8)
    gate.is_guarded = True
    run_gate(gate, [0.7] * 4)
    gate.is_guarded = False

    assert run_gate(gate, [0.7] * 2)[1] == (SpeechBegan(at_s=4 * 0.032),)


def test_the_guard_never_makes_a_voice_easier_to_take_for_one() -> None:
    gate = ActivityGate(threshold=0.6, guarded_threshold=0.3)
    gate.is_guarded = True

    assert run_gate(gate, [0.5] * 4) == [()] * 4


# --- sustained speech ----------------------------------------------------------------


def test_speech_is_sustained_with_240_ms_of_voice_and_told_at_the_end_of_that() -> None:
    gate = ActivityGate()

    events = run_gate(gate, [0.1, *[0.9] * 8])

    # seven windows would be 224 ms
    began = (SpeechBegan(at_s=0.032),)
    assert events == [*[()] * 2, began, *[()] * 5, (SpeechSustained(at_s=9 * 0.032),)]


def test_the_silence_that_ends_a_cough_does_not_make_it_sustained() -> None:
    gate = ActivityGate(sustained_ms=96)

    events = run_gate(gate, [0.9, 0.9, *[0.44] * 7])

    assert events[1] == (SpeechBegan(at_s=0.0),)
    assert events[2:] == [*[()] * 6, (SpeechStopped(at_s=0.064),)]


def test_a_gap_within_speech_neither_counts_nor_starts_the_count_anew() -> None:
    gate = ActivityGate(sustained_ms=128)

    events = run_gate(gate, [0.9, 0.9, 0.1, 0.9, 0.1, 0.9])

    assert events[2:] == [(), (), (), (SpeechSustained(at_s=6 * 0.032),)]


def test_a_window_of_doubt_counts_as_voice_once_speech_may_have_begun() -> None:
    gate = ActivityGate(sustained_ms=160)

    # The first one comes before all speech; the others within it.
    events = run_gate(gate, [0.5, 0.9, 0.5, 0.9, 0.46, 0.5])

    assert events[3] == (SpeechBegan(at_s=0.032),)
    assert events[4:] == [(), (SpeechSustained(at_s=6 * 0.032),)]


def test_noise_before_speech_is_no_part_of_its_voice() -> None:
    gate = ActivityGate(sustained_ms=96)

    events = run_gate(gate, [0.9, 0.5, 0.1, 0.9, 0.9, 0.9])

    assert events[4:] == [(SpeechBegan(at_s=3 * 0.032),), (SpeechSustained(at_s=6 * 0.032),)]


def test_speech_is_sustained_once_and_again_when_it_has_begun_again() -> None:
    gate = ActivityGate(stop_ms=32, sustained_ms=96)

    events = run_gate(gate, [*[0.9] * 9, 0.1, *[0.9] * 2, 0.1, *[0.9] * 3])

    sustained = [event for (event,) in filter(None, events) if isinstance(event, SpeechSustained)]
    assert sustained == [SpeechSustained(at_s=3 * 0.032), SpeechSustained(at_s=16 * 0.032)]


@pytest.mark.parametrize("sustained_ms", [20, 33, 64])
def test_speech_may_be_sustained_with_the_window_in_which_it_is_known(sustained_ms: int) -> None:
    gate = ActivityGate(sustained_ms=sustained_ms)

    events = run_gate(gate, [0.9, 0.9, 0.9])

    assert events == [(), (SpeechBegan(at_s=0.0), SpeechSustained(at_s=0.064)), ()]


def test_the_length_of_sustained_speech_is_the_one_asked_for() -> None:
    activity = VoiceActivity(ScriptedModel([0.9] * 3), sustained_ms=96)

    events = activity.feed(beep(1000, 96))

    assert events == (SpeechBegan(at_s=0.0), SpeechSustained(at_s=0.096))


# --- windows -------------------------------------------------------------------------


def test_the_model_hears_the_callers_sound_in_windows_of_512_samples() -> None:
    model = ScriptedModel()
    sound = beep(1000, 320)

    listen(VoiceActivity(model), sound)

    # 320 ms are ten windows; the first 2 ms are what went before
    heard = np.frombuffer(b"".join(model.windows), "<i2").astype(int)[32:]
    expected = np.frombuffer(resample(mulaw_decode(sound), 8000, 16000), "<i2").astype(int)
    assert [len(window) for window in model.windows] == [1024] * 10
    assert np.abs(heard - expected[: len(heard)])[100:-100].max() < 100


def test_doubling_the_rate_of_a_window_adds_no_mirror_image() -> None:
    samples = np.rint(16000 * np.sin(2 * np.pi * 1000 / 8000 * np.arange(288))).astype("<i2")

    doubled = np.frombuffer(upsample(samples), "<i2")

    spectrum = np.abs(np.fft.rfft(doubled * np.blackman(512)))
    hz = np.fft.rfftfreq(512, 1 / 16000)
    assert spectrum[hz > 4500].max() < spectrum.max() / 1000


def test_events_come_with_the_frame_that_completes_their_window() -> None:
    activity = VoiceActivity(ScriptedModel([0.9, 0.9]))
    sound = frames_of(beep(1000, 80))

    events = [activity.feed(frame) for frame in sound]

    # the second window ends at 64 ms, in the fourth frame
    assert events == [(), (), (), (SpeechBegan(at_s=0.0),)]
    assert activity.speaking


def test_one_large_piece_gives_the_events_of_many_frames() -> None:
    activity = VoiceActivity(ScriptedModel([0.9, 0.9]), stop_ms=64)

    events = activity.feed(beep(1000, 160))

    assert events == (SpeechBegan(at_s=0.0), SpeechStopped(at_s=0.064))


# --- the energy gate -----------------------------------------------------------------


def test_the_model_is_not_asked_about_silence() -> None:
    model = ScriptedModel()

    listen(VoiceActivity(model), silence(10_000))

    assert model.windows == []


@pytest.mark.parametrize(("amplitude", "asked"), [(45, 0), (75, 31)])  # -57 and -53 dBFS
def test_the_model_is_asked_from_55_db_below_full_scale_on(amplitude: float, asked: int) -> None:
    model = ScriptedModel()

    listen(VoiceActivity(model), noise(amplitude, 1.0))

    assert len(model.windows) == asked


def test_the_model_is_asked_about_silence_while_speech_has_not_stopped() -> None:
    model = ScriptedModel([0.9, 0.9])

    events = listen(VoiceActivity(model), beep(1000, 64) + silence(1000))

    # two windows of sound, seven until it counts as silence
    assert len(model.windows) == 9
    assert events[-1] == SpeechStopped(at_s=0.064)


# --- the real model ------------------------------------------------------------------


def test_the_model_may_rest_once_in_a_long_silence() -> None:
    model = ScriptedModel()
    activity = VoiceActivity(model)

    listen(activity, beep(440, 320) + silence(20_000) + beep(440, 320))

    assert len(model.rests) == 1
    assert model.rests[0] < len(model.windows)


def test_the_model_does_not_rest_between_two_words() -> None:
    model = ScriptedModel()

    listen(VoiceActivity(model), beep(440, 320) + silence(3000) + beep(440, 320))

    assert model.rests == []
