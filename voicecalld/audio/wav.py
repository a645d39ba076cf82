"""WAV files: nearly anything in, 16-bit PCM out.

Source: Microsoft, "Multiple channel audio data and WAVE files" (2007), and RFC 2361 for the format
tags. A header that was written before its length was known (zero, or the largest number) is
taken to mean "up to the end", and so is one that promises more than there is.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from voicecalld.audio.g711 import PCM_DTYPE, alaw_decode, mulaw_decode
from voicecalld.audio.pcm import BYTES_PER_SAMPLE, FULL_SCALE, mix_to_mono, to_pcm
from voicecalld.errors import BadAudioError

PCM_TAG = 1
FLOAT_TAG = 3
ALAW_TAG = 6
MULAW_TAG = 7
EXTENSIBLE_TAG = 0xFFFE  # the real tag is then the first two bytes of the sub-format
TAG_NAMES = {2: "MS ADPCM", 17: "IMA ADPCM", 49: "GSM 6.10", 80: "MPEG", 85: "MP3", 255: "AAC"}

MIN_RATE_HZ = 4000
MAX_RATE_HZ = 192_000
UNKNOWN_SIZE = 0xFFFFFFFF
CHUNK_HEADER = struct.Struct("<4sI")
FORMAT = struct.Struct("<HHIIHH")
HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")

Decoder: TypeAlias = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A piece of sound: PCM16, mono."""

    pcm: bytes
    rate_hz: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.pcm) / BYTES_PER_SAMPLE / self.rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class WavFormat:
    """What the ``fmt`` chunk says about one sample."""

    tag: int
    channels: int
    rate_hz: int
    bits: int


def parse_wav(data: bytes) -> Sound:
    """Read a whole WAV file; several channels are mixed to one.

    Understood are integers of 8 to 32 bits, floats of 32 and 64 bits, mu-law and A-law, at
    4000 to 192 000 Hz.

    Raises:
        BadAudioError: it is something else, or holds no samples; nothing else is raised.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise BadAudioError(f"not a WAV file: it begins with {data[:12]!r}")
    wav_format = None
    for name, body in iterate_chunks(data):
        if name == b"fmt ":
            wav_format = parse_format(body)
        if name == b"data":
            return decode_samples(wav_format, body)
    raise BadAudioError("the WAV holds no samples: it has no data chunk")


def iterate_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk; the last may be shorter than it says."""
    (riff_size,) = struct.unpack_from("<I", data, 4)
    place = 12
    while place + CHUNK_HEADER.size <= len(data):
        name, size = CHUNK_HEADER.unpack_from(data, place)
        place += CHUNK_HEADER.size
        if name == b"data" and size == 0 and is_unfinished(riff_size, place):
            size = UNKNOWN_SIZE
        yield name, data[place : place + size]
        place += size + size % 2


def is_unfinished(riff_size: int, samples_start: int) -> bool:
    """Whether the file's own size, too, was written before there were samples."""
    return riff_size == UNKNOWN_SIZE or 8 + riff_size <= samples_start


def parse_format(body: bytes) -> WavFormat:
    """Read a ``fmt`` chunk.

    Raises:
        BadAudioError: it is cut short, contradicts itself, or is out of range.
    """
    if len(body) < FORMAT.size:
        raise BadAudioError("the WAV's description of its format is cut short")
    tag, channels, rate_hz, _, group_bytes, bits = FORMAT.unpack_from(body)
    if tag == EXTENSIBLE_TAG and len(body) >= 26:
        (tag,) = struct.unpack_from("<H", body, 24)
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise BadAudioError(f"the WAV's sampling rate of {rate_hz} Hz is out of range")
    if channels == 0:
        raise BadAudioError("the WAV has no channels")
    check_tag(tag)
    if group_bytes * 8 != channels * bits:
        raise BadAudioError(
            f"the WAV contradicts itself: {channels} x {bits} bits in {group_bytes} bytes"
        )
    return WavFormat(tag=tag, channels=channels, rate_hz=rate_hz, bits=bits)


def check_tag(tag: int) -> None:
    """Raise `BadAudioError` unless samples with format tag *tag* can be read."""
    if tag not in {known for known, _ in DECODERS}:
        name = TAG_NAMES.get(tag, "unknown")
        raise BadAudioError(f"the WAV is compressed with format tag {tag} ({name})")


