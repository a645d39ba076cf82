"""A WebSocket to a service: opened in time, closed at once, and broken only as a whole.

trio-websocket 0.12 does the work. What it lacks is here: a bounded handshake that notices when
the service goes away, pings that are answered while nobody reads, a reader that cannot cancel the
block (its issue 184), a goodbye that does not last, and sending that is not cut in mid-frame.
"""

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from ssl import SSLContext
from typing import Final

import h11
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    WebSocketConnection,
    wrap_client_stream,
)
from wsproto.utilities import ProtocolError

from voicecalld.errors import ServiceClosedError, ServiceError, UnreachableServiceError
from voicecalld.net.http_client import OUR_HEADERS, read_trust
from voicecalld.net.websocket_stream import (
    MOST_WORDS,
    HandshakeStream,
    WebSocketAddress,
    connect,
    parse_url,
    refusal,
)
from voicecalld.printable import printable

MOST_MESSAGE_BYTES = 1 << 20

# While they fill up, pings are answered. So much sound, 20 ms each, nobody falls behind.
MOST_UNREAD_MESSAGES = 256

# A message is sent whole even if the sender is cancelled, as half of one would spoil the rest. The
# kernel mostly takes it at once; a service that has not read for so long is of no use in a call.
# Whoever is cancelled, as at the end of a call, has less time: for the message and the goodbye.
SEND_S = 2.0
HASTY_SEND_S = 0.1

# So long a service may take to say goodbye as well; whoever is cancelled wants to be elsewhere.
GOODBYE_S = 0.5
HASTY_GOODBYE_S = 0.1

NO_GOODBYE: Final = 1006  # RFC 6455, section 7.4.1


class WebSocketClient:
    """What goes both ways; one task may receive while others send."""

    def __init__(self, stream: HandshakeStream, connection: WebSocketConnection) -> None:
        self.stream = stream
        self.connection = connection
        self.sending: set[trio.CancelScope] = set()
        self.send_s = SEND_S

    async def send(self, message: str | bytes) -> None:
        """Send *message*, wholly or, if this is cancelled before it begins, not at all.

        Raises:
            ServiceClosedError: the WebSocket is closed.
            ServiceError: the service does not read; the WebSocket is closed now.
        """
        await trio.lowlevel.checkpoint()
        with trio.move_on_after(self.send_s, shield=True) as patience:
            self.sending.add(patience)
            try:
                await self.connection.send_message(message)
            except (ConnectionClosed, ProtocolError):
                raise self.closure() from None
            finally:
                self.sending.discard(patience)
        if patience.cancelled_caught:
            await trio.aclose_forcefully(self.stream)
            raise ServiceError(f"the service has not read what it was sent for {self.send_s:g} s")

    async def hurry_when_cancelled(self) -> None:
        """Wait to be cancelled, and let what is being sent last no longer than it must."""
        try:
            await trio.sleep_forever()
        finally:
            self.send_s = HASTY_SEND_S
            for patience in self.sending:
                patience.deadline = min(patience.deadline, trio.current_time() + HASTY_SEND_S)

    async def receive(self) -> str | bytes:
        """The next message: text or bytes, as the service sent it.

        Raises:
            ServiceClosedError: the WebSocket is closed, and all that came before is received.
        """
        try:
            return await self.connection.get_message()
        except ConnectionClosed:
            raise self.closure() from None

    def closure(self) -> ServiceClosedError:
        """How the WebSocket was closed, by whichever side."""
        closed = self.connection.closed
        code = NO_GOODBYE if closed is None else int(closed.code)
        reason = "" if closed is None else printable(closed.reason or "")[:MOST_WORDS]
        words = f"the service's WebSocket is closed: {code} {reason}".rstrip()
        return ServiceClosedError(words, code=code, reason=reason)

    async def say_goodbye(self) -> None:
        """Send a Close, and wait for the service's."""
        with suppress(ProtocolError):
            await self.connection.aclose()


