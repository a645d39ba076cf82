"""Generated sound, examined by its spectrum."""

import numpy as np
import pytest

from voicecalld.audio.g711 import mulaw_decode
from voicecalld.audio.pcm import level_dbfs
from voicecalld.audio.tones import DTMF_FREQUENCIES_HZ, beep, dtmf_tone, silence


def loudest_hz(mulaw: bytes, count: int) -> list[float]:
    """The *count* strongest frequencies, to the next 10 Hz for 100 ms of sound."""
    samples = np.frombuffer(mulaw_decode(mulaw), "<i2")
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    peaks = np.flatnonzero((spectrum[1:-1] > spectrum[:-2]) & (spectrum[1:-1] > spectrum[2:])) + 1
    strongest = sorted(peaks, key=lambda place: -spectrum[place])[:count]
    return sorted(float(place * 8000 / len(samples)) for place in strongest)


@pytest.mark.parametrize("digit", [*"0123456789*#ABCD"])
def test_a_keypad_tone_is_the_two_frequencies_of_its_row_and_column(digit: str) -> None:
    heard = loudest_hz(dtmf_tone(digit, 100), 2)

    assert heard == pytest.approx(DTMF_FREQUENCIES_HZ[digit], abs=10)


def test_five_is_in_the_middle_of_the_keypad() -> None:
    assert DTMF_FREQUENCIES_HZ["5"] == (770, 1336)


def test_a_key_that_no_telephone_has_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match=r"^not one of the sixteen keypad digits$"):
        dtmf_tone("E", 100)


def test_a_beep_is_one_frequency_of_telephone_loudness() -> None:
    sound = beep(440, 1000)

    assert len(sound) == 8000
    assert loudest_hz(sound, 1) == [440]
    assert level_dbfs(mulaw_decode(sound)) == pytest.approx(-15, abs=0.3)


def test_a_beep_begins_and_ends_without_a_click() -> None:
    samples = np.frombuffer(mulaw_decode(beep(1000, 100)), "<i2").astype(int)

    assert abs(samples[:4]).max() < 1000
    assert abs(samples[-4:]).max() < 1000
    assert abs(samples).max() > 8000


def test_silence_is_silent_and_as_long_as_asked() -> None:
    assert silence(25) == b"\xff" * 200


@pytest.mark.parametrize("ms", [0, 1])
def test_the_shortest_sounds_have_their_length(ms: int) -> None:
    assert [len(beep(440, ms)), len(dtmf_tone("1", ms)), len(silence(ms))] == [8 * ms] * 3
