"""A synthesizer whose sound is a tone, exactly as long as its text has characters."""

from collections.abc import AsyncGenerator

import trio

from voicecalld.audio.tones import beep
from voicecalld.audio.words import SpokenWord
from voicecalld.errors import ServiceError
from voicecalld.speech.base import SpeechChunk

MS_PER_CHARACTER = 40


def tone_for(text: str) -> bytes:
    """The mu-law that `ToneVoice` makes of *text*."""
    return beep(440, MS_PER_CHARACTER * len(text))


class ToneVoice:
    """Says every text as one tone of 440 Hz, after *delay_s*, in pieces of 100 ms.

    Every word is said when its characters have been; blank text has no sound. ``spoken`` holds
    the texts in order; texts in *fails_on* fail as a broken engine does.
    """

    def __init__(self, *, delay_s: float = 0.0, fails_on: tuple[str, ...] = ()) -> None:
        self.delay_s = delay_s
        self.fails_on = fails_on
        self.spoken: list[str] = []

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        self.spoken.append(text)
        await trio.sleep(self.delay_s)
        if text in self.fails_on:
            raise ServiceError("the voice is broken")
        sound = tone_for(text) if text.strip() else b""
        words = words_of(text)
        for start in range(0, len(sound), 800):
            end_s = (start + 800) / 8000
            said = tuple(word for word in words if word.end_s <= end_s)
            words = words[len(said) :]
            yield SpeechChunk(audio=sound[start : start + 800], words=said)


def words_of(text: str) -> tuple[SpokenWord, ...]:
    """Where the words of *text* are in its tone."""
    ends = [
        end
        for end in range(1, len(text) + 1)
        if not text[end - 1].isspace() and (end == len(text) or text[end].isspace())
    ]
    return tuple(SpokenWord(end=end, end_s=end * MS_PER_CHARACTER / 1000) for end in ends)
