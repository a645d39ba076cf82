"""WAV files of every kind we claim to read, made here by hand, and many that we refuse."""

import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.audio.g711 import alaw_decode, mulaw_decode
from voicecalld.audio.wav import Sound, parse_wav, render_wav, wav_header
from voicecalld.errors import BadAudioError

SAMPLES = struct.pack("<4h", 0, 256, -256, 32512)
UNKNOWN_SIZE = 0xFFFFFFFF


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    said = len(body) if size is None else size
    return name + struct.pack("<I", said) + body + bytes(len(body) % 2)


def format_chunk(
    tag: int = 1, bits: int = 16, channels: int = 1, rate_hz: int = 8000, tail: bytes = b""
) -> bytes:
    group_bytes = channels * bits // 8
    head = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * group_bytes, group_bytes, bits)
    return chunk(b"fmt ", head + tail)


def wav(*chunks: bytes, riff_size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return chunk(b"RIFF", body, riff_size)


PLAIN = wav(format_chunk(), chunk(b"data", SAMPLES))


def test_a_plain_file_is_its_samples_rate_and_length() -> None:
    sound = parse_wav(PLAIN)

    assert sound == Sound(pcm=SAMPLES, rate_hz=8000)
    assert sound.seconds == 4 / 8000


@pytest.mark.parametrize(
    ("tag", "bits", "body", "pcm"),
    [
        (1, 8, bytes([128, 129, 127, 255]), struct.pack("<4h", 0, 256, -256, 32512)),
        (1, 24, b"\x99\x00\x01" + b"\x00\x00\xff", struct.pack("<2h", 256, -256)),
        (1, 32, b"\x99\x99\x00\x01" + b"\x00\x00\x00\xff", struct.pack("<2h", 256, -256)),
        (3, 32, struct.pack("<3f", 0.5, -1.0, 0.0), struct.pack("<3h", 16384, -32768, 0)),
        (3, 64, struct.pack("<2d", 0.5, -0.25), struct.pack("<2h", 16384, -8192)),
        (6, 8, bytes(range(256)), alaw_decode(bytes(range(256)))),
        (7, 8, bytes(range(256)), mulaw_decode(bytes(range(256)))),
    ],
    ids=["8 bits", "24 bits", "32 bits", "float", "double", "A-law", "mu-law"],
)
def test_every_kind_of_sample_becomes_16_bits(
    tag: int, bits: int, body: bytes, pcm: bytes
) -> None:
    sound = parse_wav(wav(format_chunk(tag, bits), chunk(b"data", body)))

    assert sound.pcm == pcm


def test_floats_that_are_too_large_or_no_numbers_make_no_noise() -> None:
    body = struct.pack("<5f", 1.5, -1e38, float("nan"), float("inf"), float("-inf"))

    sound = parse_wav(wav(format_chunk(3, 32), chunk(b"data", body)))

    assert sound.pcm == struct.pack("<5h", 32767, -32768, 0, 32767, -32768)


def test_an_extensible_file_is_read_by_its_real_tag() -> None:
    guid_rest = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
    tail = struct.pack("<HHIH", 22, 16, 4, 1) + guid_rest

    sound = parse_wav(wav(format_chunk(0xFFFE, tail=tail), chunk(b"data", SAMPLES)))

    assert sound.pcm == SAMPLES


@pytest.mark.parametrize("channels", [2, 3, 6])
def test_several_channels_are_mixed_to_one(channels: int) -> None:
    body = struct.pack(f"<{channels}h", *range(0, 30 * channels, 30)) * 5

    sound = parse_wav(wav(format_chunk(channels=channels, rate_hz=48000), chunk(b"data", body)))

    mean = 30 * (channels - 1) // 2
    assert sound == Sound(pcm=struct.pack("<5h", *[mean] * 5), rate_hz=48000)


def test_chunks_that_mean_nothing_to_us_are_passed_over() -> None:
    odd = chunk(b"LIST", b"INFOISFT\x03")

    sound = parse_wav(wav(odd, format_chunk(), chunk(b"fact", bytes(4)), chunk(b"data", SAMPLES)))

    assert sound.pcm == SAMPLES


def test_what_follows_the_samples_is_not_heard() -> None:
    assert parse_wav(PLAIN + chunk(b"LIST", b"INFO")).pcm == SAMPLES


@pytest.mark.parametrize(
    ("riff_size", "data_size"),
    [(0, 0), (36, 0), (UNKNOWN_SIZE, 0), (UNKNOWN_SIZE, UNKNOWN_SIZE), (0x7FFFF024, 0x7FFFF000)],
)
def test_a_header_written_before_the_end_was_known_means_up_to_the_end(
    riff_size: int, data_size: int
) -> None:
    streamed = wav(format_chunk(), chunk(b"data", SAMPLES, data_size), riff_size=riff_size)

    assert parse_wav(streamed).pcm == SAMPLES


def test_an_empty_data_chunk_before_others_is_not_taken_for_a_stream() -> None:
    with pytest.raises(BadAudioError, match="holds no samples"):
        parse_wav(wav(format_chunk(), chunk(b"data", b""), chunk(b"LIST", b"INFO")))


def test_half_a_sample_at_the_end_of_a_broken_download_is_dropped() -> None:
    assert parse_wav(PLAIN[:-1]).pcm == SAMPLES[:-2]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not a WAV file: it begins with b''"),
        (b"ID3\x04rest", "not a WAV file: it begins with b'ID3"),
        (b"RIFF\0\0\0\0AVI LIST", "not a WAV file"),
        (wav(), "holds no samples: it has no data chunk"),
        (wav(format_chunk()), "holds no samples: it has no data chunk"),
        (wav(format_chunk(), chunk(b"data", b"\0")), "holds no samples"),
        (wav(chunk(b"data", SAMPLES)), "does not describe its format before its samples"),
        (wav(chunk(b"fmt ", bytes(15))), "description of its format is cut short"),
        (wav(format_chunk(85)), r"compressed with format tag 85 \(MP3\)"),
        (wav(format_chunk(0x1234)), r"compressed with format tag 4660 \(unknown\)"),
        (wav(format_chunk(0xFFFE)), r"compressed with format tag 65534"),
        (wav(format_chunk(channels=0)), "no channels"),
        (wav(format_chunk(rate_hz=3999)), "rate of 3999 Hz is out of range"),
        (wav(format_chunk(rate_hz=192_001)), "rate of 192001 Hz is out of range"),
        (wav(format_chunk(bits=12)), "contradicts itself: 1 x 12 bits in 1 bytes"),
        (wav(format_chunk(3, 16), chunk(b"data", SAMPLES)), "samples have 16 bits"),
        (wav(format_chunk(1, 0), chunk(b"data", SAMPLES)), "samples have 0 bits"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(data: bytes, sentence: str) -> None:
    with pytest.raises(BadAudioError, match=sentence):
        parse_wav(data)


@pytest.mark.parametrize("rate_hz", [4000, 192_000])
def test_the_slowest_and_the_fastest_rate_are_read(rate_hz: int) -> None:
    data = wav(format_chunk(rate_hz=rate_hz), chunk(b"data", SAMPLES))

    assert parse_wav(data).rate_hz == rate_hz


def read_or_refuse(data: bytes) -> None:
    try:
        sound = parse_wav(data)
    except BadAudioError:
        return
    assert len(sound.pcm) % 2 == 0
    assert sound.seconds > 0


@given(rubbish=st.binary())
def test_rubbish_is_refused_and_nothing_else_happens(rubbish: bytes) -> None:
    with pytest.raises(BadAudioError):
        parse_wav(rubbish)


@given(rubbish=st.binary(max_size=80))
def test_rubbish_in_a_wav_file_is_refused_or_read(rubbish: bytes) -> None:
    read_or_refuse(wav(rubbish))


@given(
    fields=st.tuples(
        st.sampled_from([1, 3, 6, 7, 0xFFFE]),
        st.integers(0, 3),
        st.sampled_from([4000, 8000]),
        st.integers(0, 16),
        st.sampled_from([0, 4, 8, 16, 24, 32, 64]),
    ),
    tail=st.binary(max_size=12),
    body=st.binary(max_size=40),
)
def test_any_description_of_the_format_is_refused_or_read(
    fields: tuple[int, int, int, int, int], tail: bytes, body: bytes
) -> None:
    tag, channels, rate_hz, group_bytes, bits = fields
    head = struct.pack("<HHIIHH", tag, channels, rate_hz, 0, group_bytes, bits)

    read_or_refuse(wav(chunk(b"fmt ", head + tail), chunk(b"data", body)))


@given(
    place=st.integers(0, len(PLAIN) - 1),
    value=st.integers(0, 255),
    length=st.integers(0, len(PLAIN)),
)
def test_a_damaged_file_is_refused_or_read(place: int, value: int, length: int) -> None:
    damaged = bytearray(PLAIN)
    damaged[place] = value

    read_or_refuse(bytes(damaged[:length]))


@given(samples=st.lists(st.integers(-32768, 32767), min_size=1))
def test_what_we_write_we_read_back_exactly(samples: list[int]) -> None:
    pcm = struct.pack(f"<{len(samples)}h", *samples)

    sound = parse_wav(render_wav([pcm], 16000))

    assert sound == Sound(pcm=pcm, rate_hz=16000)


def test_others_can_read_a_stereo_file_of_ours() -> None:
    left, right = struct.pack("<3h", 1, 2, 3), struct.pack("<2h", -1, -2)

    data = render_wav([left, right], 8000)

    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 3)
        heard = np.frombuffer(file.readframes(3), "<i2").tolist()
    assert heard == [1, -1, 2, -2, 3, 0]


def test_a_header_of_unknown_length_can_be_written_anew_in_its_place() -> None:
    recording = bytearray(wav_header(1, 8000, 0) + SAMPLES)
    unfinished = parse_wav(bytes(recording))

    recording[:44] = wav_header(1, 8000, 4)

    assert unfinished.pcm == SAMPLES
    assert bytes(recording) == render_wav([SAMPLES], 8000)


def test_a_recording_too_long_for_its_header_says_up_to_the_end() -> None:
    header = wav_header(2, 8000, 2**31)

    assert header[4:8] == header[40:44] == b"\xff\xff\xff\xff"
    assert parse_wav(header + SAMPLES).seconds == 2 / 8000
