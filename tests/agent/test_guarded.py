from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from voicecalld.agent.base import (
    Agent,
    AgentOutput,
    AgentSession,
    Briefing,
    CallerTurn,
    SayText,
)
from voicecalld.agent.guarded import GuardedAgent
from voicecalld.errors import ServiceError
from voicecalld.net.service_guard import ServiceGuard, ServiceState
from voicecalld.net.service_keeper import ServiceKeeper

BRIEFING = Briefing(
    call_id="call-1", direction="inbound", from_number="", to_number="", language="en", opening=""
)
TURN = CallerTurn(text="hello")


@asynccontextmanager
async def guarded(agent: Agent) -> AsyncGenerator[GuardedAgent, None]:
    @asynccontextmanager
    async def open_it() -> AsyncGenerator[Agent, None]:
        await trio.lowlevel.checkpoint()
        yield agent

    guard = ServiceGuard("agent", "fake", patience_s=3.0, unix_clock=trio.current_time)
    keeper = ServiceKeeper(guard, open_it)
    async with AsyncExitStack() as stack:
        await keeper.start(stack)
        yield GuardedAgent(keeper)


async def test_an_answer_passes_as_it_is_and_counts_as_a_success() -> None:
    async with guarded(ScriptedAgent("All right.")) as agent, agent.open(BRIEFING) as session:
        await agent.warm()
        said = [output async for output in session.reply(TURN)]

    assert said == [SayText(text="All"), SayText(text=" right.")]
    assert agent.keeper.guard.health.successes == 1


async def test_an_answer_that_fails_is_known() -> None:
    broken = ScriptedAgent([ServiceError("broken")])
    async with guarded(broken) as agent, agent.open(BRIEFING) as session:
        with pytest.raises(ServiceError, match="broken"):
            _ = [output async for output in session.reply(TURN)]

    assert agent.keeper.guard.health.state is ServiceState.FAILING


async def test_an_answer_that_nobody_waits_for_is_given_up_at_once(
    autojump_clock: MockClock,
) -> None:
    scripted = ScriptedAgent("All right.", delay_s=60.0)
    async with guarded(scripted) as agent, agent.open(BRIEFING) as session:
        with trio.move_on_after(1.0):
            async with aclosing(session.reply(TURN)) as outputs:
                await anext(outputs)

    assert scripted.running_replies == 0
    assert agent.keeper.guard.health.failures == 0


async def test_an_agent_that_never_lets_a_word_come_is_found_out_however_often_it_is_asked(
    autojump_clock: MockClock,
) -> None:
    silent = ScriptedAgent("All right.", delay_s=60.0)
    async with guarded(silent) as agent, agent.open(BRIEFING) as session:
        for _ in range(6):
            with trio.move_on_after(1.0):
                async with aclosing(session.reply(TURN)) as outputs:
                    await anext(outputs)

    assert agent.keeper.guard.health.failures == 2  # in 6 s, with 3 s of patience


class SlowToLeave:
    """An agent that says nothing, and takes a moment to notice that nobody waits any more."""

    @asynccontextmanager
    async def open(self, _briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        yield self

    async def reply(self, _turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        try:
            await trio.sleep(60)
            yield SayText(text="late")
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.01)


async def test_a_wait_counts_also_if_it_ends_only_when_the_next_one_has_begun(
    autojump_clock: MockClock,
) -> None:
    async def ask(session: AgentSession, scope: trio.CancelScope) -> None:
        with scope:
            async with aclosing(session.reply(TURN)) as outputs:
                await anext(outputs)

    async with (
        guarded(SlowToLeave()) as agent,
        agent.open(BRIEFING) as session,
        trio.open_nursery() as nursery,
    ):
        for _ in range(6):
            scope = trio.CancelScope()
            nursery.start_soon(ask, session, scope)
            await trio.sleep(1)
            scope.cancel()

    assert agent.keeper.guard.health.failures == 2  # in 6 s, with 3 s of patience


async def test_an_agent_that_has_not_started_says_why_however_often_it_is_wanted() -> None:
    programs: list[Agent] = []

    @asynccontextmanager
    async def open_it() -> AsyncGenerator[Agent, None]:
        await trio.lowlevel.checkpoint()
        if not programs:
            raise ServiceError("no program")
        yield programs[0]

    guard = ServiceGuard("agent", "fake", patience_s=3.0, unix_clock=trio.current_time)
    keeper = ServiceKeeper(guard, open_it)
    async with AsyncExitStack() as stack:
        await keeper.start(stack)
        for _ in range(8):
            with pytest.raises(
                ServiceError, match=r"^the agent \(fake\) has not started: no prog"
            ):
                await stack.enter_async_context(GuardedAgent(keeper).open(BRIEFING))

    assert guard.health.reason == "no program"
    assert guard.health.state is ServiceState.NOT_STARTED


async def test_an_agent_that_fails_often_is_left_alone_for_a_while(
    autojump_clock: MockClock,
) -> None:
    broken = ScriptedAgent([ServiceError("broken")])
    async with guarded(broken) as agent, agent.open(BRIEFING) as session:
        for _ in range(8):
            with pytest.raises(ServiceError):
                _ = [output async for output in session.reply(TURN)]
        asked = len(broken.turns)
        await trio.sleep(10)
        with pytest.raises(ServiceError):
            _ = [output async for output in session.reply(TURN)]

    assert (asked, len(broken.turns)) == (5, 6)
