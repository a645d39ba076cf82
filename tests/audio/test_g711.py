"""G.711 against the standard's own wording, and against the standard library where it has it."""

import bisect
import importlib
import importlib.util
import struct
import warnings
from typing import Protocol, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.audio.g711 import alaw_decode, mulaw_decode, mulaw_encode

ALL_CODES = bytes(range(256))
ALL_SAMPLES = struct.pack("<65536h", *range(-32768, 32768))
# G.711 knows 14 bits for mu-law; audioop drops the other two rounding towards minus infinity.
ALL_14_BIT_SAMPLES = struct.pack("<16384h", *range(-32768, 32768, 4))


class Audioop(Protocol):
    """The part of the standard library's audioop that knows G.711; gone in Python 3.13."""

    def ulaw2lin(self, data: bytes, width: int) -> bytes: ...
    def lin2ulaw(self, data: bytes, width: int) -> bytes: ...
    def alaw2lin(self, data: bytes, width: int) -> bytes: ...


def find_audioop() -> list[Audioop]:
    """The module in a list, or an empty list where Python has none."""
    if importlib.util.find_spec("audioop") is None:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return [cast("Audioop", importlib.import_module("audioop"))]


def unpack(pcm: bytes) -> list[int]:
    return [sample for (sample,) in struct.iter_unpack("<h", pcm)]


def mulaw_level(code: int) -> int:
    """G.711, table 2a: segment s has 16 steps of 2^(s+1), and begins at 33 * 2^s - 33."""
    inverted = 255 - code
    segment, step = inverted % 128 // 16, inverted % 16
    level: int = 33 * 2**segment - 33 + step * 2 ** (segment + 1)
    return 4 * (-level if inverted >= 128 else level)


# G.711, table 2a, decision values: 0, 1, 3, 5 ... 31, 35 ... 7647, 7903.
INTERVALS = [4 * ((32 + 2 * step) * 2**segment - 33) for segment in range(8) for step in range(16)]


def mulaw_code(sample: int) -> int:
    interval = max(bisect.bisect_right(INTERVALS, abs(sample)) - 1, 0)
    return 255 - interval - (128 if sample < 0 else 0)


def alaw_level(code: int) -> int:
    """G.711, table 1a: two straight segments of 16 steps of 2, then each twice as wide."""
    plain = code ^ 0b01010101
    segment, step = plain % 128 // 16, plain % 16
    width: int = 2 * 2 ** max(segment - 1, 0)
    begin = 0 if segment == 0 else 16 * width
    level = begin + step * width + width // 2
    return 8 * (level if plain >= 128 else -level)


def test_every_mulaw_code_decodes_to_the_level_in_the_standard() -> None:
    levels = unpack(mulaw_decode(ALL_CODES))

    assert levels == [mulaw_level(code) for code in range(256)]
    assert (levels[0], levels[0x80], levels[0xFF]) == (-32124, 32124, 0)


def test_every_alaw_code_decodes_to_the_level_in_the_standard() -> None:
    levels = unpack(alaw_decode(ALL_CODES))

    assert levels == [alaw_level(code) for code in range(256)]
    assert (levels[0xD5], levels[0x55], levels[0xAA]) == (8, -8, 32256)


def test_every_sample_gets_the_code_of_the_interval_it_is_in() -> None:
    codes = mulaw_encode(ALL_SAMPLES)

    assert codes == bytes(mulaw_code(sample) for sample in range(-32768, 32768))
    assert mulaw_encode(struct.pack("<3h", 0, -1, 32767)) == b"\xff\x7f\x80"


def test_every_code_survives_decoding_and_encoding_but_negative_zero() -> None:
    expected = bytearray(ALL_CODES)
    expected[0x7F] = 0xFF  # both are zero

    assert mulaw_encode(mulaw_decode(ALL_CODES)) == bytes(expected)


@pytest.mark.parametrize("audioop", find_audioop())
def test_the_standard_library_decodes_and_encodes_alike(audioop: Audioop) -> None:
    assert audioop.ulaw2lin(ALL_CODES, 2) == mulaw_decode(ALL_CODES)
    assert audioop.alaw2lin(ALL_CODES, 2) == alaw_decode(ALL_CODES)
    assert audioop.lin2ulaw(ALL_14_BIT_SAMPLES, 2) == mulaw_encode(ALL_14_BIT_SAMPLES)


@given(mulaw=st.binary())
def test_any_bytes_decode_to_two_bytes_each(mulaw: bytes) -> None:
    assert len(mulaw_decode(mulaw)) == 2 * len(mulaw)


def test_half_a_sample_cannot_be_encoded() -> None:
    with pytest.raises(ValueError, match="multiple of element size"):
        mulaw_encode(b"\0\0\0")
