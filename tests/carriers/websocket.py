"""The client's end of a WebSocket, as a carrier opens it for a call's sound."""

import socket
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import trio
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tests.carriers.outside import NoAnswerError, RefusedStreamError
from voicecalld.errors import StreamBrokenError

# A customer who has not read half a minute of sound does not listen.
MAX_UNREAD_BYTES = 512 * 1024
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
GOODBYE_S = 1.0
OFFERS = "Sec-WebSocket-Protocol"


async def shake_hands(
    stream: trio.SocketStream, url: str, headers: Mapping[str, str]
) -> "ClientSocket":
    """A WebSocket over *stream*.

    Raises:
        NoAnswerError: the server went away.
        RefusedStreamError: it wants no WebSocket.
    """
    others = {name: value for name, value in headers.items() if name != OFFERS}
    offered = [Subprotocol(headers[OFFERS])] if OFFERS in headers else None
    protocol = ClientProtocol(parse_uri(url), max_size=MAX_MESSAGE_BYTES, subprotocols=offered)
    client = ClientSocket(stream, protocol)
    try:
        await client.shake_hands(others)
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return client


@asynccontextmanager
async def open_client(client: "ClientSocket") -> AsyncIterator[None]:
    """Let *client* write inside of the block; at its end it says goodbye."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.write)
        try:
            yield
        finally:
            with trio.move_on_after(GOODBYE_S, shield=True):
                await client.say_goodbye()
            nursery.cancel_scope.cancel()


class ClientSocket:
    """A message stream; see `tests.carriers.outside.CustomerStream`."""

    def __init__(self, stream: trio.SocketStream, protocol: ClientProtocol) -> None:
        self.faults: list[str] = []
        self.written = trio.Event()  # nothing is left to be written
        self._stream = stream
        self._protocol = protocol
        self._unsent = bytearray()
        self._wake = trio.Event()
        self._fragments = bytearray()

    @property
    def close_code(self) -> int | None:
        """The code of the server's Close frame; None before, 1006 if there was none."""
        received = self._protocol.close_rcvd
        if received is not None:
            return int(received.code)
        return 1006 if self._protocol.state is State.CLOSED else None

    async def shake_hands(self, headers: Mapping[str, str]) -> None:
        """Ask for a WebSocket, and wait until it is one."""
        request = self._protocol.connect()
        request.headers.update(headers)
        self._protocol.send_request(request)
        try:
            await self._stream.send_all(b"".join(self._protocol.data_to_send()))
            while self._protocol.state is State.CONNECTING and not self._has_failed():
                await self._feed()
        except trio.BrokenResourceError as problem:
            raise NoAnswerError("the connection broke", connected=True) from problem
        if self._protocol.handshake_exc is not None:
            self._refuse(self._protocol.handshake_exc)

    def _has_failed(self) -> bool:
        return self._protocol.handshake_exc is not None

    def _refuse(self, problem: Exception) -> None:
        if isinstance(problem, InvalidStatus):
            raise RefusedStreamError(problem.response.status_code) from problem
        raise NoAnswerError(f"no WebSocket: {problem}", connected=True) from problem

    async def _feed(self) -> bool:
        """Take what the server has sent; False at its end."""
        data = await self._stream.receive_some()
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._collect()
        return bool(data)

    def send(self, message: str) -> None:
        """Hand *message* over.

        Raises:
            StreamBrokenError: the server has gone, or has stopped reading.
        """
        if self._protocol.state is not State.OPEN:
            raise StreamBrokenError("the stream is closed")
        if len(self._unsent) > MAX_UNREAD_BYTES:
            raise StreamBrokenError("the customer does not read")
        self._protocol.send_text(message.encode())
        self._collect()

    async def receive(self) -> Sequence[str]:
        """Wait for messages and take all that are there; none at all: the server has closed."""
        try:
            while True:
                messages = self._take_messages()
                if messages:
                    return messages
                if self._protocol.state is not State.OPEN or not await self._feed():
                    return self._take_messages()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            if self._protocol.state is not State.CLOSED:
                self._protocol.receive_eof()
            return ()

    def _take_messages(self) -> Sequence[str]:
        messages = []
        for event in self._protocol.events_received():
            if not isinstance(event, Frame):
                continue  # the server's answer to the handshake
            if event.opcode is Opcode.BINARY:
                self.faults.append("a binary message")
            if event.opcode in {Opcode.TEXT, Opcode.CONT, Opcode.BINARY}:
                self._fragments += event.data
                if event.fin:
                    messages.append(self._fragments.decode("utf-8", "replace"))
                    self._fragments.clear()
        return messages

    def close(self, code: int = 1000) -> None:
        """Say goodbye to the server; closing twice is harmless."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code)
        self._collect()
        if not self._unsent:
            self.written.set()

    async def say_goodbye(self) -> None:
        """Close, and wait for the server to do the same."""
        self.close()
        await self.written.wait()
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while self._protocol.state is not State.CLOSED and await self._feed():
                self._protocol.events_received()

    async def abort(self) -> None:
        """Break the connection without a goodbye."""
        self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self._stream.aclose()
        self._protocol.receive_eof()
        self.written.set()

    def _collect(self) -> None:
        for piece in self._protocol.data_to_send():
            self._unsent += piece
        if self._unsent:
            self.written = trio.Event()
            self._wake.set()

    async def write(self) -> None:
        """Send until cancelled, or until the server has gone."""
        try:
            while True:
                await self._wake.wait()
                self._wake = trio.Event()
                piece = bytes(self._unsent)
                await self._stream.send_all(piece)
                del self._unsent[: len(piece)]
                if self._unsent:
                    self._wake.set()
                else:
                    self.written.set()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.written.set()
