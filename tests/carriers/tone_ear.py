"""Hears keys in the sound of a line, as a telephone menu does: by their two tones."""

import functools

import numpy as np

from voicecalld.audio.frame import FRAME_BYTES, SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.audio.tones import COLUMN_HZ, KEYPAD, ROW_HZ

# Nearly all of a frame's energy is in the two tones of a key; a voice has harmonics besides.
LEAST_SHARE = 0.85
LEAST_SHARE_OF_ONE = 0.25
FRAMES = 2  # in which the same key is heard: 40 ms, the least that networks accept

PLACES = np.arange(FRAME_BYTES) / SAMPLE_RATE_HZ
WAVES = np.exp(-2j * np.pi * np.outer([*ROW_HZ, *COLUMN_HZ], PLACES))


class ToneEar:
    """Takes mu-law frame by frame; ``digits`` are the keys so far."""

    def __init__(self) -> None:
        self.digits = ""
        self._key = ""
        self._frames = 0

    def hear(self, frame: bytes) -> None:
        """Take 20 ms."""
        key = find_key(frame)
        self._frames = self._frames + 1 if key and key == self._key else 1
        self._key = key
        if key and self._frames == FRAMES:
            self.digits += key


@functools.lru_cache(1024)  # most of what is heard is silence, or a hum
def find_key(frame: bytes) -> str:
    """The key whose tones are in *frame*; none if there is anything else."""
    samples = np.frombuffer(mulaw_decode(frame), "<i2").astype(float)
    energy = float(np.sum(samples**2)) or 1.0
    shares = 2 * np.abs(WAVES @ samples) ** 2 / (len(samples) * energy)
    row, column = int(np.argmax(shares[:4])), int(np.argmax(shares[4:]))
    weaker, stronger = sorted((float(shares[row]), float(shares[4 + column])))
    if weaker < LEAST_SHARE_OF_ONE or weaker + stronger < LEAST_SHARE:
        return ""
    return KEYPAD[row][column]
