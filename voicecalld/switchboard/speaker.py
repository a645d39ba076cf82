"""Turns the text of a turn, as it is thought of, into sound that is queued to be heard."""

from collections.abc import Callable
from contextlib import aclosing

import trio

from voicecalld.call.clauses import speakable
from voicecalld.call.playout import TICK_TOLERANCE_S, Playout
from voicecalld.errors import ServiceError
from voicecalld.speech.base import SpeechChunk, Synthesizer

# Sound that waits for the line. More would be synthesized in vain at every interruption.
MAX_QUEUED_S = 5.0


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
    ) -> None:
        self.synthesizer = synthesizer
        self.playout = playout
        self.turn = turn
        self.first_sound_s = first_sound_s
        self.on_sound = on_sound

    async def say(self, clause: str) -> None:
        """Queue the sound of *clause*; an engine that fails before the first sound is asked again.

        Raises:
            ServiceError: the engine failed; what was queued before will be heard.
            TurnOverError: the turn was stopped.
        """
        text = speakable(clause)
        if not text:
            return
        await self.wait_until_left(MAX_QUEUED_S)
        try:
            await self.synthesize(text)
        except ServiceError:
            if self.has_begun_clause:
                raise
            await self.synthesize(text)

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

    async def synthesize(self, text: str) -> None:
        """Queue the sound of *text* as one clause."""
        self.has_begun_clause = False
        try:
            with trio.fail_after(self.first_sound_s) as patience:
                async with aclosing(self.synthesizer.synthesize(text)) as chunks:
                    async for chunk in chunks:
                        patience.deadline = trio.current_time() + self.first_sound_s
                        self.queue(chunk)
        except trio.TooSlowError:
            self.end_clause(text, is_whole=False)
            raise ServiceError("the synthesizer gave no sound in time") from None
        except ServiceError:
            self.end_clause(text, is_whole=False)
            raise
        self.end_clause(text, is_whole=True)

    def queue(self, chunk: SpeechChunk) -> None:
        """Queue some sound of the clause."""
        self.check_turn()
        if not self.has_begun_clause:
            self.playout.begin_clause()
            self.has_begun_clause = True
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
            self.playout.break_clause(text)

    def check_turn(self) -> None:
        """Sound of a turn that was stopped must not reach the line."""
        if self.playout.turn != self.turn:
            raise TurnOverError
