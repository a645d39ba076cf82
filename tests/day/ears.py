"""A transcriber that reads the words from the sound it is fed, and is late as it is told to be."""

import heapq
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Self

import trio

from tests.day.imprint import Piece, read_pieces
from tests.day.waits import Waits
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.errors import ServiceError
from voicecalld.speech.base import Heard, Transcription

PREROLL_FRAMES = 15  # 300 ms

# Between the end of a word and a guess at it.
GUESS_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """When the words of an utterance come: after *first_s*, and again after each of *again_s*."""

    first_s: float = 0.1
    again_s: tuple[float, ...] = ()


SOON: Final = Lag()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """How well somebody listens; ``lags`` are those of the utterances by their numbers.

    Instead of the words of utterance ``fails_at`` comes the end of all listening.
    """

    tells_early: bool = True
    lag: Lag = SOON
    lags: Mapping[int, Lag] = field(default_factory=dict)
    fails_at: int = 0


class Ears:
    """The transcriber."""

    def __init__(self, hearing: Hearing, waits: Waits) -> None:
        self.hearing = hearing
        self.waits = waits
        self.open_calls = 0

    @property
    def tells_early(self) -> bool:
        return self.hearing.tells_early

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Transcription, None]:
        self.open_calls += 1
        listening = Listening(self.hearing, self.waits)
        try:
            yield listening
        finally:
            self.open_calls -= 1
            listening.close()


class Listening:
    """One call's transcription."""

    def __init__(self, hearing: Hearing, waits: Waits) -> None:
        self.hearing = hearing
        self.waits = waits
        self.pieces: list[Piece | None] = []  # of the utterance, or of just before
        self.rest = b""
        self.has_begun = False
        self.committed = 0
        self.guess = ""
        self.due: list[tuple[float, int, Heard]] = []
        self.numbers = itertools.count()
        self.changed = trio.Event()
        self.is_closed = False

    def feed(self, audio: bytes) -> None:
        sound = self.rest + audio
        self.rest = sound[len(sound) - len(sound) % FRAME_BYTES :]
        self.pieces += read_pieces(sound)
        if self.has_begun:
            self.guess_at(self.text)
        else:
            del self.pieces[:-PREROLL_FRAMES]

    def begin(self) -> None:
        self.has_begun = True

    def commit(self, utterance: int) -> None:
        lag = self.hearing.lags.get(utterance, self.hearing.lag)
        now_s, text = trio.current_time(), self.text if self.has_begun else ""
        self.due = [news for news in self.due if news[2].is_final or news[0] < now_s + lag.first_s]
        heapq.heapify(self.due)
        for after_s in (lag.first_s, *lag.again_s):
            self.post(Heard(utterance=utterance, text=text), now_s + after_s)
        self.waits.spans.append((now_s, now_s + lag.first_s))
        self.committed = utterance
        self.forget()

    def discard(self) -> None:
        self.due = [news for news in self.due if news[2].is_final]
        heapq.heapify(self.due)
        self.forget()

    def close(self) -> None:
        """The call is over."""
        self.is_closed = True
        self.changed.set()

    def forget(self) -> None:
        self.has_begun, self.guess = False, ""
        self.pieces.clear()

    def results(self) -> AsyncIterator[Heard]:
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Heard:
        while not self.due or self.due[0][0] > trio.current_time():
            if self.is_closed:
                raise StopAsyncIteration
            self.changed = trio.Event()
            with trio.move_on_at(self.due[0][0] if self.due else float("inf")):
                await self.changed.wait()
        heard = heapq.heappop(self.due)[2]
        if heard.is_final and heard.utterance == self.hearing.fails_at:
            raise ServiceError("the transcriber hears nothing any more")
        return heard

    def guess_at(self, text: str) -> None:
        """Tell that *text* is what was said so far, if that is news."""
        if not self.hearing.tells_early or text == self.guess:
            return
        self.guess = text
        heard = Heard(utterance=self.committed + 1, text=text, is_final=False)
        self.post(heard, trio.current_time() + GUESS_S)

    def post(self, heard: Heard, at_s: float) -> None:
        """Tell *heard* at *at_s*."""
        heapq.heappush(self.due, (at_s, next(self.numbers), heard))
        self.changed.set()

    @property
    def text(self) -> str:
        """The words so far, of which more than half was heard."""
        heard = [
            piece.word
            for piece in self.pieces
            if piece is not None and piece.number == piece.pieces // 2
        ]
        return " ".join(word for word in heard if not word.startswith("("))
