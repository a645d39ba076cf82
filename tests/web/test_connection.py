import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from tests.web.hostile import PATIENCE_S, START, abort, connect, eventually, post
from voicecalld.web.connection import RequestStream, peek_head, take_head
from voicecalld.web.head import measure_head, parse_head
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.listener import open_listener


@contextlib.asynccontextmanager
async def open_pair() -> AsyncIterator[tuple[trio.SocketStream, trio.SocketStream]]:
    """Our end of a TCP connection, and the peer's."""
    async with await open_listener("127.0.0.1", 0) as listener:
        theirs = await connect(listener.socket.getsockname())
        ours = await listener.accept()
    async with ours, theirs:
        with trio.fail_after(PATIENCE_S):
            yield ours, theirs


def request_on(stream: trio.SocketStream, body_bytes: int = 3) -> RequestStream:
    raw = post(b"x" * body_bytes)
    head = parse_head(raw[: measure_head(raw)])
    return RequestStream(stream, head, EdgeLimits(), on_whole=lambda: None)


async def test_a_head_that_was_looked_at_is_still_there() -> None:
    async with open_pair() as (ours, theirs):
        await theirs.send_all(post())

        head = await peek_head(ours.socket)
        await take_head(ours.socket, len(head))

        assert head + await ours.socket.recv(100) == post()


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        (b"HTTP/1.1 200 \r\na: b\r\n\r\n", b"HTTP/1.1 200 OK\r\na: b\r\n\r\n"),
        (b"HTTP/1.1 401 \r\n\r\n", b"HTTP/1.1 401 Unauthorized\r\n\r\n"),
        (b"HTTP/1.1 401 No\r\n\r\n", b"HTTP/1.1 401 No\r\n\r\n"),
        (b"HTTP/1.1 299 \r\n\r\n", b"HTTP/1.1 299 \r\n\r\n"),
    ],
)
async def test_an_answer_begins_with_its_status_in_words(answer: bytes, sent: bytes) -> None:
    async with open_pair() as (ours, theirs):
        request = request_on(ours)

        await request.send_all(answer)
        await request.send_all(answer)

        received = b""
        while len(received) < len(sent + answer):
            received += await theirs.receive_some()
    assert received == sent + answer


async def test_who_reads_the_connection_next_is_woken_by_every_byte() -> None:
    async with open_pair() as (ours, theirs):
        for part in (START, b"\r\n"):
            await theirs.send_all(part)
        await peek_head(ours.socket)

        assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT) == 1


async def test_news_that_are_none_are_waited_out() -> None:
    heads: list[bytes] = []

    async def peek(sock: trio.socket.SocketType) -> None:
        heads.append(await peek_head(sock))

    async with open_pair() as (ours, theirs), trio.open_nursery() as nursery:
        await theirs.send_all(START)
        nursery.start_soon(peek, ours.socket)
        await eventually(lambda: ours.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT) != 1)
        await trio.testing.wait_all_tasks_blocked()
        # The kernel wakes whoever waits as soon as there is as much as this.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        await trio.testing.wait_all_tasks_blocked()
        assert heads == []

        await theirs.send_all(b"\r\n")

    assert heads == [START + b"\r\n"]


async def test_a_head_that_is_broken_off_is_none() -> None:
    async with open_pair() as (ours, theirs):
        await theirs.send_all(START)
        await theirs.send_eof()

        assert await peek_head(ours.socket) == b""


async def test_what_has_gone_cannot_be_taken() -> None:
    async with open_pair() as (ours, theirs):
        await theirs.send_eof()

        with pytest.raises(ConnectionResetError):
            await take_head(ours.socket, 1)


async def test_a_request_is_a_head_then_its_body_and_not_a_byte_more() -> None:
    async with open_pair() as (ours, theirs):
        request = request_on(ours)
        await theirs.send_all(b"abcdef")

        parts = [await request.receive_some(2) for _ in range(3)]

        assert parts[0].endswith(b"content-length: 3\r\nconnection: close\r\n\r\n")
        assert parts[1:] == [b"ab", b"c"]


@pytest.mark.parametrize("body_bytes", [0, 3])
async def test_the_end_of_a_request_ends_the_waiting_for_more_of_it(body_bytes: int) -> None:
    async with open_pair() as (ours, _theirs):
        request = request_on(ours, body_bytes)
        await request.receive_some(100)
        with pytest.RaisesGroup(trio.ClosedResourceError):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(request.receive_some, 100)
                await trio.testing.wait_all_tasks_blocked()
                await request.aclose()

        assert request.refusal is None


async def test_a_request_that_is_over_takes_and_gives_nothing() -> None:
    async with open_pair() as (ours, _theirs):
        request = request_on(ours)
        await request.aclose()

        with pytest.raises(trio.ClosedResourceError):
            await request.receive_some(100)
        with pytest.raises(trio.ClosedResourceError):
            await request.send_all(b"late")

        assert not request.is_answered


async def test_a_body_whose_sender_has_died_ends_the_request() -> None:
    async with open_pair() as (ours, theirs):
        request = request_on(ours)
        await request.receive_some(100)
        abort(theirs)

        with pytest.raises(trio.BrokenResourceError):
            await request.receive_some(100)

        assert request.closed.is_set()
        assert request.refusal is None  # there is nobody to be told
