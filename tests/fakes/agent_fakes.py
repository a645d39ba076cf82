"""An agent that says what a test tells it to."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import trio

from voicecalld.agent.base import AgentOutput, AgentSession, Briefing, CallerTurn, SayText
from voicecalld.errors import ServiceError

ScriptedReply: TypeAlias = str | Sequence[AgentOutput | ServiceError]


class ScriptedAgent:
    """Gives the replies of its script in order to every call, then the last one for ever.

    A reply is a text, which is said word by word, or a list of outputs; an error in the list is
    raised. *delay_s* passes before every piece. ``briefings`` and ``turns`` are what it was told,
    ``open_sessions`` and ``running_replies`` what it is still in the middle of.
    """

    def __init__(self, *replies: ScriptedReply, delay_s: float = 0.0) -> None:
        self.replies = tuple(replies) or ("All right.",)
        self.delay_s = delay_s
        self.briefings: list[Briefing] = []
        self.turns: list[CallerTurn] = []
        self.open_sessions = 0
        self.running_replies = 0

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        self.briefings.append(briefing)
        self.open_sessions += 1
        try:
            yield ScriptedSession(self)
        finally:
            self.open_sessions -= 1


class ScriptedSession:
    """The scripted side of one call."""

    def __init__(self, agent: ScriptedAgent) -> None:
        self._agent = agent
        self._turns = 0

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        replies = self._agent.replies
        scripted = replies[min(self._turns, len(replies) - 1)]
        self._turns += 1
        self._agent.turns.append(turn)
        self._agent.running_replies += 1
        try:
            for output in outputs_of(scripted):
                await trio.sleep(self._agent.delay_s)
                if isinstance(output, ServiceError):
                    raise output
                yield output
        finally:
            self._agent.running_replies -= 1


def outputs_of(scripted: ScriptedReply) -> Sequence[AgentOutput | ServiceError]:
    if isinstance(scripted, str):
        return [SayText(text=piece) for piece in re.findall(r"\s*\S+", scripted)]
    return scripted