def decode_samples(wav_format: WavFormat | None, body: bytes) -> Sound:
    """The content of a ``data`` chunk; an unfinished last group of samples is dropped.

    Raises:
        BadAudioError: there is no format, no decoder for it, or not one sample.
    """
    if wav_format is None:
        raise BadAudioError("the WAV does not describe its format before its samples")
    decode = DECODERS.get((wav_format.tag, wav_format.bits))
    if decode is None:
        raise BadAudioError(
            f"the WAV's samples have {wav_format.bits} bits, which its format does not allow"
        )
    group_bytes = wav_format.channels * wav_format.bits // 8
    whole = len(body) - len(body) % group_bytes
    if whole == 0:
        raise BadAudioError("the WAV holds no samples")
    pcm = decode(body[:whole])
    if wav_format.channels > 1:
        pcm = mix_to_mono(pcm, wav_format.channels)
    return Sound(pcm=pcm, rate_hz=wav_format.rate_hz)


def decode_unsigned_8(body: bytes) -> bytes:
    """Bytes around 128, the only unsigned samples of WAV."""
    centred = np.frombuffer(body, np.uint8).astype(PCM_DTYPE) - 128
    return (centred << 8).tobytes()


def keep_upper_16(body: bytes, sample_bytes: int) -> bytes:
    """The two most significant bytes of each little-endian sample."""
    samples = np.frombuffer(body, np.uint8).reshape(-1, sample_bytes)
    return samples[:, -BYTES_PER_SAMPLE:].tobytes()


def decode_float(body: bytes, dtype: npt.DTypeLike) -> bytes:
    """Floats between -1 and 1; what is beyond is clipped, what is no number is silence."""
    samples = np.frombuffer(body, dtype)
    # Clipped before it grows, so that nothing can overflow.
    bounded = np.nan_to_num(samples, nan=0.0).clip(-1.0, 1.0).astype(np.float64)
    return to_pcm(bounded * FULL_SCALE)


DECODERS: Mapping[tuple[int, int], Decoder] = {
    (PCM_TAG, 8): decode_unsigned_8,
    (PCM_TAG, 16): bytes,
    (PCM_TAG, 24): lambda body: keep_upper_16(body, 3),
    (PCM_TAG, 32): lambda body: keep_upper_16(body, 4),
    (FLOAT_TAG, 32): lambda body: decode_float(body, "<f4"),
    (FLOAT_TAG, 64): lambda body: decode_float(body, "<f8"),
    (ALAW_TAG, 8): alaw_decode,
    (MULAW_TAG, 8): mulaw_decode,
}


def render_wav(channels: Sequence[bytes], rate_hz: int) -> bytes:
    """A 16-bit WAV file of one or more PCM16 channels; shorter ones end in silence."""
    longest = max(len(pcm) for pcm in channels)
    columns = [np.frombuffer(pcm.ljust(longest, b"\0"), PCM_DTYPE) for pcm in channels]
    samples = np.stack(columns, axis=1).tobytes()
    return wav_header(len(channels), rate_hz, longest // BYTES_PER_SAMPLE) + samples


def wav_header(channels: int, rate_hz: int, frames: int) -> bytes:
    """The 44 bytes before the samples of a 16-bit WAV file.

    Args:
        channels: how many, interleaved.
        rate_hz: samples a second of each channel.
        frames: as WAV calls them: samples of each channel. A file whose length is not known
            yet is given 0 and gets its header written anew when it is.

    More than fits the header, 2^32 bytes, is rendered as "up to the end".
    """
    group_bytes = channels * BYTES_PER_SAMPLE
    size = min(frames * group_bytes, UNKNOWN_SIZE)
    riff_size = min(size + HEADER.size - 8, UNKNOWN_SIZE)
    return HEADER.pack(
        *(b"RIFF", riff_size, b"WAVE"),
        *(b"fmt ", FORMAT.size, PCM_TAG, channels, rate_hz),
        *(rate_hz * group_bytes, group_bytes, 8 * BYTES_PER_SAMPLE),
        *(b"data", size),
    )
