"""Real speech for tests, spoken by the embedded synthesizer's engine in a process of its own."""

import functools
import subprocess
import sys
from pathlib import Path

import espeakng_loader
import numpy as np

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_decode, mulaw_encode
from voicecalld.audio.pcm import resample

ENGINE = Path(__file__).with_name("sound_engine.py")
RATE_HZ = 22_050


@functools.cache
def spoken(text: str) -> bytes:
    """*text*, spoken by a synthetic voice, as mu-law at 8 kHz; always the same.

    The engine's voice trembles, each time otherwise: only the first text of a process does not
    depend on what was said before it.
    """
    # -S and -I: it needs nothing but ctypes, and starts in 40 ms.
    command = [sys.executable, "-I", "-S", str(ENGINE)]
    command += [str(espeakng_loader.get_library_path()), str(espeakng_loader.get_data_path())]
    said = subprocess.run([*command, text], stdout=subprocess.PIPE, check=True)
    return mulaw_encode(resample(said.stdout, RATE_HZ, SAMPLE_RATE_HZ))


def burst(text: str, ms: int) -> bytes:
    """The loudest *ms* of *text*, spoken: a voice, but as short as a cough."""
    speech = spoken(text)
    samples = np.frombuffer(mulaw_decode(speech), "<i2").astype(float)
    length = ms * SAMPLE_RATE_HZ // 1000
    start = int(np.argmax(np.convolve(samples**2, np.ones(length), "valid")))
    return speech[start : start + length]
