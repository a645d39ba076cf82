"""The program behind `tests.sound`: speaks one text, and writes it as PCM16 at 22.05 kHz.

Its arguments are the engine's library, the engine's data, and the text.
"""

import ctypes
import sys

# espeak-ng's speak_lib.h
AUDIO_OUTPUT_SYNCHRONOUS = 2
INITIALIZE_DONT_EXIT = 0x8000
BUFFER_MS = 20
CHARS_UTF8 = 1
POS_CHARACTER = 1
OK = 0
RATE_HZ = 22_050
NOISE_SEED = 1

SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


def write(address: int | None, samples: int, _events: object) -> int:
    if address is not None:  # None: the end
        sys.stdout.buffer.write(ctypes.string_at(address, 2 * samples))
    return 0


ON_SOUND = SynthCallback(write)  # kept: the engine calls it later


def speak(library_path: str, data_path: str, text: str) -> None:
    library = ctypes.CDLL(library_path)
    rate_hz = library.espeak_Initialize(
        AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, data_path.encode(), INITIALIZE_DONT_EXIT
    )
    assert rate_hz == RATE_HZ, "espeak-ng does not start"
    library.espeak_SetSynthCallback(ON_SOUND)
    library.espeak_ng_SetRandSeed(ctypes.c_long(NOISE_SEED))
    assert library.espeak_SetVoiceByName(b"en-us") == OK
    said = text.encode() + b"\0"
    status = library.espeak_Synth(
        said, ctypes.c_size_t(len(said)), 0, POS_CHARACTER, 0, CHARS_UTF8, None, None
    )
    assert status == OK


if __name__ == "__main__":
    speak(*sys.argv[1:])
