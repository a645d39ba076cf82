"""Generated sound as mu-law: keypad tones, beeps and silence."""

import math

import numpy as np
import numpy.typing as npt

from voicecalld.audio.frame import MULAW_SILENCE, SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_encode
from voicecalld.audio.pcm import FULL_SCALE, to_pcm

KEYPAD = ("123A", "456B", "789C", "*0#D")
ROW_HZ = (697, 770, 852, 941)  # ITU-T Q.23
COLUMN_HZ = (1209, 1336, 1477, 1633)
DTMF_FREQUENCIES_HZ = {
    digit: (row_hz, column_hz)
    for row, row_hz in zip(KEYPAD, ROW_HZ, strict=True)
    for digit, column_hz in zip(row, COLUMN_HZ, strict=True)
}

AMPLITUDE = 0.25  # of full scale for each sine: -15 dBFS, what a telephone keypad sends
FADE_S = 0.005  # an abrupt edge is heard as a click


def dtmf_tone(digit: str, ms: int) -> bytes:
    """The keypad tone of *digit*, one of ``0-9 * # A-D``.

    Raises:
        ValueError: there is no such key.
    """
    if digit not in DTMF_FREQUENCIES_HZ:
        # The digit may be part of a code that callers type: it stays out of the message.
        raise ValueError("not one of the sixteen keypad digits")
    low_hz, high_hz = DTMF_FREQUENCIES_HZ[digit]
    return render_mulaw(sine(low_hz, ms) + sine(high_hz, ms))


def beep(hz: float, ms: int) -> bytes:
    """A pure tone of *hz*."""
    return render_mulaw(sine(hz, ms))


def silence(ms: int) -> bytes:
    """*ms* of nothing."""
    return MULAW_SILENCE * count_samples(ms)


def count_samples(ms: int) -> int:
    """How many samples last *ms*."""
    return SAMPLE_RATE_HZ * ms // 1000


def sine(hz: float, ms: int) -> npt.NDArray[np.float64]:
    """A sine of *hz* between -1 and 1."""
    place = np.arange(count_samples(ms), dtype=np.float64)
    return np.sin(2 * math.pi * hz / SAMPLE_RATE_HZ * place)


def render_mulaw(wave: npt.NDArray[np.float64]) -> bytes:
    """*wave*, the sum of a few sines, as mu-law with soft edges."""
    place = np.arange(len(wave))
    to_edge = np.minimum(place, place[::-1])
    fade = np.minimum(to_edge / (FADE_S * SAMPLE_RATE_HZ), 1.0)
    return mulaw_encode(to_pcm(AMPLITUDE * FULL_SCALE * fade * wave))
