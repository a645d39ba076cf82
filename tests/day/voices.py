"""The two voices of a conversation, whose words can be read from their sound."""

import math
import re
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import trio

from tests.day.imprint import imprint
from tests.day.waits import Waits
from tests.fakes.speech_fakes import hum
from tests.sound import burst, spoken
from voicecalld.audio.frame import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_encode
from voicecalld.audio.tones import silence
from voicecalld.audio.words import SpokenWord
from voicecalld.errors import ServiceError
from voicecalld.exchange.party import is_loud
from voicecalld.speech.base import SpeechChunk

FRAMES_A_SECOND = 1000 // FRAME_MS

# --- theirs ---------------------------------------------------------------------------

DIRECTION = re.compile(r"\[(.*?)\]")
COUGH_MS = 100
MOAN_S = 0.9


class TheirVoice:
    """Says what a telephone's step says, with a real synthetic voice.

    ``[0.8]`` in it is a pause of so many seconds, ``[cough]`` and ``[moan]`` are a short and a
    longer sound without words, and ``[music 4]`` so many seconds of a melody.
    """

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        await trio.lowlevel.checkpoint()
        yield SpeechChunk(audio=b"".join(render_theirs(text)))


def render_theirs(text: str) -> Iterator[bytes]:
    """The sound of *text*, part by part."""
    for number, part in enumerate(DIRECTION.split(text)):
        if number % 2:
            yield direct(part)
        elif part.strip():
            yield say_aloud(part.strip())


def direct(direction: str) -> bytes:
    """The sound of what stands in brackets."""
    name, _, figure = direction.partition(" ")
    match name:
        case "cough":
            return imprint(burst("Stop.", COUGH_MS), "(cough)")
        case "moan":
            return imprint(trim(spoken("Aaaaaaah"))[: round(MOAN_S * SAMPLE_RATE_HZ)], "(moan)")
        case "music":
            return b"".join(imprint(play_melody(bar), "(music)") for bar in range(int(figure)))
        case _:
            return silence(round(float(name) * FRAMES_A_SECOND) * FRAME_MS)


def say_aloud(text: str) -> bytes:
    """*text* spoken; each word has as much of the sound as of the letters."""
    sound, words = trim(spoken(text)), text.split()
    ends = np.cumsum([len(word) + 1 for word in words])
    frames = len(sound) // FRAME_BYTES
    places = [0, *(round(frames * end / ends[-1]) for end in ends)]
    return b"".join(
        imprint(sound[begin * FRAME_BYTES : end * FRAME_BYTES], word)
        for word, begin, end in zip(words, places, places[1:], strict=False)
    )


def trim(sound: bytes) -> bytes:
    """*sound* in whole frames, without the silence at its ends."""
    whole = sound + silence(FRAME_MS)
    frames = [whole[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]
    loud = [number for number, frame in enumerate(frames) if is_loud(frame)]
    return b"".join(frames[loud[0] : loud[-1] + 1])


def play_melody(bar: int) -> bytes:
    """A second of hold music: three chords, no voice."""
    times = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    root_hz = (262.0, 349.2, 392.0)[bar % 3]
    chord = sum(np.sin(2 * math.pi * root_hz * ratio * times) for ratio in (1.0, 1.25, 1.5))
    swell = 0.6 + 0.4 * np.cos(2 * math.pi * 2 * times)
    return mulaw_encode((2500 * swell * chord).astype("<i2").tobytes())


# --- ours -----------------------------------------------------------------------------


class Trouble(Enum):
    """What goes wrong with a clause."""

    FAILS = auto()  # before the first sound
    BREAKS = auto()  # behind two words
    STALLS = auto()  # before the first sound, for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Hoarse:
    """The next *times* clauses that contain *word* have trouble."""

    word: str
    trouble: Trouble
    times: int = 1


LETTER_FRAMES = 4
SHORTEST_WORD_FRAMES = 12
BREAKS_AFTER_WORDS = 2


class OurVoice:
    """Hums, 80 ms a letter; ``delay_s`` passes before a clause, which then comes whole."""

    def __init__(self, waits: Waits, *, delay_s: float = 0.15, hoarse: tuple[Hoarse, ...] = ()):
        self.waits = waits
        self.delay_s = delay_s
        self.left = {trouble: trouble.times for trouble in hoarse}
        self.speaking = 0

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        self.speaking += 1
        try:
            trouble = self.take_trouble(text)
            with self.waits.waiting():
                await trio.sleep(math.inf if trouble is Trouble.STALLS else self.delay_s)
            for number, chunk in enumerate(speak_words(text)):
                if trouble is Trouble.FAILS or (
                    trouble is Trouble.BREAKS and number == BREAKS_AFTER_WORDS
                ):
                    raise ServiceError("the voice is hoarse")
                yield chunk
        finally:
            self.speaking -= 1

    def take_trouble(self, text: str) -> Trouble | None:
        """What goes wrong with *text* this time."""
        for hoarse, left in self.left.items():
            if left and hoarse.word in text:
                self.left[hoarse] -= 1
                return hoarse.trouble
        return None


def speak_words(text: str) -> Iterator[SpeechChunk]:
    """The sound of *text*, word by word."""
    end = frames = 0
    for word in text.split():
        end = text.index(word, end) + len(word)
        if not any(map(str.isalnum, word)):
            continue
        lasts = max(LETTER_FRAMES * len(word), SHORTEST_WORD_FRAMES)
        frames += lasts
        said = SpokenWord(end=end, end_s=frames / FRAMES_A_SECOND)
        yield SpeechChunk(audio=imprint(hum(0, lasts * FRAME_BYTES), word), words=(said,))
