"""The program's live transcriber, over a service in memory, so that time in a test may jump."""

import json
import math
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.speech.base import Transcription
from voicecalld.speech.deepgram_nova import FINALIZE, NovaDialogue
from voicecalld.speech.dialogue import Message
from voicecalld.speech.live import LiveTranscription, open_live

PREROLL_BYTES = 300 * SAMPLE_RATE_HZ // 1000
INTERIM_BYTES = SAMPLE_RATE_HZ // 4


class LiveEars:
    """Hears the *texts* of its script in order over all calls, then nothing; a `Transcriber`.

    Of a text one word comes for each quarter of a second, the whole of it *delay_s* after its end.
    ``open_calls`` is how many connections there are, each of which took *open_s*.
    """

    tells_early = True

    def __init__(self, *texts: str, delay_s: float = 0.1, open_s: float = 0.0) -> None:
        self.texts = deque(texts)
        self.delay_s = delay_s
        self.open_s = open_s
        self.open_calls = 0

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Transcription, None]:
        live = LiveTranscription(
            self.connect, NovaDialogue, provider="live ears", preroll_bytes=PREROLL_BYTES
        )
        async with open_live(live) as transcription:
            yield transcription

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator["NovaSocket", None]:
        await trio.sleep(self.open_s)
        self.open_calls += 1
        try:
            yield NovaSocket(self)
        finally:
            self.open_calls -= 1


class NovaSocket:
    """A connection to a service that speaks like Deepgram's Nova."""

    def __init__(self, ears: LiveEars) -> None:
        self.ears = ears
        self.start = self.end = self.told = 0
        self.text = ""
        self.answers: deque[tuple[float, str]] = deque()
        self.changed = trio.Event()

    async def send(self, message: Message) -> None:
        await trio.lowlevel.checkpoint()
        if isinstance(message, bytes):
            self.hear(len(message))
        elif message == FINALIZE:
            self.tell(self.text, is_final=True, after_s=self.ears.delay_s)
            self.start = self.told = self.end
            self.text = ""

    def hear(self, size: int) -> None:
        if self.end == self.start:
            self.text = self.ears.texts.popleft() if self.ears.texts else ""
        self.end += size
        if self.end - self.told >= INTERIM_BYTES:
            self.told = self.end
            words = self.text.split()[: (self.end - self.start) // INTERIM_BYTES]
            self.tell(" ".join(words), is_final=False, after_s=0.0)

    def tell(self, text: str, *, is_final: bool, after_s: float) -> None:
        result = {
            "type": "Results",
            "start": self.start / SAMPLE_RATE_HZ,
            "duration": (self.end - self.start) / SAMPLE_RATE_HZ,
            "is_final": is_final,
            "channel": {"alternatives": [{"transcript": text}]},
        }
        self.answers.append((trio.current_time() + after_s, json.dumps(result)))
        self.changed.set()

    async def receive(self) -> Message:
        while not self.answers or self.answers[0][0] > trio.current_time():
            self.changed = trio.Event()
            with trio.move_on_at(self.answers[0][0] if self.answers else math.inf):
                await self.changed.wait()
        return self.answers.popleft()[1]
