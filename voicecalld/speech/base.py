"""What a synthesizer and a transcriber must do, whichever engine is behind them.

Sound at these borders is always mu-law at 8 kHz, one byte a sample, as it is on the line.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from voicecalld.audio.words import SpokenWord


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechChunk:
    """Some sound of a clause, of any length, with the words that it completes (if known)."""

    audio: bytes
    words: tuple[SpokenWord, ...] = ()


class Synthesizer(Protocol):
    """Turns text into sound; one serves many calls at once.

    Made by an async context manager that owns whatever runs behind it (see
    `voicecalld.speech.catalog`), so there is nothing to close here.
    """

    def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        """The sound of *text*, as it is made; close the generator to stop early.

        Text that has nothing to say (blank, only emoji) gives no chunk.

        Raises:
            ServiceError: the engine failed; a later call may succeed.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a transcriber made of one utterance; ``text`` is empty if it made out no words.

    While it is not final it is a guess at all the words so far, in place of the guess before. One
    at what is still being said has the number that will follow the one committed last.
    """

    utterance: int
    text: str
    is_final: bool = True


class Transcription(Protocol):
    """The transcriber's work on one call. No method waits, so that audio never does."""

    def feed(self, audio: bytes) -> None:
        """Take more of the other party's sound, in silence and in speech alike."""

    def begin(self) -> None:
        """The other party has begun to speak; what is kept from just before belongs to it."""

    def commit(self, utterance: int) -> None:
        """The utterance is over: one final `Heard` with this number follows.

        None follows if the engine failed over it: what was said is not known then, which is not
        the same as no words. Who waits for them has a limit of his own.
        """

    def discard(self) -> None:
        """What was begun is not worth transcribing: a cough, our own echo."""

    def results(self) -> AsyncIterator[Heard]:
        """What was heard, in the order of its making.

        Raises:
            ServiceError: the engine failed for good on this call.
        """


class Transcriber(Protocol):
    """Turns sound into text; one serves many calls at once."""

    @property
    def tells_early(self) -> bool:
        """Whether words come while they are said, or so soon that each pause can be asked of."""

    def open(self) -> AbstractAsyncContextManager[Transcription]:
        """Begin to listen to one call."""
