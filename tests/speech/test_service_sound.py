"""What is sound and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.speech_fakes import hum
from tests.services.speech_faults import MP3, MP3_FRAME
from voicecalld.errors import HopelessServiceError
from voicecalld.speech.service_sound import SoundCheck, check_type, mp3_frame_bytes


def checked(sound: bytes, cut: int) -> bytes:
    check = SoundCheck("x", most_bytes=10_000)
    pieces = [sound[i : i + cut] for i in range(0, len(sound), cut)]
    return b"".join([check.feed(piece) for piece in pieces]) + check.end()


@given(start=st.integers(0, 500), length=st.integers(1, 2000), cut=st.integers(1, 700))
def test_sound_goes_through_unchanged_however_it_is_cut(start: int, length: int, cut: int) -> None:
    sound = hum(start, start + length)

    assert checked(sound, cut) == sound


@pytest.mark.parametrize(
    "sound",
    [
        b"\xff" * 1000,  # silence
        b"{" * 1000,  # a very soft hiss
        MP3_FRAME + bytes(500),  # what looks like one frame of MP3 only
        MP3_FRAME[:100],
        b"\xff\xeb\x90\x00" + bytes(500),  # the reserved version
        b"\xff\xfb\xf0\x00" + bytes(500),  # the forbidden bit rate
        b"\xff\xfb\x9c\x00" + bytes(500),  # the reserved sampling rate
    ],
)
def test_sound_that_begins_like_something_else_is_sound(sound: bytes) -> None:
    assert checked(sound, 50) == sound


@given(cut=st.integers(1, 500))
def test_mp3_is_found_however_it_is_cut(cut: int) -> None:
    with pytest.raises(HopelessServiceError, match="x gave MP3 instead of bare sound"):
        checked(MP3, cut)


def test_the_length_of_a_frame_of_mp3_is_that_of_the_standard() -> None:
    assert mp3_frame_bytes(MP3_FRAME) == 417  # 144 * 128 000 / 44 100
    assert mp3_frame_bytes(b"\xff\xf3\x64\xc4") == 144  # 72 * 48 000 / 24 000


@pytest.mark.parametrize(
    "kind", ["", "audio/basic", "audio/mpeg", "Application/Octet-Stream; x=1"]
)
def test_types_that_may_be_sound_are_accepted(kind: str) -> None:
    check_type("x", kind)
