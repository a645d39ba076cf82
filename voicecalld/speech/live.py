"""A transcription by a service that listens to a call while it goes on.

What a connection says is the matter of its `Dialogue`. Here is what happens to connections: they
are opened anew when they break, a few times, and told again what has not been answered. Whatever
happens, committed utterances are answered in the order of the commits; of one whose words have not
come in time nothing is told.
"""

import math
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.net.websocket_client import lone_errors
from voicecalld.speech.base import Heard
from voicecalld.speech.dialogue import Dialogue
from voicecalld.speech.live_connection import Connect, LiveConnection
from voicecalld.speech.results import Results

log: Final = structlog.get_logger()

REOPEN_PAUSE_S = 0.5
MOST_REOPENED = 2
# A connection that has lasted for so long was a good one: what broke it counts as the first.
STEADY_S = 60.0

# To be sent again if the connection breaks; who talks for longer has said what it is about.
LONGEST_UTTERANCE_BYTES: Final = 60 * SAMPLE_RATE_HZ
# Nobody says so many things in the time of patience.
MOST_AWAITED: Final = 16
# However often connections break meanwhile.
LONGEST_WAIT_S: Final = 10.0


@dataclass(slots=True, kw_only=True)
class Awaited:
    """An utterance whose words are not known yet."""

    key: int
    utterance: int
    audio: bytes
    committed_s: float
    asked_s: float  # of the connection that there is now
    known: str = ""  # from connections before


