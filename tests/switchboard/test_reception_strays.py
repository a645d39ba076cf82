"""Webhooks at the door about calls that do not live here."""

from typing import Any

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.switchboard.mock_notices import notice
from tests.switchboard.office import Office, open_office
from voicecalld.call.record import CallState
from voicecalld.errors import CarrierError
from voicecalld.exchange.notices import parse_answer
from voicecalld.ids import CallId
from voicecalld.provider.base import Acknowledge, Direction
from voicecalld.provider.http import Webhook
from voicecalld.provider.mock.webhook import MockEvent

RINGS: dict[str, Any] = {"answers_after_ms": 20_000}
HANG_UP = b'{"do": "hang-up"}'


def about(office: Office, call_id: CallId, event: MockEvent, call: str | None = None) -> Webhook:
    """A webhook about a call that we have placed."""
    named = office.journal.latest()[call_id].provider_call_id
    assert named is not None
    return notice(event, call=call or named, call_id=call_id, direction=Direction.OUTBOUND)


async def ring(office: Office) -> CallId:
    """Place a call, and wait until the journal knows what the carrier calls it."""
    call_id = await office.call()
    await office.wait_for("call.ringing")
    return call_id


def hung_up(office: Office) -> list[str]:
    """What the carrier has been asked to hang up."""
    return [
        request.url.rpartition("/")[2]
        for request in office.link.requests
        if request.method == "DELETE"
    ]


async def test_a_call_that_is_over_here_and_goes_on_at_the_carrier_is_hung_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office:
        call_id = await ring(office)
        await office.switchboard.end(call_id)
        named = office.journal.latest()[call_id].provider_call_id

        reply = await office.reception.receive_webhook(about(office, call_id, MockEvent.RINGING))
        await trio.sleep(1)

    assert parse_answer(reply) == Acknowledge()
    assert hung_up(office) == [named, named]


async def test_a_carrier_that_asks_what_to_do_with_a_call_that_is_over_is_told_to_hang_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office:
        call_id = await ring(office)
        await office.switchboard.end(call_id)

        reply = await office.reception.receive_webhook(about(office, call_id, MockEvent.ANSWERED))
        await trio.sleep(1)

    assert reply.body == HANG_UP
    assert len(hung_up(office)) == 1  # at its end


async def test_the_end_of_a_call_that_is_over_is_no_news(autojump_clock: MockClock) -> None:
    async with open_office(phone=RINGS) as office:
        call_id = await ring(office)
        await office.switchboard.end(call_id)

        reply = await office.reception.receive_webhook(about(office, call_id, MockEvent.ENDED))
        await trio.sleep(1)

    assert parse_answer(reply) == Acknowledge()
    assert len(hung_up(office)) == 1


async def test_a_second_call_in_the_name_of_a_living_one_is_hung_up_alone(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office:
        call_id = await ring(office)

        twin = about(office, call_id, MockEvent.ENDED, call="mock-twin")
        await office.reception.receive_webhook(twin)
        twin = about(office, call_id, MockEvent.RINGING, call="mock-twin")
        await office.reception.receive_webhook(twin)
        await trio.sleep(1)

        assert office.switchboard.live_count == 1
        assert hung_up(office) == ["mock-twin"]
    assert office.journal.latest()[call_id].state is not CallState.COMPLETED


async def test_a_call_that_came_to_us_and_is_unknown_is_left_alone(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        reply = await office.reception.receive_webhook(notice(MockEvent.RINGING))
        await trio.sleep(1)

    assert parse_answer(reply) == Acknowledge()
    assert hung_up(office) == []


async def test_a_carrier_that_cannot_hang_up_a_stray_call_is_complained_of(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office:
        stray = notice(MockEvent.RINGING, call_id=CallId("gone"), direction=Direction.OUTBOUND)
        office.link.fault = CarrierError("out of order")
        with capture_logs() as logs:
            reply = await office.reception.receive_webhook(stray)
            await trio.sleep(1)

    assert parse_answer(reply) == Acknowledge()
    assert "carrier did not hang up" in [entry["event"] for entry in logs]
