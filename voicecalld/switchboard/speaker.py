"""Turns the text of a turn, as it is thought of, into sound that is queued to be heard."""

from collections.abc import Callable
from contextlib import aclosing
from typing import Final

import trio

from voicecalld.call.clauses import speakable
from voicecalld.call.playout import TICK_TOLERANCE_S, Playout
from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.speech.base import SpeechChunk, Synthesizer

# Sound that waits for the line. More would be synthesized in vain at every interruption.
MAX_QUEUED_S = 5.0

# Before a clause is tried again: for a service that is being restarted, and nearly unheard.
PAUSE_S = 0.3

# A clause that fails sooner, and before any sound of it, is tried again without a word.
UNHEARD_S = 1.0

# What the synthesizer is called in errors, as long as nobody knows which one it is.
SYNTHESIZER: Final = "the synthesizer"

# What is tried again has kept somebody waiting before.
SECOND_SOUND_S = 4.0


class TurnOverError(Exception):
    """The turn was stopped while it was being made; never leaves the switchboard."""


class Speaker:
    """The voice of one turn."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        playout: Playout,
        turn: int,
        *,
        first_sound_s: float,
        on_sound: Callable[[], None],
        before_second: Callable[[], None] = lambda: None,
        name: str = SYNTHESIZER,
    ) -> None:
        """A voice that calls *before_second* when it has to begin a clause again.

        Its errors have the *name* of the synthesizer.
        """
        self.synthesizer = synthesizer
        self.playout = playout
        self.turn = turn
        self.first_sound_s = first_sound_s
        self.on_sound = on_sound
        self.before_second = before_second
        self.name = name
        self.left = ""  # of what was to be said last, as far as no sound of it is queued

    async def say(self, clause: str) -> None:
        """Queue the sound of *clause*; an engine that fails is asked once more for what is left.

        Nobody else asks twice: a clause costs two requests at most.

        Raises:
            HopelessServiceError: it failed again, or would; what was queued will be heard.
            TurnOverError: the turn was stopped.
        """
        self.left = text = speakable(clause)
        if not text:
            return
        await self.wait_until_left(MAX_QUEUED_S)
        began_s = trio.current_time()
        try:
            await self.synthesize(text, self.first_sound_s)
        except HopelessServiceError:
            raise
        except ServiceError as error:
            rest = self.left
            if rest and (self.has_begun_clause or trio.current_time() - began_s > UNHEARD_S):
                await self.wait_until_left(0.0)
                self.before_second()
            await self.say_rest(rest, max(PAUSE_S, error.retry_after_s))

    async def say_rest(self, text: str, pause_s: float) -> None:
        """Queue the sound of *text*, which has been tried before, after *pause_s*.

        Raises:
            HopelessServiceError: it failed again.
            TurnOverError: the turn was stopped.
        """
        if not text:
            return
        await trio.sleep(pause_s)
        self.check_turn()
        try:
            await self.synthesize(text, min(self.first_sound_s, SECOND_SOUND_S))
        except HopelessServiceError:
            raise
        except ServiceError as error:
            raise HopelessServiceError(str(error)) from error

    async def wait_until_left(self, left_s: float) -> None:
        """Wait until no more than *left_s* of the turn's sound have still to be played.

        Raises:
            TurnOverError: the turn was stopped.
        """
        while self.excess_s(left_s) > TICK_TOLERANCE_S:  # sums of frames are not exact
            await trio.sleep(self.excess_s(left_s))
            self.check_turn()

    def excess_s(self, left_s: float) -> float:
        """How long it takes until no more than *left_s* of the turn's sound are left."""
        return self.playout.lasts_s(trio.current_time()) - left_s

    async def synthesize(self, text: str, patience_s: float) -> None:
        """Queue the sound of *text* as one clause, each piece of which comes in *patience_s*."""
        self.has_begun_clause = False
        try:
            with trio.fail_after(patience_s) as patience:
                async with aclosing(self.synthesizer.synthesize(text)) as chunks:
                    async for chunk in chunks:
                        patience.deadline = trio.current_time() + patience_s
                        self.queue(chunk, text)
        except trio.TooSlowError:
            self.end_clause(text, is_whole=False)
            raise ServiceError(f"{self.name} gave no sound in time") from None
        except ServiceError:
            self.end_clause(text, is_whole=False)
            raise
        self.end_clause(text, is_whole=True)

    def queue(self, chunk: SpeechChunk, text: str) -> None:
        """Queue some sound of the clause, which is *text*."""
        self.check_turn()
        if not self.has_begun_clause:
            self.playout.begin_clause(text)
            self.has_begun_clause = True
            self.left = ""
        self.playout.add(chunk.audio, chunk.words)
        self.on_sound()

    def end_clause(self, text: str, *, is_whole: bool) -> None:
        """Put the mark behind the clause, if any of it was queued."""
        self.check_turn()
        if not self.has_begun_clause:
            return
        if is_whole:
            self.playout.end_clause(text)
        else:
            said = self.playout.break_clause(text)
            self.left = text[len(said) :].strip()

    def check_turn(self) -> None:
        """Sound of a turn that was stopped must not reach the line."""
        if self.playout.turn != self.turn:
            raise TurnOverError
