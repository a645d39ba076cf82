"""The connection below a WebSocket: where it goes to, and how far the handshake may go."""

import re
from dataclasses import dataclass
from ssl import SSLContext
from typing import Final
from urllib.parse import urlsplit

import trio

from voicecalld.errors import ServiceError, ServiceRefusedError, UnreachableServiceError
from voicecalld.net.http_client import reason_of
from voicecalld.printable import printable

# Of the answer that opens a WebSocket, or tells why not.
MOST_HANDSHAKE_BYTES = 64 * 1024

MOST_WORDS = 200  # characters of a service's own words in a message

DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}
SWITCHING_PROTOCOLS = 101
STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r]")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketAddress:
    """The parts of a WebSocket's URL."""

    host: str
    port: int
    is_secure: bool
    host_header: str
    target: str  # path and query; a service may want its key there


def parse_url(url: str) -> WebSocketAddress:
    """The parts of *url*.

    Raises:
        ServiceError: it is not the URL of a WebSocket.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ServiceError("the service's URL cannot be understood") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not is_visible(url):
        raise ServiceError("the service's URL is not one of a WebSocket")
    query = f"?{parts.query}" if parts.query else ""
    return WebSocketAddress(
        host=parts.hostname,
        port=port or DEFAULT_PORTS[parts.scheme],
        is_secure=parts.scheme == "wss",
        host_header=parts.netloc.rpartition("@")[2],
        target=(parts.path or "/") + query,
    )


def is_visible(text: str) -> bool:
    """Whether *text* can stand in the first line of a request."""
    return text.isascii() and text.isprintable() and " " not in text


async def connect(address: WebSocketAddress, trust: SSLContext | None) -> trio.abc.Stream:
    """A connection to *address*, over TLS if there are authorities to *trust*.

    Raises:
        UnreachableServiceError: there is none.
    """
    try:
        stream = await trio.open_tcp_stream(address.host, address.port)
        if trust is None:
            return stream
        return await shake_hands(stream, address.host, trust)
    except (OSError, UnicodeError, trio.BrokenResourceError) as error:
        reason = reason_of(error)
        raise UnreachableServiceError(f"the service cannot be reached: {reason}") from error


async def shake_hands(
    stream: trio.SocketStream, host: str, trust: SSLContext
) -> trio.SSLStream[trio.SocketStream]:
    """TLS over *stream*, which is closed if there can be none."""
    secure = trio.SSLStream(stream, trust, server_hostname=host, https_compatible=True)
    try:
        await secure.do_handshake()
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return secure


class HandshakeStream(trio.abc.Stream):
    """*stream*, which while the WebSocket is not open yet raises when it cannot be any more.

    trio-websocket would wait for ever then, or gather whatever the service sends.
    """

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.is_open = False
        self.head = bytearray()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send *data*."""
        try:
            await self.stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await self.check_soon()  # noqa: ASYNC120 - it is shielded
            raise

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there is room for some bytes."""
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """Some bytes, as soon as there are any; none at the end, if that may be."""
        try:
            data = await self.stream.receive_some(max_bytes)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await self.check_soon()  # noqa: ASYNC120 - it is shielded
            raise
        if not data:
            await self.check_soon()
        if not self.is_open:
            self.keep(data)
        return data

    def keep(self, data: bytes | bytearray) -> None:
        """Add *data* to the service's answer to the handshake."""
        self.head += data
        if len(self.head) > MOST_HANDSHAKE_BYTES:
            self.check_open()

    async def check_soon(self) -> None:
        """Check that the WebSocket is open, after who waits for that could say it is."""
        await trio.lowlevel.cancel_shielded_checkpoint()
        self.check_open()

    def check_open(self) -> None:
        """Raise what the service's answer means if the WebSocket is not open: it is all we get."""
        if self.is_open:
            return
        status = STATUS_LINE.match(self.head)
        if status and int(status[1]) != SWITCHING_PROTOCOLS:
            raise refusal(int(status[1]), bytes(self.head).partition(b"\r\n\r\n")[2])
        raise ServiceError("the service's answer is not that of a WebSocket")

    async def aclose(self) -> None:
        """Close the connection."""
        await self.stream.aclose()


def refusal(status: int, body: bytes) -> ServiceRefusedError:
    """The error for a service that answers with *status* instead of opening a WebSocket."""
    words = printable(body[:MOST_HANDSHAKE_BYTES].decode("utf-8", "replace").strip())[:MOST_WORDS]
    message = f"the service refuses a WebSocket with status {status}"
    return ServiceRefusedError(
        f"{message}: {words}" if words else message, status=status, body=body
    )
