"""Clients of the edge that do what no carrier does, on real sockets; and one that is honest."""

import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

import trio

PATIENCE_S: Final = 60.0
"""When a test hangs; nothing is measured by it."""

# --- requests ------------------------------------------------------------------------

LINE: Final = b"POST /voice/webhook HTTP/1.1\r\n"
START: Final = LINE + b"Host: calls.example.test\r\n"
GET: Final = b"GET /voice/webhook HTTP/1.1\r\nHost: calls.example.test\r\n"
UPGRADE: Final = (
    b"GET /voice/stream HTTP/1.1\r\nHost: calls.example.test\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: c2l4dGVlbiBieXRlcy4uLg==\r\n"
)
# What an attacker would like to be taken for a request of its own.
INNER: Final = b"POST /inner HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


def post(body: bytes = b"a=1", path: str = "/voice/webhook", more: bytes = b"") -> bytes:
    """An honest webhook."""
    head = f"POST {path} HTTP/1.1\r\nHost: calls.example.test\r\n".encode()
    return head + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


# Why it is dangerous -> what is sent, and what is answered. Most would make two parsers disagree
# about where the request ends, or about whose it is.
HOSTILE_HEADS: Final[dict[str, tuple[bytes, int]]] = {
    "length and chunks": (
        START + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
        400,
    ),
    "chunks and length": (
        START + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + INNER,
        400,
    ),
    "chunks": (START + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER, 411),
    "a bad end of chunks": (
        START + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcxx0\r\n\r\n" + INNER,
        411,
    ),
    "an extension of chunks": (
        START + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n" + INNER,
        411,
    ),
    "unknown coding": (START + b"Transfer-Encoding: xchunked\r\n\r\n" + INNER, 411),
    "two codings": (START + b"Transfer-Encoding: chunked, identity\r\n\r\n" + INNER, 411),
    "coding twice": (
        START + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + INNER,
        411,
    ),
    "an empty coding": (START + b"Transfer-Encoding:\r\n\r\n" + INNER, 411),
    "coding behind a tab": (START + b"Transfer-Encoding:\tchunked\r\n\r\n" + INNER, 411),
    "chunks in HTTP/1.0": (
        b"POST /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + INNER,
        505,
    ),
    "two different lengths": (
        START + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc" + INNER,
        400,
    ),
    "two equal lengths": (
        START + b"Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc" + INNER,
        400,
    ),
    "a list of lengths": (START + b"Content-Length: 3, 3\r\n\r\nabc" + INNER, 400),
    "a length with a plus": (START + b"Content-Length: +3\r\n\r\nabc" + INNER, 400),
    "a length with a minus": (START + b"Content-Length: -1\r\n\r\nabc" + INNER, 400),
    "a hexadecimal length": (START + b"Content-Length: 0x3\r\n\r\nabc" + INNER, 400),
    "a length with a zero": (START + b"Content-Length: 03\r\n\r\nabc" + INNER, 400),
    "a length with a blank": (START + b"Content-Length: 1 0\r\n\r\nabc" + INNER, 400),
    "an empty length": (START + b"Content-Length:\r\n\r\nabc" + INNER, 400),
    "a length of other digits": (
        START + "Content-Length: ٣\r\n\r\nabc".encode() + INNER,
        400,
    ),
    "a length that wraps round": (
        START + b"Content-Length: 18446744073709551619\r\n\r\nabc" + INNER,
        400,
    ),
    "line feeds alone": (START.replace(b"\r\n", b"\n") + b"\n" + INNER, 400),
    "one line feed alone": (START + b"A: b\nContent-Length: 9\r\n\r\n" + INNER, 400),
    "a line feed in an unfinished head": (START + b"A: b\nC: d\r\n", 400),
    "carriage return alone": (START + b"A: b\rContent-Length: 9\r\n\r\n" + INNER, 400),
    "a folded line": (START + b"A: b\r\n Content-Length: 9\r\n\r\n" + INNER, 400),
    "a folded line with a tab": (START + b"A: b\r\n\tContent-Length: 9\r\n\r\n" + INNER, 400),
    "a blank before the first field": (LINE + b" Host: x\r\nHost: y\r\n\r\n" + INNER, 400),
    "a NUL in a value": (START + b"A: b\0c\r\n\r\n" + INNER, 400),
    "a NUL in a name": (START + b"Content-Length\0: 9\r\n\r\n" + INNER, 400),
    "a control character in a value": (START + b"A: \x1b[2J\r\n\r\n", 400),
    "a blank before a colon": (START + b"Content-Length : 9\r\n\r\n" + INNER, 400),
    "a tab before a colon": (START + b"Transfer-Encoding\t: chunked\r\n\r\n" + INNER, 400),
    "no colon": (START + b"Content-Length 9\r\n\r\n" + INNER, 400),
    "a field without a name": (START + b": 9\r\n\r\n" + INNER, 400),
    "a name that is no token": (START + b"Content(Length): 9\r\n\r\n" + INNER, 400),
    "the absolute form": (b"POST http://evil.test/a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "the form of CONNECT": (b"CONNECT evil.test:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "CONNECT to a path": (b"CONNECT /a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "the asterisk": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a fragment": (b"POST /voice/webhook#a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a backslash": (b"POST /voice\\webhook HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a target that is not ASCII": ("POST /vöice HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400),
    "a broken escape": (b"POST /a%2 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a control character in the target": (b"POST /a\x1b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a tab in the target": (b"POST /a\tb HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a blank in the target": (b"POST /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "two blanks": (b"POST  /a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a method in lower case": (b"post /a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "HTTP/1.0": (b"POST /a HTTP/1.0\r\nHost: x\r\n\r\n", 505),
    "HTTP/9.9": (b"POST /a HTTP/9.9\r\nHost: x\r\n\r\n", 505),
    "HTTP/1.10": (b"POST /a HTTP/1.10\r\nHost: x\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /a\r\n\r\n", 400),
    "http in lower case": (b"POST /a http/1.1\r\nHost: x\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "an empty line first": (b"\r\n" + START + b"\r\n", 400),
    "nothing but an empty line": (b"\r\n\r\n", 400),
    "no host": (LINE + b"A: b\r\n\r\n", 400),
    "two hosts": (START + b"Host: evil.test\r\n\r\n", 400),
    "two equal hosts": (START + b"Host: calls.example.test\r\n\r\n", 400),
    "an empty host": (LINE + b"Host:\r\n\r\n", 400),
    "a host with a path": (LINE + b"Host: x/y\r\n\r\n", 400),
    "a host with a user": (LINE + b"Host: a@x\r\n\r\n", 400),
    "a list of hosts": (LINE + b"Host: x, y\r\n\r\n", 400),
    "an expectation": (START + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc", 417),
    "an upgrade to HTTP/2": (
        GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: a\r\n\r\n",
        400,
    ),
    "an upgrade to a list": (
        UPGRADE.replace(b"websocket", b"websocket, h2c") + b"\r\n",
        400,
    ),
    "two upgrades": (UPGRADE + b"Upgrade: websocket\r\n\r\n", 400),
    "an upgrade with a body": (UPGRADE + b"Content-Length: 3\r\n\r\nabc", 400),
    "an upgrade with chunks": (UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    "an upgrade by POST": (UPGRADE.replace(b"GET", b"POST") + b"\r\n", 400),
    "an upgrade of nothing": (UPGRADE.replace(b"Connection: Upgrade\r\n", b"") + b"\r\n", 400),
    "too many fields": (START + b"A: b\r\n" * 100 + b"\r\n", 431),
    "too long": (START + b"A: " + b"b" * 16_384 + b"\r\n\r\n", 431),
    "too long, without an end": (START + b"A: " + b"b" * 16_384, 431),
}


# --- clients -------------------------------------------------------------------------


async def connect(address: tuple[str, int], source: str = "127.0.0.1") -> trio.SocketStream:
    """A connection from one of the addresses of the loopback."""
    sock = trio.socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        await sock.bind((source, 0))
        await sock.connect(address)
    except OSError:
        sock.close()
        raise
    return trio.SocketStream(sock)


async def ask(address: tuple[str, int], raw: bytes, source: str = "127.0.0.1") -> bytes:
    """Send *raw* and read until the other end has closed."""
    async with await connect(address, source) as stream:
        with contextlib.suppress(trio.BrokenResourceError):
            await stream.send_all(raw)
        return await read_to_the_end(stream)


async def read_to_the_end(stream: trio.SocketStream) -> bytes:
    """All that comes before the other end closes or breaks the connection."""
    received = b""
    with trio.fail_after(PATIENCE_S), contextlib.suppress(trio.BrokenResourceError):
        while data := await stream.receive_some(65_536):
            received += data
    return received


def status_of(answer: bytes) -> int:
    """The status of the one answer that there is."""
    assert answer.count(b"HTTP/1.1 ") == 1, answer[:200]
    return int(answer.split(b" ", 2)[1])


@contextlib.contextmanager
def crowd(
    address: tuple[str, int], count: int, source: str = "127.0.0.1", says: bytes = b""
) -> Iterator[list[socket.socket]]:
    """Many connections that say a little and then nothing."""
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_connection(address, source_address=(source, 0)))
            for _ in range(count)
        ]
        for sock in sockets:
            with contextlib.suppress(OSError):  # it may have had to make room already
                sock.sendall(says)
        yield sockets


@contextlib.asynccontextmanager
async def deaf(address: tuple[str, int], raw: bytes) -> AsyncIterator[trio.SocketStream]:
    """A connection that asks, and never reads the answer, for which it has little room."""
    sock = trio.socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    await sock.connect(address)
    async with trio.SocketStream(sock) as stream:
        await stream.send_all(raw)
        yield stream


async def drip(stream: trio.SocketStream, raw: bytes, pause_s: float) -> None:
    """Send byte by byte, until it is all sent or the other end has had enough."""
    with contextlib.suppress(trio.BrokenResourceError):
        for at in range(len(raw)):
            await stream.send_all(raw[at : at + 1])
            await trio.sleep(pause_s)


def abort(stream: trio.SocketStream) -> None:
    """Break the connection, as a peer does whose process was killed: with a reset."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.socket.close()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds; what it depends on happens in the kernel."""
    pause_s = 0.002
    with trio.fail_after(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - nobody could set an event
            await trio.sleep(pause_s)
            pause_s *= 1.5  # a clock that jumps does so once for each