class LiveTranscription:
    """The transcription of one call; see `voicecalld.speech.base.Transcription`."""

    def __init__(
        self,
        connect: Connect,
        build_dialogue: Callable[[], Dialogue],
        *,
        provider: str,
        preroll_bytes: int,
        longest_session_s: float = math.inf,
    ) -> None:
        """Talk over what *connect* opens; sessions are renewed between utterances.

        *provider* is what the log calls the service.
        """
        self._connect = connect
        self._provider = provider
        self._build_dialogue = build_dialogue
        self._preroll_bytes = preroll_bytes
        self._longest_session_s = longest_session_s
        self._connection: LiveConnection | None = None  # that takes sound
        self._failure: ServiceError | None = None  # for good
        self._sound = bytearray()
        self._has_begun = False
        self._utterance = 0  # that was committed last
        self._guess = ""  # that was given last, at the words of what was begun last
        self._keys = 0
        self._awaited: deque[Awaited] = deque()
        self._heard: deque[Heard] = deque()
        self._changed = trio.Event()
        self._opened = trio.Event()
        self._is_closed = False

    # --- the call's side -------------------------------------------------------------

    def feed(self, audio: bytes) -> None:
        """Take more sound; it is sent now if it is of an utterance, or the service wants all."""
        self._sound += audio
        if self._has_begun:
            del self._sound[LONGEST_UTTERANCE_BYTES:]
        else:
            self._forget_old()
        connection = self._connection
        if connection and (self._has_begun or connection.dialogue.hears_silence):
            connection.post(connection.dialogue.sound(audio))

    def begin(self) -> None:
        """Send from now on, and what is kept from just before."""
        if self._has_begun:
            return
        self._has_begun = True
        self._guess = ""
        self._changed.set()
        connection = self._connection
        if connection and not connection.dialogue.hears_silence:
            connection.post(connection.dialogue.sound(bytes(self._sound)))

    def commit(self, utterance: int) -> None:
        """Ask for the words of what was sent; what was never begun has none."""
        audio = bytes(self._sound) if self._has_begun else b""
        now_s = trio.current_time()
        self._keys += 1
        awaited = Awaited(
            key=self._keys, utterance=utterance, audio=audio, committed_s=now_s, asked_s=now_s
        )
        self._awaited.append(awaited)
        if audio and self._connection:
            self._connection.post(self._connection.dialogue.end(awaited.key))
        self._sound.clear()
        self._has_begun = False
        self._utterance = utterance
        self._changed.set()

    def discard(self) -> None:
        """Have what was sent forgotten; its end may be the beginning of the next utterance."""
        if self._has_begun and self._connection:
            self._connection.post(self._connection.dialogue.drop())
        self._has_begun = False
        self._forget_old()

    def close(self) -> None:
        """The call is over: `results` ends when it has given everything."""
        self._is_closed = True
        self._changed.set()

    def results(self) -> AsyncIterator[Heard]:
        """What was heard, in order (see `Transcription`); for one reader."""
        return Results(self)

    async def next_heard(self) -> Heard | None:
        """What was heard next, as soon as it is known; None if the call is over.

        Cancelled, it has lost nothing.

        Raises:
            ServiceError: connections broke too often; everything committed was given before.
        """
        while not self._settle(trio.current_time()):
            if self._failure is not None:
                raise self._failure
            if self._is_closed:
                return None
            if (guess := self._take_guess()) is not None:
                return guess
            self._changed = trio.Event()
            with trio.move_on_at(self._due_s()):
                await self._changed.wait()
        return self._heard.popleft()

    async def wait_opened(self) -> None:
        """Wait for the first connection.

        Raises:
            ServiceError: there is none to be had.
        """
        await self._opened.wait()
        if self._failure is not None:
            raise self._failure

    def _forget_old(self) -> None:
        del self._sound[: max(len(self._sound) - self._preroll_bytes, 0)]

    # --- words -----------------------------------------------------------------------

    def _settle(self, now_s: float) -> bool:
        """Give the words that are known, or will not be waited for; whether there are any."""
        while self._awaited and self._is_due(self._awaited[0], now_s):
            awaited = self._awaited.popleft()
            text = self._best(awaited)
            if text or self._is_answered(awaited):
                self._heard.append(Heard(utterance=awaited.utterance, text=text))
            elif not self._is_closed:
                self._on_words_lost(awaited, now_s)
            if self._connection:
                self._connection.dialogue.forget(awaited.key)
        return bool(self._heard)

    def _on_words_lost(self, awaited: Awaited, now_s: float) -> None:
        """Replace a service that has fallen silent: of a dead connection nobody need ever hear.

        Source: pipecat issue 5735 and bolna pull request 758 (2026), which tell it of Flux.
        """
        connection = self._connection
        if connection is None or not self._is_silent(connection, awaited, now_s):
            log.warning("no words of an utterance in time", provider=self._provider)
            return
        log.warning("transcriber silent, opening it again", provider=self._provider)
        connection.give_up()

    def _is_silent(self, connection: LiveConnection, awaited: Awaited, now_s: float) -> bool:
        """Whether *connection* has had time to say anything at all; a new one may not have."""
        patience_s = connection.dialogue.patience_s(awaited.key)
        return connection.heard_s <= awaited.asked_s and now_s >= awaited.asked_s + patience_s

    def _take_guess(self) -> Heard | None:
        """A new guess at the words of what was begun last; late words of others make none."""
        if self._connection is None:
            return None
        dialogue = self._connection.dialogue
        if self._has_begun:
            utterance, text = self._utterance + 1, dialogue.guess()
        elif self._awaited:
            utterance, text = self._utterance, dialogue.best(self._awaited[-1].key)
        else:
            return None
        if text in ("", self._guess):
            return None
        self._guess = text
        return Heard(utterance=utterance, text=text, is_final=False)

    def _is_due(self, awaited: Awaited, now_s: float) -> bool:
        if self._is_complete(awaited) or self._is_closed or self._failure is not None:
            return True
        return len(self._awaited) > MOST_AWAITED or now_s >= self._due_at_s(awaited)

    def _is_complete(self, awaited: Awaited) -> bool:
        """Whether all its words are known; there may be none."""
        if not awaited.audio:
            return True
        connection = self._connection
        return connection is not None and connection.dialogue.text(awaited.key) is not None

    def _is_answered(self, awaited: Awaited) -> bool:
        """Whether it is known that there were no words, if there are none."""
        if not awaited.audio:
            return True
        connection = self._connection
        return connection is not None and connection.dialogue.is_answered(awaited.key)

    def _best(self, awaited: Awaited) -> str:
        if not awaited.audio or not self._connection:
            return awaited.known
        dialogue = self._connection.dialogue
        complete = dialogue.text(awaited.key)
        if complete is not None:
            return complete
        return dialogue.best(awaited.key) or awaited.known

    def _due_at_s(self, awaited: Awaited) -> float:
        latest_s = awaited.committed_s + LONGEST_WAIT_S
        if not self._connection:
            return latest_s
        patience_s = self._connection.dialogue.patience_s(awaited.key)
        return min(awaited.asked_s + patience_s, latest_s)

    def _due_s(self) -> float:
        return self._due_at_s(self._awaited[0]) if self._awaited else math.inf

    # --- connections -----------------------------------------------------------------

    async def run(self) -> None:
        """Have a connection, until it breaks too often at short intervals."""
        reopened = 0
        while True:
            begun_s = trio.current_time()
            problem = await self._build_connection().run(self._connect)
            self._lose()
            if trio.current_time() - begun_s >= STEADY_S:
                reopened = 0
            if problem is None:
                continue  # the session was renewed, or given up
            if reopened == MOST_REOPENED or isinstance(problem, HopelessServiceError):
                break
            reopened += 1
            log.warning(
                "transcriber lost, opening it again",
                provider=self._provider,
                reason=str(problem),
            )
            await trio.sleep(REOPEN_PAUSE_S)
        self._failure = problem
        self._opened.set()
        self._changed.set()

    def _build_connection(self) -> LiveConnection:
        return LiveConnection(
            self._build_dialogue(),
            started=self._take_up,
            tell=self._tell,
            is_at_rest=lambda: not self._has_begun and not self._awaited,
            longest_s=self._longest_session_s,
        )

    def _take_up(self, connection: LiveConnection) -> None:
        """Tell a new connection what is still to be answered, and what goes on."""
        self._connection = connection
        dialogue = connection.dialogue
        for awaited in self._awaited:
            if awaited.audio:
                awaited.asked_s = trio.current_time()
                connection.post([*dialogue.sound(awaited.audio), *dialogue.end(awaited.key)])
        if self._has_begun:
            connection.post(dialogue.sound(bytes(self._sound)))
        self._opened.set()
        self._tell()

    def _lose(self) -> None:
        """There is no connection: what it had not answered is asked of the next one."""
        self._settle(trio.current_time())
        for awaited in self._awaited:
            awaited.known = self._best(awaited)
        self._connection = None
        self._tell()

    def _tell(self) -> None:
        self._changed.set()


@asynccontextmanager
async def open_live(transcription: LiveTranscription) -> AsyncGenerator[LiveTranscription, None]:
    """Let *transcription* have its connections for as long as the block lasts.

    Raises:
        ServiceError: there is not even a first one. What the block raises comes out as it is, a
            group of one error as that error.
    """
    with lone_errors():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(transcription.run)
            try:
                await transcription.wait_opened()
                yield transcription
            finally:
                transcription.close()
                nursery.cancel_scope.cancel()
