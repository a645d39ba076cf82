import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.fakes.websocket_peer import (
    ACCEPT,
    CLOSE,
    KEY,
    PING,
    PONG,
    TEXT,
    UPGRADE,
    Peer,
    Received,
    allow,
    close_frame,
    connected_streams,
    frame,
    media_peer,
    turning_inlet,
)
from voicecalld.errors import BadSignatureError, StreamBrokenError
from voicecalld.net.inlet import Inlet
from voicecalld.net.message_stream import MessageStream
from voicecalld.provider.http import Webhook
from voicecalld.web import media_socket
from voicecalld.web.media_socket import MediaSocket, serve_media_socket
from voicecalld.web.socket_output import KERNEL_BUFFER_BYTES, MAX_BACKLOG_BYTES

MESSAGE = '{"event":"media"}'


async def serve_echo(stream: MessageStream) -> None:
    """Send everything back until the peer closes."""
    while messages := await stream.receive():
        for message in messages:
            stream.send(message)


async def serve_nothing(stream: MessageStream) -> None:
    """Listen until the peer closes."""
    while await stream.receive():
        pass


def send_until_broken(stream: MessageStream) -> int:
    """How many bytes could be sent until the stream broke."""
    sent_bytes = 0
    with suppress(StreamBrokenError):
        for _ in range(10_000):
            stream.send("x" * 1000)
            sent_bytes += 1000
    return sent_bytes


# --- the handshake -------------------------------------------------------------------


async def test_the_upgrade_is_answered_as_the_protocol_wants_it() -> None:
    async with media_peer(serve_nothing) as peer:
        head = await peer.open()
        await peer.send(close_frame(1000))

    assert head.startswith("HTTP/1.1 101 ")
    assert f"Sec-WebSocket-Accept: {ACCEPT}" in head.splitlines()


async def test_the_upgrade_is_checked_as_it_was_received() -> None:
    checked: list[Webhook] = []
    upgrade = UPGRADE.replace("/voice/stream", "/voice/stream?a=%41&b")

    async with media_peer(serve_nothing, checked.append) as peer:
        await peer.open(upgrade)
        await peer.send(close_frame(1000))

    (webhook,) = checked
    assert (webhook.method, webhook.url, webhook.body) == ("GET", "/voice/stream?a=%41&b", b"")
    assert webhook.headers["x-twilio-signature"] == "proof"
    assert webhook.headers["host"] == "calls.example.test"


async def test_a_header_that_is_given_twice_is_seen_twice_by_the_check() -> None:
    checked: list[Webhook] = []
    upgrade = UPGRADE.replace("\r\n\r\n", "\r\nx-twilio-SIGNATURE: other\r\n\r\n")

    async with media_peer(serve_nothing, checked.append) as peer:
        await peer.open(upgrade)
        await peer.send(close_frame(1000))

    assert checked[0].headers["x-twilio-signature"] == "proof, other"


async def test_an_upgrade_that_is_not_genuine_is_forbidden_and_never_served() -> None:
    served: list[MessageStream] = []

    def refuse(_upgrade: Webhook) -> None:
        raise BadSignatureError("not theirs")

    async def serve(stream: MessageStream) -> None:
        served.append(stream)

    async with media_peer(serve, refuse) as peer:
        head = await peer.open()
        rest = await peer.stream.receive_some()

    assert head.startswith("HTTP/1.1 403 ")
    assert rest in {b"", b"Forbidden\n"}
    assert served == []


@pytest.mark.parametrize(
    ("wrong", "right", "status"),
    [
        (f"Sec-WebSocket-Key: {KEY}\r\n", "", 400),
        (f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Key: short", 400),
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 12", 400),
        ("Upgrade: websocket\r\n", "Upgrade: h2c\r\n", 426),
        ("Connection: Upgrade\r\n", "Connection: keep-alive\r\n", 426),
        ("GET ", "POST ", 405),
        ("HTTP/1.1\r\n", "HTTP/1.0\r\n", 505),
        ("Host:", "Content-Length: 5\r\nHost:", 400),
        ("Host:", "Transfer-Encoding: chunked\r\nHost:", 400),
        ("GET /voice/stream HTTP/1.1", "rubbish", 400),
    ],
)
async def test_a_request_that_is_no_websocket_is_refused_unchecked(
    wrong: str, right: str, status: int
) -> None:
    checked: list[Webhook] = []

    async with media_peer(serve_nothing, checked.append) as peer:
        head = await peer.open(UPGRADE.replace(wrong, right, 1))

    assert head.startswith(f"HTTP/1.1 {status} ")
    assert checked == []


async def test_compression_and_subprotocols_are_offered_in_vain() -> None:
    offers = (
        "\r\nSec-WebSocket-Extensions: permessage-deflate"
        "\r\nSec-WebSocket-Protocol: audio.example\r\n\r\n"
    )

    async with media_peer(serve_nothing) as peer:
        head = await peer.open(UPGRADE.replace("\r\n\r\n", offers))
        await peer.send(close_frame(1000))

    assert head.startswith("HTTP/1.1 101 ")
    assert "extensions" not in head.lower()
    assert "sec-websocket-protocol" not in head.lower()


async def test_a_head_that_never_ends_is_not_waited_for() -> None:
    async with media_peer(serve_nothing) as peer:
        await peer.send(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000)

        with pytest.raises((EOFError, trio.BrokenResourceError)):
            await peer.read_head()


async def test_a_peer_that_stops_in_the_middle_of_its_head_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media_socket, "HANDSHAKE_S", 0.01)
    monkeypatch.setattr(media_socket, "GOODBYE_S", 0.01)

    async with media_peer(serve_nothing) as peer:
        await peer.send(UPGRADE[:40].encode())

        with pytest.raises(EOFError):
            await peer.read_head()


