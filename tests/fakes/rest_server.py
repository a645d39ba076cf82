"""A small HTTP/1.1 server on this machine that does what a carrier's REST API should not do.

It serves real sockets and knows only as much of HTTP as its client needs.
"""

import ssl
import struct
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from socket import SO_LINGER, SOL_SOCKET
from typing import TypeAlias

import trio

Act: TypeAlias = Callable[["RestServer", trio.abc.Stream], Awaitable[None]]

FLOOD_BYTES = 64 << 20  # more than all buffers of the kernel together


def written(status: int, body: bytes = b"", **headers: str) -> bytes:
    """A whole answer; the names of *headers* have ``_`` for ``-``."""
    fields = {"content_length": str(len(body)), **headers}
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def reply(status: int, body: bytes = b"", **headers: str) -> Act:
    """Answer, and wait for more."""

    async def act(server: "RestServer", stream: trio.abc.Stream) -> None:
        await stream.send_all(written(status, body, **headers))

    return act


def send_and_close(answer: bytes) -> Act:
    """Send *answer*, whole or not, and close in order."""

    async def act(server: "RestServer", stream: trio.abc.Stream) -> None:
        await stream.send_all(answer)
        await stream.aclose()

    return act


def send_and_reset(answer: bytes) -> Act:
    """Send *answer*, whole or not, and break the connection."""

    async def act(server: "RestServer", stream: trio.abc.Stream) -> None:
        assert isinstance(stream, trio.SocketStream)
        if answer:
            await stream.send_all(answer)
        # To linger for 0 s: what was not sent is dropped, and the peer gets a reset.
        stream.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        await stream.aclose()

    return act


async def say_nothing(server: "RestServer", stream: trio.abc.Stream) -> None:
    """Never answer; the peer sends nothing more until it gives up."""
    await stream.receive_some()


async def flood(server: "RestServer", stream: trio.abc.Stream) -> None:
    """Answer with far too much, as long as somebody takes it."""
    await stream.send_all(written(200, content_length=str(FLOOD_BYTES)))
    for _ in range(FLOOD_BYTES >> 16):
        await stream.send_all(bytes(1 << 16))
        server.flooded_bytes += 1 << 16


class RestServer:
    """Does one of ``acts`` for each request, and the last of them for all further ones."""

    def __init__(self, *acts: Act) -> None:
        self.acts = deque(acts)
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = 0
        self.waiting = 0
        self.flooded_bytes = 0
        self.changed = trio.Event()
        self.url = ""

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection until either side ends it."""
        self.connections += 1
        try:
            async with stream:
                while await self.serve_one(stream):
                    pass
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self.closed += 1
            self.tell()

    async def serve_one(self, stream: trio.abc.Stream) -> bool:
        """Answer one request; False when there is none."""
        request = await read_request(stream)
        if not request:
            return False
        self.requests.append(request)
        self.waiting += 1
        self.tell()
        try:
            act = self.acts.popleft() if len(self.acts) > 1 else self.acts[0]
            await act(self, stream)
        finally:
            self.waiting -= 1
        return True

    def tell(self) -> None:
        """Wake who waits for a change."""
        self.changed.set()
        self.changed = trio.Event()

    async def until_waiting(self, times: int) -> None:
        """Wait until this many requests are not answered yet."""
        await self.until(lambda: self.waiting == times)

    async def until_closed(self, times: int) -> None:
        """Wait until this many connections are over."""
        await self.until(lambda: self.closed == times)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        while not condition():
            await self.changed.wait()


async def read_request(stream: trio.abc.Stream) -> bytes:
    """The next request with its body; nothing when the peer has gone."""
    request = bytearray()
    while b"\r\n\r\n" not in request:
        if not (piece := await stream.receive_some()):
            return b""
        request += piece
    head, _, body = bytes(request).partition(b"\r\n\r\n")
    missing = length_in(head) - len(body)
    while missing > 0:
        if not (piece := await stream.receive_some()):
            return b""
        request += piece
        missing -= len(piece)
    return bytes(request)


def length_in(head: bytes) -> int:
    """The length of the body that *head* announces."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


@asynccontextmanager
async def running(
    *acts: Act, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[RestServer, None]:
    """A server for as long as the block lasts."""
    server = RestServer(*acts)
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/calls"
    doors: list[trio.abc.Listener[trio.abc.Stream]] = [*listeners]
    if tls is not None:
        doors = [trio.SSLListener(door, tls, https_compatible=True) for door in listeners]
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, server.serve, doors)
        yield server
        nursery.cancel_scope.cancel()
