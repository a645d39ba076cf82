"""Callers are told that a service is not there; nobody is called for that."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.speech_fakes import FakeTranscriber
from tests.switchboard.journalling import make_record
from tests.switchboard.office import CALLEE, open_office
from voicecalld.agent.base import AgentSession, Briefing, CallerTurn
from voicecalld.call.events import CallEvent, ServiceLost
from voicecalld.call.record import CallState, Mode
from voicecalld.errors import CallEndedError, HopelessServiceError, ServiceError
from voicecalld.speech.base import Transcription
from voicecalld.switchboard.equipment import (
    ANSWER_S,
    OPEN_S,
    build_briefing,
    open_equipment,
)


class AbsentTranscriber(FakeTranscriber):
    """Cannot be opened, unless it is there."""

    is_there = False

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Transcription, None]:
        if not self.is_there:
            raise ServiceError("nobody listens")
        async with super().open() as transcription:
            yield transcription


class LateTranscriber(FakeTranscriber):
    """Is never ready."""

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Transcription, None]:
        await trio.sleep(3600)
        async with super().open() as transcription:
            yield transcription


class AbsentAgent(ScriptedAgent):
    """Cannot be opened, unless it is there."""

    is_there = False

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        if not self.is_there:
            raise ServiceError("nobody thinks")
        async with super().open(briefing) as session:
            yield session


def briefing_of(direction: str) -> Briefing:
    return build_briefing(replace(make_record(), direction=direction), "Hello.", "en")


async def test_on_a_call_to_us_a_transcriber_that_is_not_there_was_lost_from_the_beginning() -> (
    None
):
    told: list[CallEvent] = []
    briefing = briefing_of("inbound")
    async with open_equipment(AbsentTranscriber(), ScriptedAgent(), briefing) as equipment:
        equipment.transcription.begin()
        equipment.transcription.feed(b"\xff")
        equipment.transcription.discard()
        equipment.transcription.commit(1)
        await equipment.collect_words(told.append)

    assert told == [ServiceLost(reason="nobody listens")]


async def test_where_the_carrier_listens_no_transcriber_is_no_loss() -> None:
    told: list[CallEvent] = []
    async with open_equipment(None, ScriptedAgent(), briefing_of("inbound")) as equipment:
        await equipment.collect_words(told.append)

    assert told == []


@pytest.mark.parametrize(("direction", "took_s"), [("inbound", ANSWER_S), ("outbound", OPEN_S)])
async def test_who_calls_us_waits_for_no_service_for_long(
    direction: str, took_s: float, autojump_clock: MockClock
) -> None:
    told: list[CallEvent] = []
    asked_s = trio.current_time()
    with suppress(ServiceError):
        briefing = briefing_of(direction)
        async with open_equipment(LateTranscriber(), ScriptedAgent(), briefing) as equipment:
            assert trio.current_time() - asked_s == took_s
            await equipment.collect_words(told.append)

    assert trio.current_time() - asked_s == took_s
    assert told == [ServiceLost(reason="the transcriber did not open in time")] * (
        direction == "inbound"
    )


async def test_who_is_only_to_be_told_something_is_called_without_them(
    autojump_clock: MockClock,
) -> None:
    agent, ears = AbsentAgent(), AbsentTranscriber()

    async with open_office(phone={}, agent=agent, transcriber=ears) as office:
        call_id = await office.switchboard.place(
            to=CALLEE, message="The door is open.", mode=Mode.NOTIFY, idempotency_key=None
        )
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", "The door is open.", False)]


@pytest.mark.parametrize(
    ("agent", "ears", "cause"),
    [
        (AbsentAgent(), FakeTranscriber(), "nobody thinks"),
        (ScriptedAgent(), AbsentTranscriber(), "nobody listens"),
    ],
)
async def test_who_wants_a_call_without_them_is_told_what_is_missing(
    agent: ScriptedAgent, ears: FakeTranscriber, cause: str, autojump_clock: MockClock
) -> None:
    with capture_logs() as logs:
        async with open_office(phone={}, agent=agent, transcriber=ears) as office:
            with pytest.raises(CallEndedError, match=cause):
                await office.call("Hello.")

    (record,) = office.journal.latest().values()
    assert record.state is CallState.ERROR
    assert record.end_cause == cause
    assert [entry["reason"] for entry in logs if entry["log_level"] == "warning"] == [cause]
    assert office.link.requests == []


async def test_what_goes_wrong_on_a_call_is_not_taken_for_a_service_that_is_not_there() -> None:
    with pytest.raises(ServiceError, match="later"):
        async with open_equipment(FakeTranscriber(), ScriptedAgent(), briefing_of("inbound")):
            raise ServiceError("later")


async def test_on_a_call_to_us_an_agent_that_is_not_there_fails_at_every_turn() -> None:
    told: list[CallEvent] = []
    briefing = briefing_of("inbound")
    async with open_equipment(None, AbsentAgent(), briefing) as equipment:
        await equipment.collect_words(told.append)
        for _ in range(2):
            with pytest.raises(HopelessServiceError, match="nobody thinks"):
                _ = [one async for one in equipment.session.reply(CallerTurn(text="hello"))]

    assert told == [ServiceLost(reason="nobody thinks")]


@pytest.mark.parametrize(
    ("transcriber", "agent"),
    [(AbsentTranscriber(), ScriptedAgent()), (FakeTranscriber(), AbsentAgent())],
)
async def test_nobody_is_called_without_all_that_is_needed(
    transcriber: FakeTranscriber, agent: ScriptedAgent, autojump_clock: MockClock
) -> None:
    with pytest.raises(ServiceError, match="nobody"):
        async with open_equipment(transcriber, agent, briefing_of("outbound")):
            await trio.sleep(1)
