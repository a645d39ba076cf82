"""The other end of a media socket, which may break every rule: frames by hand on a real socket."""

import base64
import hashlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from voicecalld.net.inlet import Inlet
from voicecalld.net.wheel import Wheel
from voicecalld.provider.http import Webhook
from voicecalld.web.media_socket import MediaSocket, serve_media_socket

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
KEY = base64.b64encode(b"sixteen bytes...").decode()
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
ACCEPT = base64.b64encode(hashlib.sha1((KEY + GUID).encode()).digest()).decode()  # noqa: S324
MASK = b"\x37\xfa\x21\x3d"  # RFC 6455, section 5.7

UPGRADE = (
    "GET /voice/stream HTTP/1.1\r\n"
    "Host: calls.example.test\r\n"
    "Connection: Upgrade\r\n"
    "Upgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\n"
    "X-Twilio-Signature: proof\r\n"
    "\r\n"
)


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = MASK,
    length_bytes: int | None = None,
) -> bytes:
    """One frame; its length takes 0, 2 or 8 more bytes, as few as possible if not told."""
    size = len(payload)
    if length_bytes is None:
        length_bytes = 0 if size < 126 else 2 if size < 1 << 16 else 8
    short = {0: size, 2: 126, 8: 127}[length_bytes]
    head = bytes([fin << 7 | rsv << 4 | opcode, (mask is not None) << 7 | short])
    head += size.to_bytes(length_bytes) if length_bytes else b""
    if mask is None:
        return head + payload
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return head + mask + masked


def close_frame(code: int | None, reason: bytes = b"") -> bytes:
    return frame(CLOSE, b"" if code is None else code.to_bytes(2) + reason)


@dataclass(frozen=True, slots=True)
class Received:
    """One frame of the server."""

    opcode: int
    payload: bytes

    @property
    def code(self) -> int:
        assert self.opcode == CLOSE
        return int.from_bytes(self.payload[:2])


class Peer:
    """The client's end."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.unread = b""

    async def read_more(self) -> None:
        data = await self.stream.receive_some()
        if not data:
            raise EOFError
        self.unread += data

    async def read_exactly(self, size: int) -> bytes:
        while len(self.unread) < size:
            await self.read_more()
        data, self.unread = self.unread[:size], self.unread[size:]
        return data

    async def read_head(self) -> str:
        while b"\r\n\r\n" not in self.unread:
            await self.read_more()
        head, _, self.unread = self.unread.partition(b"\r\n\r\n")
        return head.decode()

    async def read_frame(self) -> Received:
        """The next frame of the server, which must be final, without mask and reserved bits."""
        first, second = await self.read_exactly(2)
        assert first & 0xF0 == 0x80
        assert second < 0x80
        length = second
        if second >= 126:
            length = int.from_bytes(await self.read_exactly(2 if second == 126 else 8))
        return Received(first & 0x0F, await self.read_exactly(length))

    async def read_frames(self, *, answers: bool = True) -> list[Received]:
        """All frames until the server closes the connection; its Close is answered."""
        frames: list[Received] = []
        try:
            while True:
                frames.append(await self.read_frame())
                if answers and frames[-1].opcode == CLOSE:
                    await self.send(frame(CLOSE, frames[-1].payload))
        except (EOFError, trio.BrokenResourceError):
            return frames

    async def send(self, *frames: bytes) -> None:
        await self.stream.send_all(b"".join(frames))

    async def open(self, upgrade: str = UPGRADE, behind: bytes = b"") -> str:
        """Send the upgrade request, with something right behind it; gives the answer's head."""
        await self.stream.send_all(upgrade.encode() + behind)
        return await self.read_head()

    def reset(self) -> None:
        """Vanish with a reset."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.stream.socket.close()


def allow(_upgrade: Webhook) -> None:
    """Every upgrade is genuine."""


async def connected_streams() -> tuple[trio.SocketStream, trio.SocketStream]:
    """Two ends of a real TCP connection: the client's, the server's."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        client = await trio.open_tcp_stream(*listener.socket.getsockname()[:2])
        return client, await listener.accept()


@asynccontextmanager
async def turning_inlet() -> AsyncIterator[Inlet]:
    """An inlet whose wheel turns."""
    wheel = Wheel()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wheel.run)
        yield Inlet(wheel)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def media_peer(
    serve: Callable[[MediaSocket], Awaitable[None]],
    check: Callable[[Webhook], None] = allow,
    inlet: Inlet | None = None,
    *,
    is_known: bool = True,
) -> AsyncIterator[Peer]:
    """A peer whose other end is served; at the end of the block it has been served.

    Its call is known, or it is that of a stranger.
    """
    client, server = await connected_streams()
    async with client, trio.open_nursery() as nursery:

        async def serve_peer(media: MediaSocket) -> None:
            if is_known:
                media.admit()
            await serve(media)

        async def run() -> None:
            await serve_media_socket(server, check=check, serve=serve_peer, inlet=inlet)

        nursery.start_soon(run)
        yield Peer(client)
        await client.aclose()
