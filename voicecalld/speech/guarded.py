"""Synthesizer and transcriber as calls get them: watched, and left alone when they fail."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Self

import trio

from voicecalld.errors import ServiceError
from voicecalld.net.service_guard import ServiceGuard, ServiceState
from voicecalld.net.service_keeper import ServiceKeeper
from voicecalld.speech.base import (
    Heard,
    SpeechChunk,
    Synthesizer,
    Transcriber,
    Transcription,
)
from voicecalld.speech.unanswered import Unanswered


class GuardedSynthesizer:
    """A `Synthesizer` of which it is known how it is doing."""

    def __init__(self, keeper: ServiceKeeper[Synthesizer]) -> None:
        self.keeper = keeper

    async def warm(self) -> None:
        """Get ready for the next text."""
        await self.keeper.warm()

    async def check(self, text: str) -> None:
        """Make sure that it can speak, as far as is known; if it has failed, it tries *text*.

        So it proves as well that it works again.

        Raises:
            ServiceError: it cannot.
        """
        await self.keeper.check()
        guard = self.keeper.guard
        if guard.state is not ServiceState.FAILING or not text:
            return
        with trio.move_on_after(guard.patience_s) as patience:
            async with aclosing(self.synthesize(text)) as chunks:
                async for _ in chunks:
                    return
        if patience.cancelled_caught:
            raise ServiceError(f"{guard.name} gave no sound in time")

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

    async def check(self) -> None:
        """Make sure that it can listen, as far as is known (see `ServiceKeeper.check`)."""
        await self.keeper.check()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Transcription, None]:
        """Begin to listen to one call."""
        async with AsyncExitStack() as stack:
            with self.keeper.guard.attempt():  # words alone prove that it works
                opened = self.keeper.service.open()
                transcription = await stack.enter_async_context(opened)
            guarded = GuardedTranscription(transcription, self.keeper.guard)
            try:
                yield guarded
            finally:
                guarded.unanswered.judge()


class GuardedTranscription:
    """The transcription of one call, from which *guard* learns."""

    def __init__(self, transcription: Transcription, guard: ServiceGuard) -> None:
        self.transcription = transcription
        self.guard = guard
        self.unanswered = Unanswered(guard)
        self.feed = transcription.feed

    def begin(self) -> None:
        """They begin to speak (see `Transcription`)."""
        self.unanswered.begin()
        self.transcription.begin()

    def commit(self, utterance: int) -> None:
        """They have spoken (see `Transcription`)."""
        self.unanswered.commit(utterance)
        self.transcription.commit(utterance)

    def discard(self) -> None:
        """It was nothing (see `Transcription`)."""
        self.unanswered.discard()
        self.transcription.discard()

    def results(self) -> AsyncIterator[Heard]:
        """What was heard (see `Transcription`)."""
        return GuardedResults(self.transcription.results(), self.guard, self.unanswered)


class GuardedResults:
    """Iterates over what is heard on one call."""

    def __init__(
        self, results: AsyncIterator[Heard], guard: ServiceGuard, unanswered: Unanswered
    ) -> None:
        self.results = results
        self.guard = guard
        self.unanswered = unanswered

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Heard:
        try:
            heard = await anext(self.results)
        except ServiceError as error:
            self.unanswered.forget()
            self.guard.on_failure(error)
            raise
        self.unanswered.on_heard(heard)
        if heard.text:  # also one that is dead makes out nothing
            self.guard.on_success()
        return heard
