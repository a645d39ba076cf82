import numpy as np
import pytest

from tests.carriers.tone_ear import ToneEar
from tests.sound import spoken
from voicecalld.audio.frame import FRAME_BYTES, SILENT_FRAME
from voicecalld.audio.g711 import mulaw_encode
from voicecalld.audio.keys import render_keys
from voicecalld.audio.tones import DTMF_FREQUENCIES_HZ, beep
from voicecalld.phrases import DEFAULT_PHRASES


def heard(sound: bytes) -> str:
    ear = ToneEar()
    sound += SILENT_FRAME
    for place in range(0, len(sound) - FRAME_BYTES, FRAME_BYTES):
        ear.hear(sound[place : place + FRAME_BYTES])
    return ear.digits


def test_every_key_is_heard_once_for_each_time_it_is_pressed() -> None:
    keys = "".join(DTMF_FREQUENCIES_HZ)

    assert heard(render_keys(f"11{keys}w22")) == f"11{keys}22"


@pytest.mark.parametrize("shift", [1, 40, 79, 80, 121])
def test_keys_need_not_begin_with_a_frame(shift: int) -> None:
    assert heard(SILENT_FRAME[:shift] + render_keys("159#")) == "159#"


def test_neither_a_voice_nor_a_single_tone_nor_noise_is_a_key() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 8000).astype("<i2").tobytes()

    assert heard(b"".join(map(spoken, DEFAULT_PHRASES))) == ""
    assert heard(beep(697, 400) + beep(1336, 400)) == ""
    assert heard(mulaw_encode(noise)) == ""
