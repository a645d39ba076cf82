"""Nobody is rung in vain: what is known not to work is noticed before."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.speech_fakes import FakeTranscriber
from tests.fakes.spoken_voice import SpokenVoice
from tests.switchboard.journalling import make_record
from tests.switchboard.office import Office, open_office
from voicecalld.agent.guarded import GuardedAgent
from voicecalld.call.record import CallState, Mode
from voicecalld.errors import CallEndedError, ServiceError, UnreachableServiceError
from voicecalld.net.service_guard import ServiceGuard
from voicecalld.net.service_keeper import ServiceKeeper
from voicecalld.speech.guarded import GuardedSynthesizer, GuardedTranscriber
from voicecalld.switchboard.readiness import check_services

ServiceT = TypeVar("ServiceT")


class Street:
    """Where all services are; whose kind is in ``closed`` cannot be reached."""

    def __init__(self) -> None:
        self.closed: set[str] = set()
        self.guards: dict[str, ServiceGuard] = {}

    def close(self, kind: str) -> None:
        self.closed.add(kind)
        self.guards[kind].on_trouble(UnreachableServiceError("closed"))

    async def keep(
        self, stack: AsyncExitStack, kind: str, service: ServiceT
    ) -> ServiceKeeper[ServiceT]:
        @asynccontextmanager
        async def open_it() -> AsyncGenerator[ServiceT, None]:
            await trio.lowlevel.checkpoint()
            yield service

        async def reach(_url: str) -> None:
            await trio.lowlevel.checkpoint()
            if kind in self.closed:
                raise UnreachableServiceError("closed")

        guard = ServiceGuard(kind, "fake", patience_s=3.0, unix_clock=trio.current_time)
        self.guards[kind] = guard
        keeper = ServiceKeeper(guard, open_it, url="http://street.example", reach=reach)
        await keeper.start(stack)
        return keeper


@asynccontextmanager
async def open_street(voice: SpokenVoice) -> AsyncIterator[tuple[Office, Street]]:
    """An office whose services are all across a street."""
    street = Street()
    async with AsyncExitStack() as stack, open_office(phone={}) as office:
        office.switchboard.services = replace(
            office.switchboard.services,
            synthesizer=GuardedSynthesizer(await street.keep(stack, "synthesizer", voice)),
            transcriber=GuardedTranscriber(
                await street.keep(stack, "transcriber", FakeTranscriber())
            ),
            agent=GuardedAgent(await street.keep(stack, "agent", ScriptedAgent())),
        )
        yield office, street


@pytest.mark.parametrize(
    ("kind", "mode", "is_placed"),
    [
        ("synthesizer", Mode.CONVERSATION, False),
        ("synthesizer", Mode.NOTIFY, False),
        ("transcriber", Mode.CONVERSATION, False),
        ("transcriber", Mode.NOTIFY, True),
        ("agent", Mode.CONVERSATION, False),
        ("agent", Mode.NOTIFY, True),
    ],
)
async def test_nobody_is_rung_while_what_the_call_needs_cannot_be_reached(
    kind: str, mode: Mode, *, is_placed: bool, autojump_clock: MockClock
) -> None:
    async with open_street(SpokenVoice()) as (office, street):
        street.close(kind)
        if is_placed:
            await office.call("Hello.", mode)
        else:
            with pytest.raises(CallEndedError, match="closed"):
                await office.call("Hello.", mode)
        (record,) = office.journal.latest().values()
        rung = len(office.link.requests)
        street.closed.clear()
        await office.call("Hello again.", mode)  # it is found at once when it is back

    assert rung == int(is_placed)
    assert is_placed or (record.state, record.end_cause) == (CallState.ERROR, "closed")
    assert len(office.link.requests) > rung


@pytest.mark.parametrize("message", ["Hello. You there?", ""])
async def test_a_voice_that_was_refused_is_tried_before_anybody_is_rung(
    message: str, autojump_clock: MockClock
) -> None:
    voice = SpokenVoice()
    async with open_street(voice) as (office, street):
        street.guards["synthesizer"].on_failure(ServiceError("wrong key"))
        voice.failures = 1
        with pytest.raises(CallEndedError, match="the voice is hoarse"):
            await office.call(message)
        rung = list(office.link.requests)
        await office.call(message)

    assert rung == []
    assert len(office.link.requests) > 0
    assert voice.asked[0] == voice.asked[1] != ""


@pytest.mark.parametrize(
    ("direction", "has_stream", "closed"),
    [
        ("outbound", False, ("synthesizer", "transcriber")),
        ("inbound", True, ("synthesizer", "transcriber", "agent")),
    ],
)
async def test_what_a_call_does_not_need_or_began_without_keeps_nobody_from_it(
    direction: str, closed: tuple[str, ...], *, has_stream: bool
) -> None:
    record = replace(make_record(), direction=direction, mode=Mode.CONVERSATION)
    async with open_street(SpokenVoice()) as (office, street):
        for kind in closed:
            street.close(kind)

        await check_services(office.switchboard.services, record, "", has_stream=has_stream)

    assert street.closed == set(closed)
