"""What a call needs is opened and closed in bounded time, whatever it does."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.speech_fakes import FakeTranscriber
from tests.switchboard.journalling import make_record
from tests.switchboard.office import open_office
from voicecalld.agent.base import AgentSession, Briefing
from voicecalld.call.record import CallState
from voicecalld.errors import CallEndedError, ServiceError
from voicecalld.switchboard.equipment import (
    GOODBYE_S,
    OPEN_S,
    build_briefing,
    open_equipment,
)


class StickyAgent(ScriptedAgent):
    """Never comes to the end of its goodbye."""

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        async with super().open(briefing) as session:
            yield session
            await trio.sleep_forever()


class GrumpyAgent(ScriptedAgent):
    """Fails in its goodbye."""

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        async with super().open(briefing) as session:
            yield session
        raise ServiceError("could not say goodbye")


class LateAgent(ScriptedAgent):
    """Is never ready."""

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        await trio.sleep(3600)
        async with super().open(briefing) as session:
            yield session


async def test_an_agent_that_does_not_let_go_keeps_nobody_on_the_line(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={}, agent=StickyAgent()) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        asked_s = trio.current_time()

        await office.switchboard.end(call_id)
        took_s = trio.current_time() - asked_s

    assert took_s == pytest.approx(GOODBYE_S, abs=0.1)
    assert office.link.methods == ["POST", "DELETE"]
    assert office.journal.latest()[call_id].state is CallState.HANGUP_BOT


async def test_an_agent_that_fails_in_its_goodbye_does_not_change_why_the_call_ended(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={"hangs_up_after_ms": 4000}, agent=GrumpyAgent()) as office:
        record = await office.wait_over(await office.call("Hello."))

    assert record.state is CallState.HANGUP_USER
    assert office.link.methods == ["POST"]


async def test_nobody_is_rung_before_the_agent_is_ready(autojump_clock: MockClock) -> None:
    async with open_office(phone={}, agent=LateAgent()) as office:
        asked_s = trio.current_time()

        with pytest.raises(CallEndedError, match="the agent did not open in time"):
            await office.call("Hello.")
        took_s = trio.current_time() - asked_s

    (record,) = office.journal.latest().values()
    assert took_s == pytest.approx(OPEN_S, abs=0.1)
    assert record.state is CallState.ERROR
    assert office.link.requests == []


@pytest.mark.parametrize("agent", [StickyAgent(), LateAgent()])
async def test_whoever_is_not_ready_or_gone_in_time_is_complained_of(
    agent: ScriptedAgent, autojump_clock: MockClock
) -> None:
    briefing = build_briefing(make_record(), "Hello.", "en")

    with pytest.raises(ServiceError, match="in time"):
        async with open_equipment(FakeTranscriber(), agent, briefing):
            await trio.sleep(60)  # a call may last as long as it likes
