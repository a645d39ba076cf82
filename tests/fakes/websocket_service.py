"""A WebSocket service on this machine that may break every rule: frames by hand, real sockets."""

import base64
import hashlib
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import SO_LINGER, SOL_SOCKET
from typing import TypeAlias

import trio

from tests.fakes.rest_server import read_request
from tests.fakes.websocket_peer import CLOSE, GUID, frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the client has sent."""

    opcode: int
    payload: bytes


class Visit:
    """One connection, as the service sees it."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.head = b""
        self.unread = bytearray()

    async def accept(self, extra: bytes = b"") -> None:
        """Open the WebSocket, and say *extra* in the same breath."""
        key = self.field("sec-websocket-key").encode()
        proof = base64.b64encode(hashlib.sha1(key + GUID.encode()).digest())  # noqa: S324 - RFC
        await self.stream.send_all(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + proof + b"\r\n\r\n" + extra
        )

    def field(self, name: str) -> str:
        """A header of the request; empty if there is none."""
        for line in self.head.decode("ascii").split("\r\n"):
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return ""

    async def send(self, opcode: int, payload: bytes = b"") -> None:
        await self.stream.send_all(frame(opcode, payload, mask=None))

    async def close(self, code: int, reason: bytes = b"") -> None:
        """Say goodbye, and wait until the client has gone."""
        await self.stream.send_all(frame(CLOSE, code.to_bytes(2) + reason, mask=None))
        while await self.receive() is not None:
            pass

    async def receive(self) -> Frame | None:
        """The next frame of the client; None when it has gone."""
        head = await self.take(2)
        if not head:
            return None
        size = head[1] & 0x7F
        if size > 125:
            size = int.from_bytes(await self.take(2 if size == 126 else 8))
        mask = await self.take(4)
        masked = await self.take(size)
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(masked))
        return Frame(opcode=head[0] & 0x0F, payload=payload)

    async def take(self, size: int) -> bytes:
        while len(self.unread) < size:
            piece = await self.stream.receive_some()
            if not piece:
                return b""
            self.unread += piece
        taken = bytes(self.unread[:size])
        del self.unread[:size]
        return taken

    async def reset(self) -> None:
        assert isinstance(self.stream, trio.SocketStream)
        self.stream.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        await self.stream.aclose()


Act: TypeAlias = Callable[[Visit], Awaitable[None]]


class WebSocketService:
    """Does its ``act`` with each who comes; counts them."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.url = ""
        self.visits: list[Visit] = []
        self.closed = 0
        self.changed = trio.Event()

    async def serve(self, stream: trio.abc.Stream) -> None:
        visit = Visit(stream)
        self.visits.append(visit)
        try:
            async with stream:
                visit.head = await read_request(stream)
                if visit.head:
                    await self.act(visit)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self.closed += 1
            self.changed.set()
            self.changed = trio.Event()

    async def until_closed(self, times: int) -> None:
        """Wait until so many connections are over."""
        while self.closed < times:
            await self.changed.wait()


async def echo(visit: Visit) -> None:
    """Send every message back, until the client says goodbye."""
    await visit.accept()
    while (came := await visit.receive()) is not None:
        if came.opcode == CLOSE:
            await visit.send(CLOSE, came.payload)
            return
        await visit.send(came.opcode, came.payload)


@asynccontextmanager
async def serving(
    act: Act, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[WebSocketService, None]:
    """A service for as long as the block lasts."""
    service = WebSocketService(act)
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    service.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}/listen?model=nova-3"
    doors: list[trio.abc.Listener[trio.abc.Stream]] = [*listeners]
    if tls is not None:
        doors = [trio.SSLListener(door, tls, https_compatible=True) for door in listeners]
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, service.serve, doors)
        yield service
        nursery.cancel_scope.cancel()
