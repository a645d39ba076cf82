"""eSpeak NG through ctypes: text to PCM16, and where its words are.

eSpeak NG is GPL-3.0: only the worker process imports this.

Source: espeak-ng 1.52, ``src/include/espeak-ng/speak_lib.h``.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeAlias

AUDIO_OUTPUT_SYNCHRONOUS: Final = 2
INITIALIZE_DONT_EXIT: Final = 0x8000
BUFFER_MS: Final = 60
CHARS_UTF8: Final = 1
POS_CHARACTER: Final = 1
PARAMETER_RATE: Final = 1  # words a minute
PARAMETER_VOLUME: Final = 2  # 100 is its default
EVENT_LIST_TERMINATED: Final = 0
EVENT_WORD: Final = 1
OK: Final = 0
NOISE_SEED: Final = 1

# At its default of 100 the loudest voices are clipped. At 70 the peaks of every voice fit, and
# speech has about -23 dBFS, a little above the -26 that telephony expects (ITU-T G.100.1).
VOLUME: Final = 70


Fields: TypeAlias = Sequence[tuple[str, Any] | tuple[str, Any, int]]


class Event(ctypes.Structure):
    """``espeak_EVENT``."""

    _fields_: ClassVar[Fields] = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


class Voice(ctypes.Structure):
    """``espeak_VOICE``."""

    _fields_: ClassVar[Fields] = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


SynthCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordEvent:
    """A word begins: at which character of the text, how many they are, and when."""

    start: int
    characters: int
    start_ms: int


class EngineError(Exception):
    """The engine does not do what it is told."""


class Engine:
    """The engine. It has global state: one in a process, and one text at a time."""

    def __init__(self, library_path: str, data_path: str) -> None:
        self._pcm = bytearray()
        self._words: list[WordEvent] = []
        self._library = ctypes.CDLL(library_path)
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(Voice))
        self.rate_hz: int = self._library.espeak_Initialize(
            AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, data_path.encode(), INITIALIZE_DONT_EXIT
        )
        if self.rate_hz <= 0:
            raise EngineError("espeak-ng does not find its data")
        self._callback = SynthCallback(self._on_sound)  # kept: the engine calls it later
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_SetParameter(PARAMETER_VOLUME, VOLUME, 0)
        # The breath of a voice is chance: without this, no two processes would sound alike.
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(NOISE_SEED))

    def set_voice(self, voice: str) -> bool:
        """Take *voice*, such as ``en-us``, ``en-gb`` or ``en-us+f3``; False if there is none."""
        if self._library.espeak_SetVoiceByName(voice.encode()) == OK:
            return True
        # Some languages are spoken by the voice of another name: en-gb by "en".
        language, plus, variant = voice.partition("+")
        wanted = Voice(languages=language.encode())
        best = self._library.espeak_ListVoices(ctypes.byref(wanted))[0]
        if not best:
            return False
        name = best.contents.identifier + (plus + variant).encode()
        return bool(self._library.espeak_SetVoiceByName(name) == OK)

    def set_words_per_minute(self, words_per_minute: int) -> None:
        """Speak so fast from now on."""
        self._library.espeak_SetParameter(PARAMETER_RATE, words_per_minute, 0)

    def speak(self, text: str) -> tuple[bytes, list[WordEvent]]:
        """The sound of *text* as PCM16 at ``rate_hz``, and its words."""
        self._pcm.clear()
        self._words.clear()
        data = text.encode() + b"\0"
        size = ctypes.c_size_t(len(data))
        status = self._library.espeak_Synth(
            data, size, 0, POS_CHARACTER, 0, CHARS_UTF8, None, None
        )
        if status != OK:
            raise EngineError(f"espeak-ng answers with status {status}")
        return bytes(self._pcm), list(self._words)

    def _on_sound(self, address: int | None, samples: int, events: Any) -> int:
        if address is not None:  # None: the end
            self._pcm += ctypes.string_at(address, 2 * samples)
        i = 0
        while (event := events[i]).type != EVENT_LIST_TERMINATED:
            if event.type == EVENT_WORD:
                # Positions count from 1.
                word = WordEvent(
                    start=event.text_position - 1,
                    characters=event.length,
                    start_ms=event.audio_position,
                )
                self._words.append(word)
            i += 1
        return 0
