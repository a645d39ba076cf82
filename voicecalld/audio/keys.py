"""Keys as they sound on the line: a tone each, four a second."""

from collections.abc import Mapping

from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.audio.tones import dtmf_tone, silence

TONE_MS = 100
PAUSE_MS = 150
WAITS_MS: Mapping[str, int] = {"w": 500, "W": 1000}


def render_keys(digits: str) -> bytes:
    """The sound of pressing *digits*, which may hold ``w`` and ``W`` to wait."""
    return b"".join(render_key(digit) for digit in digits)


def render_key(digit: str) -> bytes:
    """One key with the pause behind it, or one wait."""
    if digit in WAITS_MS:
        return silence(WAITS_MS[digit])
    return dtmf_tone(digit, TONE_MS) + silence(PAUSE_MS)


def place_keys(digits: str) -> Mapping[int, str]:
    """In which frame of `render_keys` each key begins."""
    places: dict[int, str] = {}
    sound_bytes = 0
    for digit in digits:
        if digit not in WAITS_MS:
            places[sound_bytes // FRAME_BYTES] = digit
        sound_bytes += len(render_key(digit))
    return places
