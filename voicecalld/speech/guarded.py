"""Synthesizer and transcriber as calls get them: watched, and left alone when they fail."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Self

from voicecalld.errors import ServiceError
from voicecalld.net.service_guard import ServiceGuard
from voicecalld.net.service_keeper import ServiceKeeper
from voicecalld.speech.base import (
    Heard,
    SpeechChunk,
    Synthesizer,
    Transcriber,
    Transcription,
)


class GuardedSynthesizer:
    """A `Synthesizer` of which it is known how it is doing."""

    def __init__(self, keeper: ServiceKeeper[Synthesizer]) -> None:
        self.keeper = keeper

    async def warm(self) -> None:
        """Get ready for the next text."""
        await self.keeper.warm()

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        """The sound of *text* (see `Synthesizer`)."""
        with self.keeper.guard.attempt() as attempt:
            async with aclosing(self.keeper.service.synthesize(text)) as chunks:
                async for chunk in chunks:
                    attempt.has_answered = True
                    yield chunk  # noqa: ASYNC119 - whoever asks for sound closes it


class GuardedTranscriber:
    """A `Transcriber` of which it is known how it is doing."""

    def __init__(self, keeper: ServiceKeeper[Transcriber]) -> None:
        self.keeper = keeper

    @property
    def tells_early(self) -> bool:
        """Whether words come while they are said."""
        return self.keeper.current is not None and self.keeper.current.tells_early

    async def warm(self) -> None:
        """Get ready for the next call."""
        await self.keeper.warm()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Transcription, None]:
        """Begin to listen to one call."""
        async with AsyncExitStack() as stack:
            with self.keeper.guard.attempt():  # words alone prove that it works
                opened = self.keeper.service.open()
                transcription = await stack.enter_async_context(opened)
            yield GuardedTranscription(transcription, self.keeper.guard)


class GuardedTranscription:
    """The transcription of one call, from which *guard* learns."""

    def __init__(self, transcription: Transcription, guard: ServiceGuard) -> None:
        self.transcription = transcription
        self.guard = guard
        self.feed = transcription.feed
        self.begin = transcription.begin
        self.commit = transcription.commit
        self.discard = transcription.discard

    def results(self) -> AsyncIterator[Heard]:
        """What was heard (see `Transcription`)."""
        return GuardedResults(self.transcription.results(), self.guard)


class GuardedResults:
    """Iterates over what is heard on one call."""

    def __init__(self, results: AsyncIterator[Heard], guard: ServiceGuard) -> None:
        self.results = results
        self.guard = guard

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Heard:
        try:
            heard = await anext(self.results)
        except ServiceError as error:
            self.guard.on_failure(error)
            raise
        if heard.text:  # also one that is dead makes out nothing
            self.guard.on_success()
        return heard
