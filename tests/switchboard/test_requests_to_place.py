"""What clients may ask for when they want a call to be placed."""

import pytest
import trio
from trio.testing import MockClock

from tests.switchboard.office import CALLEE, LISTENS, open_office
from voicecalld.call.record import CallState, Mode
from voicecalld.errors import (
    BadParameterError,
    CallRefusedError,
    CarrierError,
    StoppingError,
    TooManyCallsError,
)


async def test_no_more_calls_than_allowed(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS, limits={"max_concurrent_calls": 1}) as office:
        call_id = await office.call()
        with pytest.raises(TooManyCallsError):
            await office.call()
        await office.switchboard.end(call_id)

        await office.call()

    assert office.events.count("call.initiated") == 2


async def test_a_number_is_needed(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office:
        with pytest.raises(BadParameterError, match="to_number"):
            await office.switchboard.place(
                to=None, message="Hello.", mode=None, idempotency_key=None
            )


async def test_the_configured_number_and_mode_are_used(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS, to_number=CALLEE) as office:
        call_id = await office.switchboard.place(
            to=None, message="Hello.", mode=None, idempotency_key=None
        )

    record = office.journal.latest()[call_id]
    assert (record.to_number, record.mode) == (CALLEE, Mode.NOTIFY)


async def test_two_requests_with_one_key_place_one_call(autojump_clock: MockClock) -> None:
    ids = []

    async with open_office(phone=LISTENS) as office:

        async def place() -> None:
            ids.append(
                await office.switchboard.place(
                    to=CALLEE, message="Hello.", mode=None, idempotency_key="order-66"
                )
            )

        async with trio.open_nursery() as nursery:
            nursery.start_soon(place)
            nursery.start_soon(place)
        await office.switchboard.end(ids[0])
        await place()

    assert len(set(ids)) == 1
    assert len(ids) == 3
    assert office.events.count("call.initiated") == 1


async def test_a_carrier_that_refuses_is_reported_and_recorded(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office:
        office.link.fault = CarrierError("no credit")

        with pytest.raises(CallRefusedError, match="no credit"):
            await office.call()

    (record,) = office.journal.latest().values()
    assert record.state is CallState.FAILED


async def test_a_carrier_that_does_not_answer_the_dial_is_given_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=LISTENS) as office:
        office.link.hangs = True

        with pytest.raises(CallRefusedError, match="did not answer"):
            await office.call()

    (record,) = office.journal.latest().values()
    assert record.state is CallState.FAILED


async def test_a_stopping_daemon_takes_no_calls_and_ends_those_it_has(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=LISTENS) as office:
        ids = [await office.call() for _ in range(10)]
        office.switchboard.close()
        with pytest.raises(StoppingError):
            await office.call()

        await office.switchboard.end_all()

    assert office.switchboard.live_count == 0
    assert {office.journal.latest()[call_id].state for call_id in ids} == {CallState.HANGUP_BOT}
