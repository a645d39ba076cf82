"""A model of voice that says what it was told to, and how to make any activity listen."""

import itertools
from collections.abc import Iterable

import numpy as np

from voicecalld.audio.activity import ActivityEvent, VoiceActivity
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.audio.g711 import mulaw_encode
from voicecalld.audio.pcm import to_pcm


class ScriptedModel:
    """Gives out the probabilities it was made with, then zero; keeps the windows it was asked."""

    def __init__(self, probabilities: Iterable[float] = ()) -> None:
        self.windows: list[bytes] = []
        self.rests: list[int] = []  # after how many windows
        self._script = itertools.chain(probabilities, itertools.repeat(0.0))

    def probability(self, window_pcm16k: bytes) -> float:
        self.windows.append(window_pcm16k)
        return next(self._script)

    def rest(self) -> None:
        self.rests.append(len(self.windows))


def frames_of(mulaw: bytes) -> list[bytes]:
    return [mulaw[start : start + FRAME_BYTES] for start in range(0, len(mulaw), FRAME_BYTES)]


def listen(activity: VoiceActivity, mulaw: bytes) -> list[ActivityEvent]:
    return [event for frame in frames_of(mulaw) for event in activity.feed(frame)]


def noise(amplitude: float, seconds: float) -> bytes:
    samples = np.random.default_rng(7).normal(0, amplitude, int(8000 * seconds))
    return mulaw_encode(to_pcm(samples))
