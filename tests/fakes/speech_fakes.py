"""A synthesizer and a transcriber that do what a test tells them to."""

import math
import struct
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager

import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_encode
from voicecalld.audio.words import SpokenWord
from voicecalld.errors import ServiceError
from voicecalld.speech.base import SpeechChunk, Transcription
from voicecalld.speech.cut import open_cut

CHUNK_BYTES = SAMPLE_RATE_HZ // 10
TONE_HZ = 400


class FakeSynthesizer:
    """Hums: every character of a word, and every blank before a further word, takes *character_s*.

    *delay_s* passes before every chunk of 100 ms. The text in ``failing`` cannot be said.
    ``texts`` is what it was asked to say, ``speaking`` how many it is still in the middle of.
    """

    def __init__(
        self, *, character_s: float = 0.05, delay_s: float = 0.0, failing: str | None = None
    ) -> None:
        self.character_s = character_s
        self.delay_s = delay_s
        self.failing = failing
        self.texts: list[str] = []
        self.speaking = 0

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        self.texts.append(text)
        self.speaking += 1
        try:
            words = deque(self.words_of(text))
            total = round(words[-1].end_s * SAMPLE_RATE_HZ) if words else 0
            for start in range(0, total, CHUNK_BYTES):
                await trio.sleep(self.delay_s)
                if text == self.failing:
                    raise ServiceError("the fake synthesizer was told to fail")
                end = min(start + CHUNK_BYTES, total)
                said = tuple(self.take_said(words, end))
                yield SpeechChunk(audio=hum(start, end), words=said)
        finally:
            self.speaking -= 1

    def take_said(self, words: deque[SpokenWord], end: int) -> Iterator[SpokenWord]:
        while words and round(words[0].end_s * SAMPLE_RATE_HZ) <= end:
            yield words.popleft()

    def words_of(self, text: str) -> list[SpokenWord]:
        words: list[SpokenWord] = []
        end = 0
        characters = 0
        for token in text.split():
            end = text.index(token, end) + len(token)
            if any(character.isalnum() for character in token):
                characters += len(token) + bool(words)
                words.append(SpokenWord(end=end, end_s=characters * self.character_s))
        return words


def hum(start: int, end: int) -> bytes:
    """The samples from *start* to *end* of an endless tone, as mu-law."""
    first = start % len(WAVE)
    return (WAVE * ((first + end - start) // len(WAVE) + 1))[first : first + end - start]


def render_wave() -> bytes:
    levels = (
        round(8000 * math.sin(2 * math.pi * TONE_HZ * sample / SAMPLE_RATE_HZ))
        for sample in range(SAMPLE_RATE_HZ // TONE_HZ)
    )
    return mulaw_encode(struct.pack(f"<{SAMPLE_RATE_HZ // TONE_HZ}h", *levels))


WAVE = render_wave()  # one of the endless tone's, which come again and again


class FakeTranscriber:
    """Hears the *texts* of its script in order, over all calls, then the last one for ever.

    *delay_s* passes before each. An error in the script is raised in place of words.
    ``utterances`` is the sound that it was given to understand.
    """

    def __init__(
        self,
        *texts: str | ServiceError,
        delay_s: float = 0.0,
        preroll_ms: int = 300,
        tells_early: bool = False,
    ) -> None:
        self.tells_early = tells_early
        self.texts: Sequence[str | ServiceError] = texts or ("hello",)
        self.delay_s = delay_s
        self.preroll_ms = preroll_ms
        self.utterances: list[bytes] = []
        self.open_calls = 0

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Transcription, None]:
        self.open_calls += 1
        try:
            async with open_cut(
                self.recognize, provider="fake", preroll_ms=self.preroll_ms
            ) as transcription:
                yield transcription
        finally:
            self.open_calls -= 1

    async def recognize(self, audio: bytes) -> str:
        text = self.texts[min(len(self.utterances), len(self.texts) - 1)]
        self.utterances.append(audio)
        await trio.sleep(self.delay_s)
        if isinstance(text, ServiceError):
            raise text
        return text
