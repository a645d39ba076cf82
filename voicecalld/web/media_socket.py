"""The WebSocket of one media stream: its messages, from the socket to the call and back.

Writing never waits. Reading is the business of the task that wants the messages: there is no
queue and no task between the socket and the call.
"""

import contextlib
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context

import trio

from voicecalld.errors import StreamBrokenError
from voicecalld.net.inlet import Inlet
from voicecalld.net.message_stream import NORMAL_CLOSURE
from voicecalld.provider.http import Webhook
from voicecalld.web.frames import text_frame
from voicecalld.web.media_protocol import HEAD_END, MediaProtocol
from voicecalld.web.socket_output import SocketOutput

CHUNK_BYTES = 1 << 14

# The head was seen before the connection came here, so this is for a peer that is being clever.
HANDSHAKE_S = 5.0
MAX_HEAD_BYTES = 1 << 14

# A carrier sends fifty frames a second, yet it may leave out silence: so a quiet one is asked
# with a ping, which every peer must answer, and given up when nothing at all comes back.
QUIET_S = 15.0

# For the last bytes and the peer's goodbye; afterwards the connection is cut.
GOODBYE_S = 1.0

# A dozen seconds of sound that were on their way; who sends more meanwhile is cut off as well.
GOODBYE_BYTES = 1 << 18

# RFC 6455, section 7.4.1: said when the program stops.
GOING_AWAY = 1001


async def serve_media_socket(
    stream: trio.SocketStream,
    *,
    check: Callable[[Webhook], None],
    serve: Callable[["MediaSocket"], Awaitable[None]],
    inlet: Inlet | None = None,
    subprotocol: str = "",
) -> None:
    """Open the WebSocket that somebody asks for on *stream*, and let *serve* have it.

    *stream* has not been read from, and cannot be used afterwards. *check* gets the upgrade
    request and raises BadSignatureError to refuse it. When *serve* returns, the peer is said
    goodbye; when it is cancelled, the connection is cut at once. Until it has called
    `MediaSocket.admit` the peer may send little. With an *inlet* its messages are delivered
    together with those of others, which is much cheaper when there are many. A peer that offers
    *subprotocol* gets it.
    """
    media = MediaSocket(take_over(stream), inlet, subprotocol)
    try:
        with trio.move_on_after(HANDSHAKE_S):
            await media.shake_hands(check)
        if media.is_open:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(media.output.run)
                nursery.start_soon(media.watch)
                await serve(media)
                nursery.cancel_scope.cancel()
        with trio.move_on_after(GOODBYE_S):
            await media.say_goodbye()
    finally:
        media.cut()


def take_over(stream: trio.SocketStream) -> socket.socket:
    """The plain socket below *stream*, which is empty from now on."""
    plain = socket.socket(fileno=stream.socket.detach())
    plain.setblocking(False)
    if plain.family != socket.AF_UNIX:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain


