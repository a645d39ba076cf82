"""`open_websocket` against a service that may break every rule, over real sockets."""

import ssl

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from tests.fakes.websocket_peer import BINARY, PING, PONG, TEXT, frame
from tests.fakes.websocket_service import Visit, WebSocketService, echo, serving
from tests.leaks import belongings
from tests.net.link_to_server import LOOPBACK_PEM
from tests.net.websocket_visits import opened, says
from voicecalld.errors import ServiceClosedError, ServiceError
from voicecalld.net.websocket_client import (
    HASTY_GOODBYE_S,
    HASTY_SEND_S,
    MOST_UNREAD_MESSAGES,
    SEND_S,
)

# --- messages ------------------------------------------------------------------------


@pytest.mark.parametrize("message", ["hello \u2764", b"\xff\x7f", "", b"", "x" * 100_000])
async def test_a_message_goes_and_comes_as_it_is(message: str | bytes) -> None:
    async with serving(echo) as service, opened(service) as client:
        await client.send(message)

        assert await client.receive() == message


async def test_the_service_is_asked_for_what_the_url_says_with_the_headers_given() -> None:
    async with serving(echo) as service, opened(service, authorization="Token KEY"):
        visit = service.visits[0]

    assert visit.head.startswith(b"GET /listen?model=nova-3 HTTP/1.1\r\n")
    assert visit.field("authorization") == "Token KEY"
    assert visit.field("host") in service.url
    assert visit.field("user-agent").startswith("voicecalld/")


async def test_a_message_in_fragments_is_received_whole() -> None:
    parts = [frame(TEXT, b"one ", fin=False, mask=None), frame(0, b"two", mask=None)]
    async with serving(says(*parts)) as service, opened(service) as client:
        assert await client.receive() == "one two"


async def test_pings_are_answered_while_nobody_receives() -> None:
    pongs = []
    answered = trio.Event()

    async def ping(visit: Visit) -> None:
        await visit.accept(frame(BINARY, b"sound", mask=None) * (MOST_UNREAD_MESSAGES - 1))
        await visit.send(PING, b"there?")
        pongs.append(await visit.receive())
        answered.set()
        await visit.receive()

    async with serving(ping) as service, opened(service) as client:
        await answered.wait()
        assert await client.receive() == b"sound"

    assert [(pong.opcode, pong.payload) for pong in pongs if pong] == [(PONG, b"there?")]


async def test_a_service_that_talks_to_nobody_is_held_up_in_the_end() -> None:
    sent = 0

    async def talk(visit: Visit) -> None:
        nonlocal sent
        await visit.accept()
        while True:
            await visit.send(BINARY, bytes(1 << 16))
            sent += 1

    async with serving(talk) as service, opened(service):
        await trio.testing.wait_all_tasks_blocked(0.3)

    assert MOST_UNREAD_MESSAGES <= sent < 4 * MOST_UNREAD_MESSAGES


async def test_over_tls_it_is_the_same() -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(LOOPBACK_PEM)
    async with serving(echo, tls=tls) as service, opened(service) as client:
        await client.send("safe")

        assert await client.receive() == "safe"


# --- sending -------------------------------------------------------------------------


async def never_read(visit: Visit) -> None:
    await visit.accept()
    await trio.sleep_forever()


async def test_a_service_that_does_not_read_is_given_up(jumping_clock: MockClock) -> None:
    async with serving(never_read) as service, opened(service) as client:
        with pytest.raises(ServiceError, match=f"for {SEND_S:g} s"):
            await client.send(bytes(32 << 20))
        with pytest.raises(ServiceClosedError):
            await client.send(b"more")
        with pytest.raises(ServiceClosedError):
            await client.receive()


async def test_at_the_end_of_a_call_nobody_waits_for_a_service_that_does_not_read(
    jumping_clock: MockClock,
) -> None:
    async with serving(never_read) as service:
        with trio.CancelScope() as call:
            async with opened(service) as client, trio.open_nursery() as nursery:
                nursery.start_soon(client.send, bytes(32 << 20))
                await trio.testing.wait_all_tasks_blocked()
                cancelled_s = trio.current_time()
                call.cancel()
        took_s = trio.current_time() - cancelled_s

    assert call.cancelled_caught
    assert took_s <= HASTY_SEND_S + HASTY_GOODBYE_S + 0.01


async def test_a_sender_who_is_cancelled_does_not_leave_half_a_message() -> None:
    async with serving(echo) as service, opened(service) as client:
        for checkpoints in range(12):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.send, "half" * 10_000)
                for _ in range(checkpoints):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
        await client.send("whole")
        while (came := await client.receive()) != "whole":
            assert came == "half" * 10_000


# --- cancellation --------------------------------------------------------------------


async def talk_for_ever(service: WebSocketService) -> None:
    async with opened(service) as client:
        while True:
            await client.send("hello")
            await client.receive()


@pytest.mark.parametrize("tls", [False, True])
async def test_cancellation_at_any_moment_leaves_nothing_behind(*, tls: bool) -> None:
    certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.load_cert_chain(LOOPBACK_PEM)
    async with serving(echo, tls=certificate if tls else None) as service:
        before = belongings()
        for checkpoints in range(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(talk_for_ever, service)
                for _ in range(checkpoints):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
            await service.until_closed(len(service.visits))
            await trio.testing.wait_all_tasks_blocked()
            assert belongings() == before

    assert any(visit.head for visit in service.visits)
