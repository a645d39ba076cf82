import socket

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.websocket_peer import (
    ACCEPT,
    KEY,
    PING,
    TEXT,
    UPGRADE,
    Received,
    close_frame,
    frame,
    media_peer,
)
from tests.web.media_services import serve_echo, serve_nothing
from voicecalld.errors import BadSignatureError
from voicecalld.net.message_stream import MessageStream
from voicecalld.provider.http import Webhook
from voicecalld.web.media_socket import GOODBYE_S, HANDSHAKE_S, MediaSocket

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
    jumping_clock: MockClock,
) -> None:
    async with media_peer(serve_nothing) as peer:
        await peer.send(UPGRADE[:40].encode())

        with pytest.raises(EOFError):
            await peer.read_head()

    assert trio.current_time() <= HANDSHAKE_S + GOODBYE_S


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