class MediaSocket:
    """Our end of one WebSocket: a `voicecalld.net.message_stream.MessageStream`."""

    def __init__(
        self, plain: socket.socket, inlet: Inlet | None = None, subprotocol: str = ""
    ) -> None:
        self.socket = plain
        self.inlet = inlet
        self.output = SocketOutput(plain)
        self.protocol = MediaProtocol(trio.current_time, subprotocol)
        self.inbox: list[str] = []  # what came right behind the handshake
        self.has_ended = False
        """Whether nothing more will come from the peer."""
        self.was_heard = True

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self.protocol.is_open and not self.output.is_broken

    def admit(self) -> None:
        """Note that the peer's call is known: it may send and leave unread what a call needs."""
        self.protocol.allowance.is_known = True
        self.output.admit()

    # --- what the call does ----------------------------------------------------------

    def send(self, message: str) -> None:
        """Send *message*, or keep it for the moment at which the kernel takes it.

        Raises:
            StreamBrokenError: the peer has gone, or has stopped reading.
        """
        if not self.protocol.is_open or not self.output.write(text_frame(message)):
            raise StreamBrokenError("the peer has gone, or does not read")

    async def receive(self) -> Sequence[str]:
        """Wait for messages and take all that are there; none at all: the peer has closed."""
        messages, self.inbox = self.inbox, []
        if messages or not self.is_open:
            await trio.lowlevel.checkpoint()
        while self.is_open and not messages:
            messages = self.understand(await self.read())
        return messages

    async def deliver(self, take: Callable[[Sequence[str]], None]) -> None:
        """Call *take* with messages as they come, until the peer has closed."""
        if self.inlet is None:
            while messages := await self.receive():
                take(messages)
            return
        await trio.lowlevel.checkpoint()
        waiting, self.inbox = self.inbox, []
        if waiting:
            take(waiting)
        if self.is_open:
            delivery = Delivery(self, take)
            with self.inlet.reading(self.socket, delivery):
                await self.output.closing.wait()
            delivery.check()

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        """Say goodbye to the peer, with a *code* that says why; closing twice is harmless."""
        if self.is_open:
            self.protocol.close(code)
            self.pass_on()
            self.output.wake()

    # --- with the peer ---------------------------------------------------------------

    async def shake_hands(self, check: Callable[[Webhook], None]) -> None:
        """Read the upgrade request, and answer it; the socket is then open, or it is not."""
        data = b""
        while HEAD_END not in data:
            data += await self.read()
            if self.has_ended or len(data) > MAX_HEAD_BYTES:
                return
        head, end, rest = data.partition(HEAD_END)
        self.protocol.shake_hands(head + end, check)
        self.pass_on()
        self.inbox = self.understand(rest)

    async def read(self) -> bytes:
        """Wait for bytes; none if nothing more will come, or whoever waits is to look again."""
        try:
            await trio.lowlevel.wait_readable(self.socket)
        except trio.ClosedResourceError:
            return b""
        return self.read_some()

    def read_some(self) -> bytes:
        """Some of the bytes that are there."""
        try:
            data = self.socket.recv(CHUNK_BYTES)
        except BlockingIOError:
            return b""
        except OSError:  # a reset
            data = b""
        self.was_heard = True
        if not data:
            self.has_ended = True
            self.protocol.lose()
        return data

    def understand(self, data: bytes) -> list[str]:
        """The messages that *data* completes; what else is in it is answered."""
        messages = self.protocol.receive(data)
        if self.protocol.unsent:
            self.pass_on()
        return messages

    def pass_on(self) -> None:
        """Send what the protocol has to say."""
        for data in self.protocol.data_to_send():
            self.output.write(data)

    async def watch(self) -> None:
        """Ask a silent peer whether it is there, and drop it if it is not, until cancelled."""
        while True:
            self.was_heard = False
            await trio.sleep(QUIET_S)
            if self.was_heard:
                continue
            self.protocol.ping()
            self.pass_on()
            await trio.sleep(QUIET_S)
            if not self.was_heard:
                self.output.drop()

    async def say_goodbye(self) -> None:
        """Close, and wait until the peer has done so as well."""
        self.close()
        data = b""
        left_bytes = GOODBYE_BYTES
        while not self.has_ended and left_bytes > 0:
            self.protocol.receive_rest(data)
            self.pass_on()
            await self.output.drain()
            if self.output.is_broken:
                return
            if self.protocol.has_finished:
                # The peer reads all that it was sent; a plain close could take it away again.
                with contextlib.suppress(OSError):
                    self.socket.shutdown(socket.SHUT_WR)
            data = await self.read()
            left_bytes -= len(data)

    def cut(self) -> None:
        """Close the connection without waiting, with a goodbye if there was none."""
        self.close(GOING_AWAY)
        self.output.wake()
        with contextlib.suppress(OSError):
            # What lies unread would make a reset of the close, and take our goodbye away.
            self.socket.recv(CHUNK_BYTES)
        self.socket.close()


class Delivery:
    """Hands over what is read from a media socket, in the task of whoever finds it there."""

    def __init__(self, media: MediaSocket, take: Callable[[Sequence[str]], None]) -> None:
        self.media = media
        self.take = take
        self.failure: Exception | None = None
        self.context = copy_context()  # for the log: whose call it is

    def read_now(self) -> None:
        """Read and hand over what is there."""
        media = self.media
        try:
            messages = media.understand(media.read_some())
            if messages:
                self.context.run(self.take, messages)
        except Exception as error:  # noqa: BLE001 - raised again in the task that it is for
            self.failure = error
            media.output.wake()
        if not media.is_open:
            media.output.wake()

    def check(self) -> None:
        """Raise what came of handing over."""
        if self.failure is not None:
            raise self.failure
