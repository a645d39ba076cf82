from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.fakes.websocket_peer import (
    CLOSE,
    PING,
    TEXT,
    Received,
    close_frame,
    frame,
    media_peer,
    turning_inlet,
)
from tests.web.media_services import send_until_broken
from voicecalld.net.inlet import Inlet
from voicecalld.net.message_stream import MessageStream
from voicecalld.web import media_socket
from voicecalld.web.media_socket import MediaSocket
from voicecalld.web.socket_output import MAX_BACKLOG_BYTES


@asynccontextmanager
async def inlet_of(kind: str) -> AsyncIterator[Inlet | None]:
    """No inlet, or one that is looked after."""
    if kind == "alone":
        yield None
        return
    async with turning_inlet() as inlet:
        yield inlet


KINDS = pytest.mark.parametrize("kind", ["alone", "with others"])


@KINDS
async def test_messages_are_delivered_until_the_peer_closes(kind: str) -> None:
    taken: list[str] = []

    async def serve(stream: MessageStream) -> None:
        await stream.deliver(taken.extend)
        await stream.deliver(taken.extend)  # there is nothing more

    async with inlet_of(kind) as inlet, media_peer(serve, inlet=inlet) as peer:
        await peer.open(behind=frame(TEXT, b"one"))
        for text in (b"two", b"three"):
            await peer.send(frame(PING), frame(TEXT, text))
            await peer.read_frame()
        await peer.send(frame(TEXT, b"four"), close_frame(1000))
        await peer.read_frames()

    assert taken == ["one", "two", "three", "four"]


@KINDS
async def test_whoever_takes_messages_may_answer_them_and_close(kind: str) -> None:
    async def serve(stream: MessageStream) -> None:
        def take(messages: Sequence[str]) -> None:
            for message in messages:
                stream.send(message)
                if message == "close":
                    stream.close(1008)

        await stream.deliver(take)

    async with inlet_of(kind) as inlet, media_peer(serve, inlet=inlet) as peer:
        await peer.open()
        await peer.send(frame(TEXT, b"echo"))
        assert await peer.read_frame() == Received(TEXT, b"echo")
        await peer.send(frame(TEXT, b"close"))
        frames = await peer.read_frames()

    assert [received.opcode for received in frames] == [TEXT, CLOSE]
    assert frames[-1].code == 1008


@KINDS
async def test_what_goes_wrong_in_taking_is_raised_where_it_was_asked_for(kind: str) -> None:
    def take(messages: Sequence[str]) -> None:
        raise ZeroDivisionError(*messages)

    async def serve(stream: MessageStream) -> None:
        with pytest.raises(ZeroDivisionError, match="oops"):
            await stream.deliver(take)

    async with inlet_of(kind) as inlet, media_peer(serve, inlet=inlet) as peer:
        await peer.open()
        await peer.send(frame(TEXT, b"oops"))
        frames = await peer.read_frames()

    assert [received.code for received in frames] == [1000]


@KINDS
@pytest.mark.parametrize("how", ["reset", "half-close", "silence", "our close", "our drop"])
async def test_delivery_ends_with_the_connection(
    kind: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "silence":
        monkeypatch.setattr(media_socket, "QUIET_S", 0.01)
    ended = trio.Event()

    async def serve(stream: MediaSocket) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(deliver, stream)
            await wait_all_tasks_blocked()
            if how == "our close":
                stream.close()
            elif how == "our drop":
                assert send_until_broken(stream) > MAX_BACKLOG_BYTES

    async def deliver(stream: MediaSocket) -> None:
        await stream.deliver(lambda messages: pytest.fail(f"delivered: {messages}"))
        ended.set()

    async with inlet_of(kind) as inlet, media_peer(serve, inlet=inlet) as peer:
        await peer.open()
        if how == "reset":
            peer.reset()
        elif how == "half-close":
            await peer.stream.send_eof()
        await ended.wait()


async def test_a_delivery_that_is_cancelled_reads_no_more() -> None:
    taken: list[str] = []
    cancelled = trio.Event()

    async def serve(stream: MessageStream) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.deliver, taken.extend)
            await wait_all_tasks_blocked()
            assert inlet.readers
            nursery.cancel_scope.cancel()
        assert not inlet.readers
        cancelled.set()
        assert await stream.receive() == ["afterwards"]

    async with turning_inlet() as inlet, media_peer(serve, inlet=inlet) as peer:
        await peer.open()
        await cancelled.wait()
        await peer.send(frame(TEXT, b"afterwards"))
        await peer.read_frames()

    assert taken == []
