"""An answer that the agent thinks of before it is certain what it is asked; nothing is said of it.

If it is asked just that, the answer goes on from where it is; else it is thrown away.
"""

from collections.abc import AsyncGenerator
from dataclasses import replace

import trio

from voicecalld.agent.base import AgentOutput, AgentSession, CallerTurn
from voicecalld.call.thinking_ahead import is_same
from voicecalld.switchboard.reading_ahead import ReadAhead


class Speculation:
    """The answer that is thought of ahead in one call, if there is one."""

    def __init__(self) -> None:
        self.ahead: ReadAhead | None = None
        self.turn: CallerTurn | None = None  # to which it is the answer, unless that was taken

    def begin(self, nursery: trio.Nursery, session: AgentSession, turn: CallerTurn) -> None:
        """Think of an answer to *turn*, in a task of *nursery*, and of no other one."""
        self.drop()
        self.ahead, self.turn = ReadAhead(session.reply(turn)), turn
        nursery.start_soon(self.ahead.read)

    def drop(self) -> None:
        """Nobody wants the answer, or any more of it."""
        if self.ahead is not None:
            self.ahead.scope.cancel()
            self.ahead = None

    def take(self, turn: CallerTurn) -> AsyncGenerator[AgentOutput, None] | None:
        """The answer to *turn*, if just that was thought of; else there is none any more."""
        if self.ahead is None or self.turn is None or not is_same_turn(self.turn, turn):
            self.drop()
            return None
        self.turn = None
        return self.ahead.answer()


def is_same_turn(one: CallerTurn, other: CallerTurn) -> bool:
    """Whether two turns say the same; the marks of their words do not count."""
    alike = replace(
        one,
        text=other.text,
        is_guess=other.is_guess,
        is_heard_anew=other.is_heard_anew,  # what was told with the guess is no news any more
    )
    return is_same(one.text, other.text) and alike == other
