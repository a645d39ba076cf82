"""Cutting a byte stream into frames."""

from hypothesis import given
from hypothesis import strategies as st

from voicecalld.audio.frame import FRAME_BYTES, SILENT_FRAME, Framer, duration_s
from voicecalld.audio.g711 import mulaw_decode


def test_a_frame_is_twenty_milliseconds() -> None:
    assert duration_s(FRAME_BYTES) == 0.02


def test_the_silent_frame_is_all_zeros_when_decoded() -> None:
    assert mulaw_decode(SILENT_FRAME) == bytes(2 * 160)


def test_a_framer_cuts_carriers_audio_into_frames_of_160_bytes() -> None:
    framer = Framer()

    frames = framer.feed(bytes(159)) + framer.feed(b"\x01" + bytes(200))

    assert frames == [bytes(159) + b"\x01", bytes(160)]


# Frames of five bytes, so that small examples cross many borders.
@given(pieces=st.lists(st.binary(max_size=12)))
def test_frames_and_the_flushed_tail_are_the_bytes_that_were_fed(pieces: list[bytes]) -> None:
    framer = Framer(5)
    whole = b"".join(pieces)

    frames = [frame for piece in pieces for frame in framer.feed(piece)]
    tail = framer.flush()

    assert len(frames) == len(whole) // 5
    assert all(len(frame) == 5 for frame in frames + tail)
    assert b"".join(frames + tail) == whole + b"\xff" * (-len(whole) % 5)


def test_a_flushed_framer_begins_anew() -> None:
    framer = Framer(5)
    framer.feed(b"abc")
    framer.flush()

    frames = framer.feed(b"12345")

    assert frames == [b"12345"]
    assert framer.flush() == []
