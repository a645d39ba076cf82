"""An agent that says what a conversation tells it to, as slowly as it tells."""

import math
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import trio

from tests.day.waits import Waits
from voicecalld.agent.base import AgentOutput, AgentSession, Briefing, CallerTurn, SayText
from voicecalld.errors import HopelessServiceError, ServiceError

FIRST_TEXT_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Think:
    """Nothing comes for so long."""

    seconds: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The agent fails, and would fail again if it ``is_hopeless``."""

    is_hopeless: bool = False


Thought: TypeAlias = str | AgentOutput | Think | Break
Reply: TypeAlias = str | tuple[Thought, ...]


class Mind:
    """The agent; gives its *replies* in order, then the last one for ever."""

    def __init__(
        self, waits: Waits, replies: tuple[Reply, ...], tell: Callable[[CallerTurn], None]
    ) -> None:
        self.waits = waits
        self.replies = replies
        self.tell = tell
        self.open_sessions = 0
        self.running_replies = 0

    @asynccontextmanager
    async def open(self, _briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        self.open_sessions += 1
        try:
            yield Thinking(self)
        finally:
            self.open_sessions -= 1


class Thinking:
    """The agent's side of one call."""

    def __init__(self, mind: Mind) -> None:
        self.mind = mind
        self.turns = 0

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        mind = self.mind
        mind.tell(turn)
        reply = mind.replies[min(self.turns, len(mind.replies) - 1)]
        self.turns += 1
        mind.running_replies += 1
        try:
            for thought in (Think(seconds=FIRST_TEXT_S), *thoughts_of(reply)):
                match thought:
                    case Think(seconds=seconds):
                        with mind.waits.waiting():
                            await trio.sleep(seconds)
                    case Break(is_hopeless=True):
                        raise HopelessServiceError("the agent has lost its mind for good")
                    case Break():
                        raise ServiceError("the agent has lost its mind")
                    case str():
                        yield SayText(text=thought)
                    case _:
                        yield thought
        finally:
            mind.running_replies -= 1


def thoughts_of(reply: Reply) -> tuple[Thought, ...]:
    """What *reply* consists of."""
    return (reply,) if isinstance(reply, str) else reply
