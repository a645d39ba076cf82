"""Real speech for tests, spoken by the embedded synthesizer's engine inside this process."""

import ctypes
import functools

import espeakng_loader
import numpy as np

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_decode, mulaw_encode
from voicecalld.audio.pcm import resample

# espeak-ng's speak_lib.h
AUDIO_OUTPUT_SYNCHRONOUS = 2
INITIALIZE_DONT_EXIT = 0x8000
CHARS_UTF8 = 1
POS_CHARACTER = 1
OK = 0

SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Engine:
    """The engine with its callback; it has global state, so there is only one."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        data_path = str(espeakng_loader.get_data_path()).encode()
        self.rate_hz = self.library.espeak_Initialize(
            AUDIO_OUTPUT_SYNCHRONOUS, 20, data_path, INITIALIZE_DONT_EXIT
        )
        assert self.rate_hz > 0, "espeak-ng does not start"
        self.callback = SynthCallback(self.on_sound)  # kept: the engine calls it later
        self.library.espeak_SetSynthCallback(self.callback)
        assert self.library.espeak_SetVoiceByName(b"en-us") == OK

    def on_sound(self, address: int | None, samples: int, _: object) -> int:
        if address is not None:  # None: the end
            self.pieces.append(ctypes.string_at(address, 2 * samples))
        return 0

    def speak(self, text: str) -> bytes:
        """*text* as PCM16 at the engine's rate."""
        self.pieces.clear()
        data = text.encode() + b"\0"
        size = ctypes.c_size_t(len(data))
        status = self.library.espeak_Synth(data, size, 0, POS_CHARACTER, 0, CHARS_UTF8, None, None)
        assert status == OK
        return b"".join(self.pieces)


@functools.cache
def engine() -> Engine:
    return Engine()


@functools.cache
def spoken(text: str) -> bytes:
    """*text*, spoken by a synthetic voice, as mu-law at 8 kHz."""
    pcm = engine().speak(text)
    return mulaw_encode(resample(pcm, engine().rate_hz, 8000))


def burst(text: str, ms: int) -> bytes:
    """The loudest *ms* of *text*, spoken: a voice, but as short as a cough."""
    speech = spoken(text)
    samples = np.frombuffer(mulaw_decode(speech), "<i2").astype(float)
    length = ms * SAMPLE_RATE_HZ // 1000
    start = int(np.argmax(np.convolve(samples**2, np.ones(length), "valid")))
    return speech[start : start + length]
