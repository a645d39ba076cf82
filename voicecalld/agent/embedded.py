"""The agent that needs neither an account nor a network: a receptionist."""

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import trio

from voicecalld.agent.base import AgentOutput, AgentSession, Briefing, CallerTurn, EndCall, SayText
from voicecalld.agent.receptionist import Conversation, answer_turn


class EmbeddedAgent:
    """Answers for *company* under the name *name*; *clock* gives the local time."""

    def __init__(self, *, name: str, company: str, clock: Callable[[], datetime]) -> None:
        self._name = name
        self._company = company
        self._clock = clock

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        """Take part in one call; what is said in it is forgotten with it."""
        del briefing  # a receptionist treats every call alike
        yield EmbeddedSession(
            Conversation(name=self._name, company=self._company, clock=self._clock)
        )


class EmbeddedSession:
    """The receptionist's side of one call."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        """Answer *turn* word by word, as a model would write it."""
        answer = answer_turn(self._conversation, turn)
        for piece in re.findall(r"\s*\S+", answer.text):
            await trio.lowlevel.checkpoint()
            yield SayText(text=piece)
        if answer.ends_call:
            yield EndCall()
