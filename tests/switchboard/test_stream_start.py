"""What a media stream must say first to be let into a call."""

import pytest
import trio
from trio.testing import MockClock

from tests.switchboard.office import Office, open_office
from voicecalld.net.message_stream import open_memory_streams
from voicecalld.switchboard.actor import Call


async def open_stream(office: Office, start: str) -> bool:
    """Send *start* as the first message of a stream; gives whether the stream stays open."""
    ours, theirs = open_memory_streams()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(office.reception.serve_stream, theirs)
        ours.send(start)
        await trio.sleep(1)
        is_open = not theirs.closed
        ours.close()
        nursery.cancel_scope.cancel()
    return is_open


def start_message(call: str, token: str) -> str:
    return f'{{"event":"start","streamId":"s","callId":"{call}","token":"{token}"}}'


def carrier_id(call: Call) -> str:
    named = call.notes.record.provider_call_id
    assert named is not None
    return named


async def test_a_stream_with_a_good_token_is_connected_once(autojump_clock: MockClock) -> None:
    async with open_office(phone={"answers_after_ms": 20_000}) as office:
        call = office.switchboard.find(await office.call())
        assert call is not None
        token = office.switchboard.services.tokens.mint("mock", call.notes.record.call_id)

        first = await open_stream(office, start_message(carrier_id(call), token))
        second = await open_stream(office, start_message(carrier_id(call), token))

    assert (first, second) == (True, False)


@pytest.mark.parametrize("flaw", ["forged", "expired", "other carrier", "other call", "over"])
async def test_a_stream_without_a_good_token_is_closed(
    flaw: str, autojump_clock: MockClock
) -> None:
    async with open_office(phone={"answers_after_ms": 20_000}, ring_timeout_ms=110_000) as office:
        call = office.switchboard.find(await office.call())
        assert call is not None
        tokens = office.switchboard.services.tokens
        named = carrier_id(call)
        token = tokens.mint("mock", call.notes.record.call_id)
        match flaw:
            case "forged":
                token = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
            case "expired":
                tokens.unix_clock = lambda: 2_000_000_000.0
            case "other carrier":
                token = tokens.mint("twilio", call.notes.record.call_id)
            case "other call":
                named = "mock-other"
            case _:
                await office.switchboard.end(call.notes.record.call_id)

        assert not await open_stream(office, start_message(named, token))


@pytest.mark.parametrize(
    "first",
    [
        "not JSON",
        '{"event":"media","payload":"AAAA"}',
        '{"event":"start"}',
        '{"event":"start","streamId":1,"callId":"c","token":"t"}',
    ],
)
async def test_a_stream_that_does_not_begin_properly_is_closed(
    first: str, autojump_clock: MockClock
) -> None:
    async with open_office() as office:
        assert not await open_stream(office, first)


async def test_a_stream_that_never_begins_is_closed(autojump_clock: MockClock) -> None:
    async with open_office() as office:
        _, theirs = open_memory_streams()
        with trio.fail_after(6):
            await office.reception.serve_stream(theirs)

    assert theirs.closed
