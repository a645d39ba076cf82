"""The agent as calls get it: watched, and left alone when it fails."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from voicecalld.agent.base import Agent, AgentOutput, AgentSession, Briefing, CallerTurn
from voicecalld.net.service_guard import Attempt, ServiceGuard
from voicecalld.net.service_keeper import ServiceKeeper


class GuardedAgent:
    """An `Agent` of which it is known how it is doing."""

    def __init__(self, keeper: ServiceKeeper[Agent]) -> None:
        self.keeper = keeper

    async def warm(self) -> None:
        """Get ready for the next turn."""
        await self.keeper.warm()

    async def check(self) -> None:
        """Make sure that it can think, as far as is known (see `ServiceKeeper.check`)."""
        await self.keeper.check()

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        """Take part in one call."""
        async with AsyncExitStack() as stack:
            with self.keeper.guard.attempt():
                opened = self.keeper.service.open(briefing)
                session = await stack.enter_async_context(opened)
            yield GuardedSession(session, self.keeper.guard)


class GuardedSession:
    """The agent's side of one call, from which *guard* learns."""

    def __init__(self, session: AgentSession, guard: ServiceGuard) -> None:
        self.session = session
        self.guard = guard
        self.latest: Attempt | None = None

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        """What to say and do about *turn* (see `AgentSession`)."""
        # Who asks "hello?" before a word has come waits on.
        with self.guard.attempt(after=self.latest) as attempt:
            self.latest = attempt
            async with aclosing(self.session.reply(turn)) as outputs:
                async for output in outputs:
                    attempt.has_answered = True
                    yield output  # noqa: ASYNC119 - whoever makes the turn closes it
