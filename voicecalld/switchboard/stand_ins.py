"""What takes the place of a service that is not there when somebody calls us.

The caller is on the line already: better to tell them so than to let it ring, or to hang up.
"""

from collections.abc import AsyncGenerator
from typing import Self

import trio

from voicecalld.agent.base import AgentOutput, CallerTurn
from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.speech.base import Heard


class NoTranscription:
    """A `Transcription` for a call on which it is not we who listen."""

    def feed(self, audio: bytes) -> None:
        """Nobody listens."""

    def begin(self) -> None:
        """Nobody listens."""

    def commit(self, utterance: int) -> None:
        """Nobody listens."""

    def discard(self) -> None:
        """Nobody listens."""

    def results(self) -> Self:
        """Nothing."""
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Heard:
        await trio.lowlevel.checkpoint()
        raise StopAsyncIteration


class LostTranscription(NoTranscription):
    """A `Transcription` that was lost, for *error*, before it began; its results are the error."""

    def __init__(self, error: ServiceError) -> None:
        self.error = error

    async def __anext__(self) -> Heard:
        await trio.lowlevel.checkpoint()
        raise self.error


class LostSession:
    """An `AgentSession` that was lost, for *error*, before it began."""

    def __init__(self, error: ServiceError) -> None:
        self.error = error

    async def reply(self, _turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        """Nothing but the error.

        Raises:
            HopelessServiceError: always.
        """
        await trio.lowlevel.checkpoint()
        nothing: tuple[AgentOutput, ...] = ()
        for output in nothing:  # this makes it a generator
            yield output
        raise HopelessServiceError(str(self.error)) from self.error
