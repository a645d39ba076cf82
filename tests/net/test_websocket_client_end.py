"""How a WebSocket of `open_websocket` ends, whoever ends it, over real sockets."""

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.websocket_peer import BINARY, CLOSE, PING, TEXT, frame
from tests.fakes.websocket_service import Act, Visit, WebSocketService, echo, serving
from tests.net.websocket_visits import enter, opened, says
from voicecalld.errors import ServiceClosedError


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (1000, b"", "closed: 1000"),
        (1011, b"NET-0001", "closed: 1011 NET-0001"),
        (4000, b"beta_api_shape_disabled", "closed: 4000 beta_api_shape_disabled"),
        (1008, b"\x1b[31mred", r"closed: 1008 \x1b[31mred"),
    ],
)
async def test_who_receives_learns_why_the_service_has_closed(
    code: int, reason: bytes, words: str
) -> None:
    farewell = frame(CLOSE, code.to_bytes(2) + reason, mask=None)
    act = says(frame(TEXT, b"last words", mask=None), farewell)
    async with serving(act) as service, opened(service) as client:
        assert await client.receive() == "last words"
        with pytest.raises(ServiceClosedError) as caught:
            await client.receive()
        with pytest.raises(ServiceClosedError):
            await client.send("still there?")

    assert caught.value.code == code
    assert str(caught.value).endswith(words)


async def close_soon(visit: Visit) -> None:
    await visit.accept()
    await visit.receive()


async def reset_at_once(visit: Visit) -> None:
    await visit.accept()
    await visit.receive()
    await visit.reset()


@pytest.mark.parametrize("act", [close_soon, reset_at_once])
async def test_a_service_that_goes_without_a_word_is_told_with_code_1006(act: Act) -> None:
    async with serving(act) as service, opened(service) as client:
        await client.send("hello")
        with pytest.raises(ServiceClosedError) as caught:
            await client.receive()

    assert caught.value.code == 1006


async def test_a_service_that_goes_right_after_the_handshake_had_opened_it() -> None:
    async def go(visit: Visit) -> None:
        await visit.accept()

    async with serving(go) as service, opened(service) as client:
        with pytest.raises(ServiceClosedError) as caught:
            await client.receive()

    assert caught.value.code == 1006


async def test_a_message_that_is_too_long_closes_the_websocket() -> None:
    act = says(frame(BINARY, bytes(1001), mask=None))
    async with serving(act) as service, opened(service, most_message_bytes=1000) as client:
        with pytest.raises(ServiceClosedError) as caught:
            await client.receive()

    assert caught.value.code == 1009


async def test_endless_fragments_are_a_message_that_is_too_long() -> None:
    async def act(visit: Visit) -> None:
        await visit.accept(frame(BINARY, bytes(100), fin=False, mask=None))
        while True:
            await visit.stream.send_all(frame(0, bytes(100), fin=False, mask=None))

    async with serving(act) as service, opened(service, most_message_bytes=1000) as client:
        with pytest.raises(ServiceClosedError) as caught:
            await client.receive()

    assert caught.value.code == 1009


@pytest.mark.parametrize(
    "nonsense",
    [
        frame(TEXT, b"\xff\xfe", mask=None),
        frame(0x3, b"", mask=None),
        frame(TEXT, b"compressed?", rsv=4, mask=None),
        frame(TEXT, b"masked"),
        frame(0, b"goes on with nothing", mask=None),
        frame(PING, bytes(126), mask=None),
    ],
)
async def test_what_the_protocol_does_not_allow_closes_the_websocket(nonsense: bytes) -> None:
    async with serving(says(nonsense)) as service, opened(service) as client:
        with pytest.raises(ServiceClosedError):
            await client.receive()


async def test_the_end_of_the_block_says_goodbye() -> None:
    last = []

    async def note(visit: Visit) -> None:
        await visit.accept()
        last.append(await visit.receive())
        await visit.send(CLOSE, (1000).to_bytes(2))

    async with serving(note) as service:
        await enter(service)
        await service.until_closed(1)

    assert [(came.opcode, came.payload) for came in last if came] == [(CLOSE, (1000).to_bytes(2))]


async def test_whoever_is_cancelled_says_goodbye_as_well() -> None:
    last = []

    async def note(visit: Visit) -> None:
        await visit.accept()
        last.append(await visit.receive())

    async with serving(note) as service:
        with trio.CancelScope() as turn:
            async with opened(service) as client:
                turn.cancel()
                await client.receive()
        await service.until_closed(1)

    assert [came.opcode for came in last if came] == [CLOSE]


async def test_a_ping_that_crosses_our_goodbye_cancels_nobody() -> None:
    async def ping_after_close(visit: Visit) -> None:
        await visit.accept(frame(TEXT, b"unread", mask=None) * 2)
        while (came := await visit.receive()) is not None and came.opcode != CLOSE:
            pass
        await visit.send(PING, b"late")
        await visit.send(CLOSE, (1000).to_bytes(2))

    async with serving(ping_after_close) as service:
        await enter(service)
        await trio.lowlevel.checkpoint()

        assert len(service.visits) == 1


async def test_a_service_that_says_no_goodbye_is_not_waited_for(jumping_clock: MockClock) -> None:
    async def ignore(visit: Visit) -> None:
        await visit.accept()
        while await visit.receive() is not None:
            pass

    begun_s = trio.current_time()
    async with serving(ignore) as service:
        await enter(service)
        await service.until_closed(1)

    assert trio.current_time() - begun_s <= 1.0


async def test_an_error_in_the_block_comes_out_alone_and_as_it_is() -> None:
    async def stumble(service: WebSocketService) -> None:
        async with opened(service):
            raise KeyError("mine") from ValueError("its cause")

    async with serving(echo) as service:
        with pytest.raises(KeyError, match="mine") as caught:
            await stumble(service)

    assert isinstance(caught.value.__cause__, ValueError)


async def test_a_group_of_errors_in_the_block_comes_out_as_that_group() -> None:
    async def stumble(service: WebSocketService) -> None:
        async with opened(service):
            raise ExceptionGroup("mine", [KeyError(), ValueError()])

    async with serving(echo) as service:
        with pytest.raises(ExceptionGroup, match="mine"):
            await stumble(service)