async def test_a_peer_that_leaves_in_the_middle_of_its_head_leaves_nothing() -> None:
    async with media_peer(serve_nothing) as peer:
        await peer.send(UPGRADE[:40].encode())
        await peer.stream.aclose()


async def test_what_comes_right_behind_the_upgrade_is_the_first_message() -> None:
    async with media_peer(serve_echo) as peer:
        await peer.open(behind=frame(TEXT, b"one") + frame(TEXT, b"two"))
        received = [await peer.read_frame(), await peer.read_frame()]
        await peer.send(close_frame(1000))

    assert received == [Received(TEXT, b"one"), Received(TEXT, b"two")]


async def test_an_upgrade_in_single_bytes_is_the_same_upgrade() -> None:
    async with media_peer(serve_echo) as peer:
        for byte in UPGRADE.encode() + frame(TEXT, b"one"):
            await peer.send(bytes([byte]))
        await peer.read_head()

        assert await peer.read_frame() == Received(TEXT, b"one")
        await peer.send(close_frame(1000))


# --- messages ------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
async def test_a_message_of_any_allowed_size_goes_both_ways(size: int) -> None:
    async with media_peer(serve_echo) as peer:
        await peer.open()
        await peer.send(frame(TEXT, b"x" * size))
        echo = await peer.read_frame()
        await peer.send(close_frame(1000))

    assert echo == Received(TEXT, b"x" * size)


async def test_messages_that_arrive_together_are_received_together() -> None:
    batches: list[list[str]] = []

    async def serve(stream: MessageStream) -> None:
        while messages := await stream.receive():
            batches.append(list(messages))

    async with media_peer(serve) as peer:
        await peer.open()
        await peer.send(frame(TEXT, b"one"), frame(PING), frame(TEXT, b"two"), close_frame(1000))

    assert batches == [["one", "two"]]


async def test_a_receiver_that_is_cancelled_loses_nothing() -> None:
    received: list[str] = []

    async def serve(stream: MessageStream) -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            await stream.receive()
        assert scope.cancelled_caught
        received.extend(await stream.receive())

    async with media_peer(serve) as peer:
        await peer.open()
        await peer.send(frame(TEXT, b"kept"))
        await peer.read_frames()

    assert received == ["kept"]


async def test_a_frame_leaves_at_once_and_not_with_the_next_one() -> None:
    options: list[int] = []

    async def serve(stream: MediaSocket) -> None:
        options.append(stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async with media_peer(serve) as peer:
        await peer.open()
        await peer.read_frames()

    assert options == [1]


# --- messages that are delivered -----------------------------------------------------


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


# --- a peer that does not do its part ------------------------------------------------


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


async def test_a_silent_peer_that_answers_a_ping_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media_socket, "QUIET_S", 0.01)
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


async def test_a_peer_that_answers_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_socket, "QUIET_S", 0.01)

    async with media_peer(serve_nothing) as peer:
        await peer.open()
        frames = await peer.read_frames()

    assert [received.opcode for received in frames] == [PING]


@pytest.mark.parametrize("how", ["reset", "close", "half-close"])
async def test_a_peer_that_vanishes_ends_the_stream(how: str) -> None:
    ended: list[bool] = []

    async def serve(stream: MessageStream) -> None:
        assert await stream.receive() == ["here"]
        ended.append(not await stream.receive())
        with pytest.raises(StreamBrokenError):
            stream.send("too late")

    async with media_peer(serve) as peer:
        await peer.open()
        await peer.send(frame(TEXT, b"here"))
        await wait_all_tasks_blocked()
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


# --- the end -------------------------------------------------------------------------


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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media_socket, "GOODBYE_S", 0.01)

    async def serve(stream: MessageStream) -> None:
        stream.close(1008)

    async with media_peer(serve) as peer:
        await peer.open()
        frames = await peer.read_frames(answers=False)

    assert [received.code for received in frames] == [1008]
    assert media_socket.HANDSHAKE_S == 5.0


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
