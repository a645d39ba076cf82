import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.fakes.websocket_peer import PING, PONG, TEXT, close_frame, frame, media_peer
from tests.web.media_services import send_until_broken, serve_nothing
from voicecalld.errors import StreamBrokenError
from voicecalld.net.message_stream import MessageStream
from voicecalld.web.media_socket import QUIET_S, MediaSocket
from voicecalld.web.socket_output import KERNEL_BUFFER_BYTES, MAX_BACKLOG_BYTES


async def test_a_peer_that_does_not_read_is_dropped_at_one_mebibyte_and_not_waited_for() -> None:
    sent_bytes: list[int] = []

    async def serve(stream: MessageStream) -> None:
        sent_bytes.append(send_until_broken(stream))
        assert not await stream.receive()

    async with media_peer(serve) as peer:
        await peer.open()

        await peer.read_frames()

    # Before our own backlog there are the kernel's buffers, ours and the peer's.
    assert MAX_BACKLOG_BYTES < sent_bytes[0] < MAX_BACKLOG_BYTES + 20 * KERNEL_BUFFER_BYTES


async def test_a_peer_that_reads_late_gets_everything_in_order() -> None:
    count = 900

    async def serve(stream: MessageStream) -> None:
        for number in range(count):
            stream.send(f"{number:01000}")

    async with media_peer(serve) as peer:
        await peer.open()
        await wait_all_tasks_blocked()
        frames = await peer.read_frames()

    assert [int(received.payload) for received in frames[:-1]] == list(range(count))
    assert frames[-1].code == 1000


async def test_what_was_kept_is_sent_while_the_call_goes_on() -> None:
    async def serve(stream: MessageStream) -> None:
        for _ in range(900):
            stream.send("x" * 1000)
        await stream.receive()

    async with media_peer(serve) as peer:
        await peer.open()
        await wait_all_tasks_blocked()
        received = [await peer.read_frame() for _ in range(900)]
        await peer.send(close_frame(1000))

    assert len(received) == 900


async def test_a_silent_peer_that_answers_a_ping_is_kept(jumping_clock: MockClock) -> None:
    was_open: list[bool] = []

    async def serve(stream: MediaSocket) -> None:
        await stream.receive()
        was_open.append(stream.is_open)

    async with media_peer(serve) as peer:
        await peer.open()
        for _ in range(3):
            ping = await peer.read_frame()
            assert ping.opcode == PING
            await peer.send(frame(PONG, ping.payload))
        await peer.send(frame(TEXT, b"I am here"))

    assert was_open == [True]


async def test_a_peer_that_answers_nothing_is_dropped(jumping_clock: MockClock) -> None:
    async with media_peer(serve_nothing) as peer:
        await peer.open()
        frames = await peer.read_frames()

    assert [received.opcode for received in frames] == [PING]
    assert trio.current_time() == pytest.approx(2 * QUIET_S)


@pytest.mark.parametrize("how", ["reset", "close", "half-close"])
async def test_a_peer_that_vanishes_ends_the_stream(how: str) -> None:
    heard = trio.Event()  # a reset overtakes what was not read
    ended: list[bool] = []

    async def serve(stream: MessageStream) -> None:
        assert await stream.receive() == ["here"]
        heard.set()
        ended.append(not await stream.receive())
        with pytest.raises(StreamBrokenError):
            stream.send("too late")

    async with media_peer(serve) as peer:
        await peer.open()
        await peer.send(frame(TEXT, b"here"))
        await heard.wait()
        match how:
            case "reset":
                peer.reset()
            case "close":
                await peer.stream.aclose()
            case _:
                await peer.stream.send_eof()

    assert ended == [True]


async def test_writing_to_a_peer_that_has_gone_breaks_the_stream() -> None:
    async def serve(stream: MediaSocket) -> None:
        await gone.wait()
        assert send_until_broken(stream) < MAX_BACKLOG_BYTES
        assert not await stream.receive()

    gone = trio.Event()
    async with media_peer(serve) as peer:
        await peer.open()
        peer.reset()
        gone.set()


async def test_a_peer_that_vanishes_with_much_unsent_leaves_nothing() -> None:
    async def serve(stream: MessageStream) -> None:
        for _ in range(900):
            stream.send("x" * 1000)

    async with media_peer(serve) as peer:
        await peer.open()
        await wait_all_tasks_blocked()
        peer.reset()
