"""A WebSocket server on loopback for the simulated live transcribers, with faults to order."""

import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import trio
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

GARBAGE: tuple[str | bytes, ...] = (
    "",
    "{",
    "null",
    "[]",
    "{}",
    b"\x00\xff",
    '{"type": 7}',
    '{"type": "Results"}',
    '{"type": "Results", "channel": {"alternatives": [{"transcript": 7}]}, "start": 0}',
    '{"type": "Results", "channel": {"alternatives": [{}]}, "start": NaN, "duration": 1}',
    '{"type": "TurnInfo", "event": "Explosion"}',
    '{"type": "input_audio_buffer.committed"}',
    '{"type": "conversation.item.input_audio_transcription.completed"}',
    '{"type": "something.new"}',
)


@dataclass(slots=True, kw_only=True)
class Faults:
    """What goes wrong; *statuses* are of successive connections, 101 or none is well."""

    statuses: tuple[int, ...] = ()
    cuts: int = 0  # connections that are reset at the first utterance's end
    garbage: bool = False
    doubled: bool = False
    swapped: bool = False
    silent: bool = False  # nothing final is ever said
    not_ready: bool = False
    delay_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Diary:
    """What a server has seen."""

    requests: list[Request] = field(default_factory=list)
    messages: list[object] = field(default_factory=list)
    sound: bytearray = field(default_factory=bytearray)
    open_connections: int = 0
    emptied: trio.Event = field(default_factory=trio.Event)  # the last client has gone


class ServerSocket:
    """The server's end of one WebSocket."""

    def __init__(self, stream: trio.SocketStream, diary: Diary) -> None:
        self.stream = stream
        self.diary = diary
        self.protocol = ServerProtocol()
        self.inbox: list[Frame] = []

    async def accept(self, status: int) -> bool:
        """Take the request for a WebSocket, or refuse it."""
        while (request := self.take_request()) is None:
            if not await self.feed():
                return False
        self.diary.requests.append(request)
        if status == 101:
            response = self.protocol.accept(request)
        else:
            body = json.dumps({"err_code": "REFUSED", "err_msg": "not with this key"})
            response = self.protocol.reject(HTTPStatus(status), body)
        self.protocol.send_response(response)
        await self.flush()
        return status == 101

    def take_request(self) -> Request | None:
        for event in self.protocol.events_received():
            if isinstance(event, Request):
                return event
        return None

    async def feed(self) -> bool:
        data = await self.stream.receive_some()
        if data:
            self.protocol.receive_data(data)
        else:
            self.protocol.receive_eof()
        return bool(data)

    async def flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                await self.stream.send_all(data)

    async def send(self, message: object) -> None:
        """Send *message*: text and bytes as they are, everything else as JSON."""
        if isinstance(message, bytes):
            self.protocol.send_binary(message)
        else:
            text = message if isinstance(message, str) else json.dumps(message)
            self.protocol.send_text(text.encode())
        await self.flush()

    async def receive(self) -> str | bytes | None:
        """The next message; None: the client has gone."""
        while True:
            for event in self.protocol.events_received():
                if isinstance(event, Frame):
                    self.inbox.append(event)
            await self.flush()
            while self.inbox:
                frame = self.inbox.pop(0)
                if frame.opcode is Opcode.TEXT:
                    text = bytes(frame.data).decode()
                    self.diary.messages.append(json.loads(text))
                    return text
                if frame.opcode is Opcode.BINARY:
                    self.diary.sound += frame.data
                    return bytes(frame.data)
            if not await self.feed():
                return None

    async def reset(self) -> None:
        """Vanish."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self.stream.aclose()


Serve = Callable[[ServerSocket], Awaitable[None]]


async def serve_one(stream: trio.SocketStream, serve: Serve, faults: Faults, diary: Diary) -> None:
    """Serve one connection until its client goes."""
    number = len(diary.requests)
    status = faults.statuses[number] if number < len(faults.statuses) else 101
    diary.open_connections += 1
    try:
        async with stream:
            client = ServerSocket(stream, diary)
            if await client.accept(status):
                await serve(client)
    except (trio.BrokenResourceError, trio.ClosedResourceError, InvalidState):
        return
    finally:
        diary.open_connections -= 1
        if not diary.open_connections:
            diary.emptied.set()


@asynccontextmanager
async def open_live_server(
    serve: Serve, faults: Faults, diary: Diary, *, port: int = 0
) -> AsyncIterator[str]:
    """The address of a server for as long as the block lasts."""
    (listener,) = await trio.open_tcp_listeners(port, host="127.0.0.1")

    async def handle(stream: trio.SocketStream) -> None:
        await serve_one(stream, serve, faults, diary)

    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, handle, [listener])
        yield f"ws://127.0.0.1:{listener.socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()
