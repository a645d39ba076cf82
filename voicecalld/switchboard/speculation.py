"""An answer that the agent thinks of before it is certain what it is asked; nothing is said of it.

If it is asked just that, the answer goes on from where it is; else it is thrown away.
"""

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import trio

from voicecalld.agent.base import AgentOutput, AgentSession, CallerTurn, SayText
from voicecalld.call.thinking_ahead import is_same
from voicecalld.errors import RemoteError

# The pieces of an answer are words. So many are a minute of speech, and the agent waits then.
MOST_OUTPUTS = 200


class Ahead:
    """One answer on its way to *turn*."""

    def __init__(self, turn: CallerTurn) -> None:
        self.turn = turn
        self.scope = trio.CancelScope()
        self.outputs: deque[AgentOutput] = deque()
        self.error: RemoteError | None = None
        self.is_over = False
        self.changed = trio.Event()

    async def think(self, session: AgentSession) -> None:
        """Keep what the agent says, until it has ended or is cancelled."""
        with self.scope:
            try:
                async with aclosing(session.reply(self.turn)) as outputs:
                    async for output in outputs:
                        self.outputs.append(output)
                        self.tell()
                        await self.wait_for_room()
            except RemoteError as error:
                self.error = error
        self.is_over = True
        self.tell()

    async def wait_for_room(self) -> None:
        """Let the agent go on when there is room, and take what it does for done when it is."""
        while len(self.outputs) >= MOST_OUTPUTS or self.is_at_deed:
            await self.changed.wait()

    @property
    def is_at_deed(self) -> bool:
        """Whether something is to be done that the agent takes for done if it goes on."""
        return bool(self.outputs) and not isinstance(self.outputs[-1], SayText)

    def tell(self) -> None:
        """Something has changed."""
        self.changed.set()
        self.changed = trio.Event()

    async def answer(self) -> AsyncGenerator[AgentOutput, None]:
        """What was kept, and what is still to come.

        Raises:
            RemoteError: the agent has failed.
        """
        try:
            while self.outputs or not self.is_over:
                if self.outputs:
                    output = self.outputs.popleft()
                    self.tell()
                    yield output
                else:
                    await self.changed.wait()
            if self.error is not None:
                raise self.error
        finally:
            self.scope.cancel()


class Speculation:
    """The answer that is thought of ahead in one call, if there is one."""

    def __init__(self) -> None:
        self.ahead: Ahead | None = None
        self.is_taken = False

    def begin(self, nursery: trio.Nursery, session: AgentSession, turn: CallerTurn) -> None:
        """Think of an answer to *turn*, in a task of *nursery*, and of no other one."""
        self.drop()
        self.ahead, self.is_taken = Ahead(turn), False
        nursery.start_soon(self.ahead.think, session)

    def drop(self) -> None:
        """Nobody wants the answer, or any more of it."""
        if self.ahead is not None:
            self.ahead.scope.cancel()
            self.ahead = None

    def take(self, turn: CallerTurn) -> AsyncGenerator[AgentOutput, None] | None:
        """The answer to *turn*, if just that was thought of; else there is none any more."""
        ahead = self.ahead
        if ahead is None or self.is_taken or not is_same_turn(ahead.turn, turn):
            self.drop()
            return None
        self.is_taken = True
        return ahead.answer()


def is_same_turn(one: CallerTurn, other: CallerTurn) -> bool:
    """Whether two turns say the same; the marks of their words do not count."""
    alike = replace(one, text=other.text, is_guess=other.is_guess)
    return is_same(one.text, other.text) and alike == other
