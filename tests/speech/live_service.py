"""A service on sockets in memory, and a live transcription that has it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio
import trio.testing

from voicecalld.errors import ServiceError
from voicecalld.speech.base import Heard
from voicecalld.speech.deepgram_nova import NovaDialogue
from voicecalld.speech.dialogue import Message
from voicecalld.speech.live import LiveTranscription

SECOND = b"\x10" * 8000


class MemorySocket:
    """Keeps what is sent; tells what it is told to."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.is_stuck = False
        self.to_tell, self.told = trio.open_memory_channel[Message](100)

    async def send(self, message: Message) -> None:
        await trio.lowlevel.checkpoint()
        if self.is_stuck:
            await trio.sleep_forever()
        self.sent.append(message)

    async def receive(self) -> Message:
        try:
            return await self.told.receive()
        except trio.EndOfChannel:
            raise ServiceError("cut") from None


@dataclass
class Service:
    """Gives a socket for each connection, *opening_s* after it is wanted, after the *refusals*."""

    refusals: list[ServiceError] = field(default_factory=list)
    opening_s: float = 0.0
    sockets: list[MemorySocket] = field(default_factory=list)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[MemorySocket, None]:
        await trio.sleep(self.opening_s)
        if self.refusals:
            raise self.refusals.pop(0)
        self.sockets.append(MemorySocket())
        yield self.sockets[-1]


def build(service: Service, longest_session_s: float = 600.0) -> LiveTranscription:
    return LiveTranscription(
        service.connect,
        NovaDialogue,
        provider="deepgram",
        preroll_bytes=3,
        longest_session_s=longest_session_s,
    )


def say(live: LiveTranscription, utterance: int) -> None:
    live.begin()
    live.feed(SECOND)
    live.commit(utterance)


async def hear(live: LiveTranscription, count: int) -> Sequence[Heard]:
    results = live.results()
    return [await anext(results) for _ in range(count)]


async def keep(results: AsyncIterator[Heard], heard: list[Heard]) -> None:
    async for one in results:
        heard.append(one)  # noqa: PERF401 (one at a time, to be seen from outside)
