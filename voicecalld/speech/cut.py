"""A transcription for engines that take an utterance once it is over.

The sound of one call is cut at `begin` and `commit`; what lies between, with a little from before,
is handed to the engine in order.
"""

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import structlog
import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.speech.base import Heard
from voicecalld.speech.results import Results

Recognize: TypeAlias = Callable[[bytes], Awaitable[str]]

# The beginning is kept: who talks for longer has said what it is about, and a recogniser that
# takes whole utterances has no use for the middle of one.
LONGEST_UTTERANCE_BYTES: Final = 60 * SAMPLE_RATE_HZ
# Three of the longest. An engine so far behind is of no use to the oldest utterances.
MOST_WAITING_BYTES: Final = 3 * LONGEST_UTTERANCE_BYTES
MOST_FAILURES: Final = 3

log: Final = structlog.get_logger()


@asynccontextmanager
async def open_cut(
    recognize: Recognize, *, provider: str, preroll_ms: int
) -> AsyncGenerator["CutTranscription", None]:
    """The transcription of one call, which ends with the block; see `CutTranscription`."""
    preroll_bytes = preroll_ms * SAMPLE_RATE_HZ // 1000
    transcription = CutTranscription(recognize, provider=provider, preroll_bytes=preroll_bytes)
    try:
        yield transcription
    finally:
        transcription.close()


class CutTranscription:
    """The transcription of one call, made of its utterances."""

    def __init__(self, recognize: Recognize, *, provider: str, preroll_bytes: int) -> None:
        """Take what was said from *recognize*, with *preroll_bytes* from before each `begin`.

        *provider* is what the log calls the engine.
        """
        self._recognize = recognize
        self._provider = provider
        self._preroll_bytes = preroll_bytes
        self._sound = bytearray()
        self._has_begun = False
        self._waiting: deque[tuple[int, bytes | None]] = deque()  # None: its sound was dropped
        self._committed = trio.Event()
        self._is_closed = False
        self._failures = 0

    def feed(self, audio: bytes) -> None:
        """Keep *audio*: all of it in an utterance, else only the latest."""
        self._sound += audio
        if self._has_begun:
            del self._sound[LONGEST_UTTERANCE_BYTES:]
        else:
            self._forget_old()

    def begin(self) -> None:
        """Keep everything from now on."""
        self._has_begun = True

    def commit(self, utterance: int) -> None:
        """Hand over what was kept; what was never begun has no words."""
        self._waiting.append((utterance, bytes(self._sound) if self._has_begun else b""))
        self._sound.clear()
        self._has_begun = False
        self._drop_late()
        self._committed.set()

    def discard(self) -> None:
        """Keep only what may be the beginning of the next utterance."""
        self._has_begun = False
        self._forget_old()

    def close(self) -> None:
        """The call is over: `results` ends when it has given everything."""
        self._is_closed = True
        self._committed.set()

    def results(self) -> Results:
        """What was heard, in order (see `Transcription`); for one reader."""
        return Results(self)

    async def next_heard(self) -> Heard | None:
        """What was heard next, as soon as it is known; None if the call is over.

        Cancelled, it has lost nothing.

        Raises:
            ServiceError: the engine failed several times in a row, or will always fail.
        """
        while await self._wait_committed():
            utterance, audio = self._waiting[0]
            text = await self._recognized(audio)
            self._waiting.popleft()
            if self._failures >= MOST_FAILURES:
                raise ServiceError(
                    f"the transcriber ({self._provider}) failed {self._failures} times in a row"
                )
            if text is not None:
                return Heard(utterance=utterance, text=text)
        return None

    async def _wait_committed(self) -> bool:
        """Wait until an utterance is over; whether there is one, before the call is over."""
        while not self._waiting and not self._is_closed:
            self._committed = trio.Event()
            await self._committed.wait()
        return bool(self._waiting)

    async def _recognized(self, audio: bytes | None) -> str | None:
        """The words of *audio*; None if they are lost."""
        if not audio:
            return None if audio is None else ""
        try:
            text = await self._recognize(audio)
        except HopelessServiceError:
            raise
        except ServiceError as error:
            log.warning(
                "utterance not transcribed, ignoring", provider=self._provider, reason=str(error)
            )
            self._failures += 1
            return None
        self._failures = 0
        return text

    def _forget_old(self) -> None:
        del self._sound[: max(len(self._sound) - self._preroll_bytes, 0)]

    def _drop_late(self) -> None:
        waiting_bytes = sum(len(audio or b"") for _, audio in self._waiting)
        for index, (utterance, audio) in enumerate(self._waiting):
            if waiting_bytes <= MOST_WAITING_BYTES:
                return
            # Its place stays: the first one may be with the engine just now.
            self._waiting[index] = (utterance, None)
            waiting_bytes -= len(audio or b"")
