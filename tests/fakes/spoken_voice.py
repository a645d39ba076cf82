"""A synthesizer with a real voice but without a process, so that time in a test may jump."""

from collections.abc import AsyncGenerator

import trio

from tests.sound import spoken
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.words import SpokenWord
from voicecalld.errors import ServiceError
from voicecalld.speech.base import SpeechChunk

CHUNK_BYTES = 2400  # 300 ms


class SpokenVoice:
    """Speaks like the embedded synthesizer; its words are taken to be as long as their letters.

    ``failures`` is how many of the next clauses fail, each after *fails_after* chunks.
    """

    def __init__(self, *, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.failures = 0
        self.fails_after = 0
        self.asked: list[str] = []

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        self.asked.append(text)
        await trio.sleep(self.delay_s)
        audio = spoken(text)
        words = words_of(text, len(audio) / SAMPLE_RATE_HZ)
        for number, begin in enumerate(range(0, len(audio), CHUNK_BYTES)):
            if self.failures and number == self.fails_after:
                self.failures -= 1
                raise ServiceError("the voice is hoarse")
            end_s = (begin + CHUNK_BYTES) / SAMPLE_RATE_HZ
            begin_s = begin / SAMPLE_RATE_HZ
            yield SpeechChunk(
                audio=audio[begin : begin + CHUNK_BYTES],
                words=tuple(word for word in words if begin_s < word.end_s <= end_s),
            )
            await trio.lowlevel.checkpoint()


def words_of(text: str, lasts_s: float) -> list[SpokenWord]:
    ends = [index for index, letter in enumerate(text + " ") if letter == " "]
    return [SpokenWord(end=end, end_s=lasts_s * end / len(text)) for end in ends]
