"""Linear PCM between sampling rates, down to mono, and its level.

The resampler is a polyphase filter: the output sample at time ``k / to_hz`` is a weighted sum
of the input around that time, with weights from a Kaiser-windowed sinc. Its weights are whole
numbers kept in float64, so that every sum is exact in any order of addition: how a stream is
cut into pieces cannot change a single bit of the result.
"""

import functools
import math

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from voicecalld.audio.g711 import PCM_DTYPE

BYTES_PER_SAMPLE = 2
FULL_SCALE = 32768
SILENCE_DBFS = -100.0  # below half a step of 16 bits; a finite number can be logged and compared

# Zero crossings on each side of the sinc, at the lower of the two rates: 20 / 8000 Hz = 2.5 ms
# of delay. With Kaiser beta 6.8 (70 dB) the step from pass to stop is then 0.11 of that rate:
# for 8 kHz flat to 3.3 kHz, the end of the telephone band, and shut above 4.15 kHz.
ZERO_CROSSINGS = 20
KAISER_BETA = 6.8
CUTOFF = 0.93  # of half the lower rate

WEIGHT_SCALE = float(2**24)  # 2^15 (sample) * 2^24 * few < 2^53: exact in float64
# Rates in use need at most 320 places between two input samples (11 025 Hz to 8 kHz). Odder pairs
# share the nearest earlier one, at 60 dB: exactly kept, 191 999 Hz would take 700 MB.
MAX_PLACES = 1024
BLOCK_SAMPLES = 1024  # bounds the memory of one step: a minute at once would need a gigabyte


class Resampler:
    """Converts a stream of PCM16 from one sampling rate to another, piece by piece.

    The output is in step with the input: sample 0 stays sample 0, and all of it together has
    ``ceil(samples * to_hz / from_hz)`` samples. The last 2.5 ms come with `flush`.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        divisor = math.gcd(from_hz, to_hz)
        self._up = to_hz // divisor
        self._down = from_hz // divisor
        self._weights = build_weights(self._up, self._down)
        self._side = self._weights.shape[1] // 2
        self._begin()

    def _begin(self) -> None:
        self._odd = b""
        self._history = np.zeros(self._side - 1)  # silence before the first sample
        self._history_start = 1 - self._side
        self._next_output = 0

    def feed(self, pcm: bytes) -> bytes:
        """All output samples that *pcm* makes known; half a sample waits for its other half."""
        data = self._odd + pcm
        whole = len(data) - len(data) % BYTES_PER_SAMPLE
        self._odd = data[whole:]
        if self._up == self._down:
            return data[:whole]
        return self._convert(np.frombuffer(data[:whole], PCM_DTYPE).astype(np.float64))

    def flush(self) -> bytes:
        """The last samples, followed by silence; the next `feed` begins a new stream.

        Half a sample, if one is waiting, is dropped.
        """
        tail = b"" if self._up == self._down else self._convert(np.zeros(self._side))
        self._begin()
        return tail

    def _convert(self, samples: npt.NDArray[np.float64]) -> bytes:
        self._history = np.concatenate((self._history, samples))
        known = self._history_start + len(self._history) - self._side
        outputs_end = -(-known * self._up // self._down)
        blocks = [
            self._outputs(start, min(start + BLOCK_SAMPLES, outputs_end))
            for start in range(self._next_output, outputs_end, BLOCK_SAMPLES)
        ]
        self._next_output = max(self._next_output, outputs_end)
        self._forget_used()
        return b"".join(blocks)

    def _outputs(self, start: int, end: int) -> bytes:
        centre, phase = np.divmod(np.arange(start, end) * self._down, self._up)
        first = centre - self._side + 1 - self._history_start
        around = sliding_window_view(self._history, 2 * self._side)[first]
        if self._up == 1:
            sums = around @ self._weights[0]
        else:
            place = phase * len(self._weights) // self._up
            sums = np.einsum("ij,ij->i", around, self._weights[place])
        return to_pcm(sums / WEIGHT_SCALE)

    def _forget_used(self) -> None:
        needed = self._next_output * self._down // self._up - self._side + 1
        used = min(max(needed - self._history_start, 0), len(self._history))
        self._history = self._history[used:]
        self._history_start += used


@functools.lru_cache(maxsize=8)  # a daemon meets two or three pairs of rates, one table each
def build_weights(up: int, down: int) -> npt.NDArray[np.float64]:
    """One row of weights for each place of an output sample between two input samples."""
    ratio = min(1.0, up / down)
    side = math.ceil(ZERO_CROSSINGS / ratio)
    places = min(up, MAX_PLACES)
    place = np.arange(places)[:, np.newaxis] / places
    distance = place + np.arange(side - 1, -side - 1, -1)
    window = np.i0(KAISER_BETA * np.sqrt(np.maximum(1 - (distance / side) ** 2, 0)))
    weights = np.sinc(CUTOFF * ratio * distance) * window
    # Every row sums to one, or a constant level would come out with a ripple.
    weights /= weights.sum(axis=1, keepdims=True)
    return np.rint(weights * WEIGHT_SCALE)


def resample(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """The whole of *pcm* at another sampling rate."""
    resampler = Resampler(from_hz, to_hz)
    return resampler.feed(pcm) + resampler.flush()


def mix_to_mono(pcm: bytes, channels: int) -> bytes:
    """The mean of *channels* interleaved channels; an unfinished last group is dropped."""
    samples = np.frombuffer(pcm, PCM_DTYPE, len(pcm) // BYTES_PER_SAMPLE // channels * channels)
    return to_pcm(samples.reshape(-1, channels).mean(axis=1))


def level_dbfs(pcm: bytes) -> float:
    """The effective level of *pcm*; a full-scale square wave is 0, nothing is -100.

    Raises:
        ValueError: *pcm* ends in the middle of a sample.
    """
    samples = np.frombuffer(pcm, PCM_DTYPE).astype(np.float64)
    power = float(samples @ samples) / max(len(samples), 1)
    if power == 0.0:
        return SILENCE_DBFS
    return 10 * math.log10(power / FULL_SCALE**2)


def to_pcm(samples: npt.NDArray[np.float64]) -> bytes:
    """*samples* in 16-bit steps as PCM16, rounded, and clipped where they are too loud."""
    return np.rint(samples).clip(-FULL_SCALE, FULL_SCALE - 1).astype(PCM_DTYPE).tobytes()
