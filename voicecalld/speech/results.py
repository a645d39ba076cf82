"""What a transcription of ours has heard, to be iterated over."""

from typing import Protocol, Self

from voicecalld.speech.base import Heard


class Listening(Protocol):
    """What `Results` needs of a transcription."""

    async def next_heard(self) -> Heard | None:
        """What was heard next, as soon as it is known; None if the call is over."""


class Results:
    """Iterates over what is heard on one call.

    No generator: one that is left in the middle would have to be closed by its user.
    """

    def __init__(self, transcription: Listening) -> None:
        self._transcription = transcription

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Heard:
        heard = await self._transcription.next_heard()
        if heard is None:
            raise StopAsyncIteration
        return heard
