"""G.711: mu-law and A-law codes to and from linear PCM, by tables built at import.

Source: ITU-T G.711 (11/88), tables 1a and 2a. The 14-bit (mu-law) and 13-bit (A-law) values
of the standard are scaled to 16 bits.
"""

import numpy as np
import numpy.typing as npt

PCM_DTYPE = np.dtype("<i2")
PCM_BITS_DTYPE = np.dtype("<u2")

BIAS = 132  # 33 of the standard in 16-bit steps: makes every segment begin at a power of two
CLIP = 32767 - BIAS  # the largest magnitude whose biased value still fits the eighth segment


def mulaw_decode(mulaw: bytes) -> bytes:
    """Expand mu-law to PCM16: ``2 * len(mulaw)`` bytes.

    Every byte is a legal code, so nothing is raised.
    """
    return MULAW_TO_PCM[np.frombuffer(mulaw, np.uint8)].tobytes()


def mulaw_encode(pcm: bytes) -> bytes:
    """Compress PCM16 to mu-law: ``len(pcm) // 2`` bytes; what is too loud is clipped.

    Raises:
        ValueError: *pcm* ends in the middle of a sample.
    """
    return PCM_TO_MULAW[np.frombuffer(pcm, PCM_BITS_DTYPE)].tobytes()


def alaw_decode(alaw: bytes) -> bytes:
    """Expand A-law to PCM16: ``2 * len(alaw)`` bytes."""
    return ALAW_TO_PCM[np.frombuffer(alaw, np.uint8)].tobytes()


def build_mulaw_levels() -> npt.NDArray[np.int16]:
    """The PCM value of every mu-law code; codes travel with all bits inverted."""
    codes = ~np.arange(256, dtype=np.uint8)
    segment = (codes >> 4 & 0x07).astype(np.int32)
    step = (codes & 0x0F).astype(np.int32)
    magnitude = (((step << 3) + BIAS) << segment) - BIAS
    return np.where(codes & 0x80, -magnitude, magnitude).astype(PCM_DTYPE)


def build_mulaw_codes() -> npt.NDArray[np.uint8]:
    """The mu-law code of every sample, indexed by the sample's bits read as unsigned."""
    # The magnitude is taken before any bit is dropped, so that both signs round alike;
    # shifting a negative sample first would turn -1 into -8.
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    biased = np.minimum(np.abs(samples), CLIP) + BIAS
    segment = np.searchsorted(256 << np.arange(7), biased, side="right")
    step = biased >> (segment + 3) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    codes: npt.NDArray[np.uint8] = (sign | segment << 4 | step).astype(np.uint8)
    return ~codes


def build_alaw_levels() -> npt.NDArray[np.int16]:
    """The PCM value of every A-law code; codes travel with every other bit inverted."""
    codes = np.arange(256, dtype=np.uint8) ^ 0x55
    segment = (codes >> 4 & 0x07).astype(np.int32)
    middle = ((codes & 0x0F).astype(np.int32) << 4) + 8
    curved = (middle + 256) << np.maximum(segment - 1, 0)
    magnitude = np.where(segment == 0, middle, curved)
    return np.where(codes & 0x80, magnitude, -magnitude).astype(PCM_DTYPE)


# At import, not on first use: the first frame of a call must not pay for it.
MULAW_TO_PCM = build_mulaw_levels()
PCM_TO_MULAW = build_mulaw_codes()
ALAW_TO_PCM = build_alaw_levels()
