import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.fakes.websocket_peer import (
    CLOSE,
    TEXT,
    Peer,
    Received,
    allow,
    close_frame,
    connected_streams,
    frame,
    media_peer,
)
from tests.web.media_services import serve_nothing
from voicecalld.errors import StreamBrokenError
from voicecalld.net.message_stream import MessageStream
from voicecalld.web.media_socket import MediaSocket, serve_media_socket


@pytest.mark.parametrize("code", [1000, 1008, 1013])
async def test_the_peer_is_told_why_it_is_closed(code: int) -> None:
    async def serve(stream: MessageStream) -> None:
        stream.close(code)
        stream.close(1011)
        assert not await stream.receive()
        with pytest.raises(StreamBrokenError):
            stream.send("too late")

    async with media_peer(serve) as peer:
        await peer.open()
        frames = await peer.read_frames()

    assert [received.code for received in frames] == [code]


async def test_whoever_waits_for_messages_is_woken_by_a_close_of_our_own() -> None:
    received: list[int] = []

    async def serve(stream: MessageStream) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive, stream)
            await wait_all_tasks_blocked()
            stream.close()

    async def receive(stream: MessageStream) -> None:
        received.append(len(await stream.receive()))

    async with media_peer(serve) as peer:
        await peer.open()
        await peer.read_frames()

    assert received == [0]


async def test_a_stream_whose_service_is_over_is_closed_normally() -> None:
    async def serve(stream: MessageStream) -> None:
        stream.send("last")

    async with media_peer(serve) as peer:
        await peer.open()
        last, goodbye = await peer.read_frames()

    assert last == Received(TEXT, b"last")
    assert goodbye.code == 1000


async def test_the_close_of_the_peer_is_answered_with_its_own_code() -> None:
    async with media_peer(serve_nothing) as peer:
        await peer.open()
        await peer.send(close_frame(1001, b"bye"))
        frames = await peer.read_frames()

    assert frames == [Received(CLOSE, (1001).to_bytes(2) + b"bye")]


async def test_a_peer_that_goes_on_talking_does_not_lose_our_goodbye() -> None:
    async def serve(stream: MessageStream) -> None:
        await stream.receive()
        stream.close()

    async with media_peer(serve) as peer:
        await peer.open()
        await peer.send(*[frame(TEXT, b"x" * 300)] * 100)
        goodbye = await peer.read_frame()
        await peer.send(*[frame(TEXT, b"x" * 300)] * 100, close_frame(1000))
        frames = await peer.read_frames()

    assert goodbye.code == 1000
    assert frames == []


async def test_a_peer_that_never_says_goodbye_is_cut_off_after_a_second(
    jumping_clock: MockClock,
) -> None:
    async def serve(stream: MessageStream) -> None:
        stream.close(1008)

    async with media_peer(serve) as peer:
        await peer.open()
        frames = await peer.read_frames(answers=False)

    assert [received.code for received in frames] == [1008]
    assert trio.current_time() == pytest.approx(1.0)


async def test_a_cancelled_service_closes_at_once_and_says_that_it_goes() -> None:
    client, server = await connected_streams()
    peer = Peer(client)
    async with client, trio.open_nursery() as nursery:

        async def run() -> None:
            await serve_media_socket(server, check=allow, serve=serve_nothing)

        nursery.start_soon(run)
        await peer.open()
        nursery.cancel_scope.cancel()
    frames = await peer.read_frames() if client.socket.fileno() >= 0 else []

    assert nursery.cancel_scope.cancelled_caught
    assert frames == []


async def test_cancellation_says_going_away_even_while_the_peer_talks() -> None:
    client, server = await connected_streams()
    peer = Peer(client)
    async with client:
        async with trio.open_nursery() as nursery:

            async def run() -> None:
                await serve_media_socket(server, check=allow, serve=trio_sleep_forever)

            nursery.start_soon(run)
            await peer.open()
            await peer.send(*[frame(TEXT, b"x" * 300)] * 20)
            nursery.cancel_scope.cancel()
        frames = await peer.read_frames()

    assert [received.code for received in frames] == [1001]


async def test_cancellation_does_not_wait_for_a_peer_that_does_not_read() -> None:
    client, server = await connected_streams()
    peer = Peer(client)
    full = trio.Event()

    async def serve(stream: MediaSocket) -> None:
        stream.admit()
        for _ in range(900):
            stream.send("x" * 1000)
        full.set()
        await trio.sleep_forever()

    async def run() -> None:
        await serve_media_socket(server, check=allow, serve=serve)

    async with client, trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await peer.open()
        await full.wait()
        nursery.cancel_scope.cancel()

    assert server.socket.fileno() == -1


async def test_a_reader_in_another_task_is_woken_when_the_service_is_cancelled() -> None:
    received: list[int] = []
    client, server = await connected_streams()
    peer = Peer(client)
    async with client, trio.open_nursery() as readers, trio.open_nursery() as nursery:

        async def read(stream: MessageStream) -> None:
            received.append(len(await stream.receive()))

        async def serve(stream: MessageStream) -> None:
            readers.start_soon(read, stream)
            await trio.sleep_forever()

        async def run() -> None:
            await serve_media_socket(server, check=allow, serve=serve)

        nursery.start_soon(run)
        await peer.open()
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert received == [0]


async def test_a_bug_of_the_service_is_not_hidden_and_the_peer_is_told() -> None:
    client, server = await connected_streams()
    peer = Peer(client)

    async def serve(_stream: MessageStream) -> None:
        raise ZeroDivisionError

    async with client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(peer.open)
            with pytest.RaisesGroup(ZeroDivisionError):
                await serve_media_socket(server, check=allow, serve=serve)
        frames = await peer.read_frames()

    assert [received.code for received in frames] == [1001]


async def test_nothing_of_a_connection_is_left_when_it_was_served() -> None:
    client, server = await connected_streams()
    peer = Peer(client)

    async def run() -> None:
        await serve_media_socket(server, check=allow, serve=serve_nothing)

    tasks = trio.lowlevel.current_statistics().tasks_living
    async with client, trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await peer.open()
        await peer.send(close_frame(1000))
        await peer.read_frames()
        await client.aclose()
    await server.aclose()

    assert server.socket.fileno() == -1
    assert trio.lowlevel.current_statistics().tasks_living == tasks


async def trio_sleep_forever(_stream: MessageStream) -> None:
    await trio.sleep_forever()