@asynccontextmanager
async def open_websocket(
    url: str,
    *,
    headers: Mapping[str, str],
    connect_s: float,
    most_message_bytes: int = MOST_MESSAGE_BYTES,
    trust: SSLContext | None = None,
) -> AsyncGenerator[WebSocketClient, None]:
    """A WebSocket with the service at *url* (``ws:`` or ``wss:``) for as long as the block lasts.

    Name look-up, TCP, TLS and handshake have *connect_s* together. A message of more than
    *most_message_bytes* closes the WebSocket with code 1009. Of *trust*, whose certificates are
    believed, the default is the authorities that certifi lists.

    Raises:
        UnreachableServiceError: there is no connection, or no answer in time.
        ServiceRefusedError: the service answers, but wants no WebSocket.
        ServiceError: its answer cannot be understood, or *url* or *headers* cannot be sent.
    """
    address = parse_url(url)
    fields = [written_field(*field) for field in {**headers, **OUR_HEADERS}.items()]
    if address.is_secure:
        trust = trust or await read_trust()
    deadline = trio.current_time() + connect_s
    with in_time(deadline):
        stream = HandshakeStream(await connect(address, trust if address.is_secure else None))
    try:
        with lone_errors():
            async with trio.open_nursery() as nursery:
                with in_time(deadline):
                    connection = await nursery.start(
                        keep_reading, stream, address, fields, most_message_bytes
                    )
                client = WebSocketClient(stream, connection)
                nursery.start_soon(client.hurry_when_cancelled)
                try:
                    yield client
                finally:
                    with trio.move_on_after(goodbye_s(), shield=True):
                        await client.say_goodbye()
                    nursery.cancel_scope.cancel()
    finally:
        await trio.aclose_forcefully(stream)


async def keep_reading(
    stream: HandshakeStream,
    address: WebSocketAddress,
    fields: list[tuple[bytes, bytes]],
    most_message_bytes: int,
    task_status: trio.TaskStatus[WebSocketConnection],
) -> None:
    """Open a WebSocket over *stream*, hand it over, and read from it until its end.

    Nothing that ends it is raised once it is open: who sends or receives is told.
    """
    try:
        with lone_errors():
            async with trio.open_nursery() as nursery:
                connection = await wrap_client_stream(
                    nursery,
                    stream,  # type: ignore[arg-type]  # any stream will do, it says
                    address.host_header,
                    address.target,
                    extra_headers=fields,
                    message_queue_size=MOST_UNREAD_MESSAGES,
                    max_message_size=most_message_bytes,
                )
                stream.is_open = True
                task_status.started(connection)
    except ConnectionRejected as answer:
        raise refusal(answer.status_code, answer.body or b"") from None
    except (ConnectionClosed, ProtocolError, h11.ProtocolError):
        stream.check_open()


def goodbye_s() -> float:
    """How long to wait for the service's Close."""
    is_cancelled = trio.current_effective_deadline() <= trio.current_time()
    return HASTY_GOODBYE_S if is_cancelled else GOODBYE_S


def written_field(name: str, value: str) -> tuple[bytes, bytes]:
    """A header as it is sent.

    Raises:
        ServiceError: it cannot be; its words are not quoted, for they may be a secret.
    """
    if not f"{name}{value}".isascii() or not f"{name}{value}".isprintable():
        raise ServiceError("a header of the request to the service cannot be written as HTTP")
    return name.encode("ascii"), value.strip().encode("ascii")


@contextmanager
def in_time(deadline: float) -> Generator[None, None, None]:
    """Until *deadline* there must be a WebSocket.

    Raises:
        UnreachableServiceError: there is none.
    """
    with trio.CancelScope(deadline=deadline) as patience:
        yield
    if patience.cancelled_caught:
        raise UnreachableServiceError("the service has not opened a WebSocket in time")


@contextmanager
def lone_errors() -> Generator[None, None, None]:
    """Whatever a nursery of the block raises is raised without its group, if it is one error.

    It counts as one also if the block was being cancelled, however deep that is in the group.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        error = lone_error(group)
        if error is None:
            raise
        raise error from error.__cause__


def lone_error(group: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """The only thing in *group* that is no cancellation, out of all groups that it is alone in."""
    rest: BaseException | None = group.split(trio.Cancelled)[1]
    while isinstance(rest, BaseExceptionGroup) and len(rest.exceptions) == 1:
        (rest,) = rest.exceptions
    return rest
