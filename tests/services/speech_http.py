"""What all simulated speech services over HTTP share: sound in chunks, well or badly."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import h11
import trio

from tests.carriers.http_server import reset, serve_requests
from tests.services.speech_faults import WELL, Faults, When
from voicecalld.provider.http import HttpRequest

CHUNK_BYTES = 1601  # odd, so that samples of two bytes are cut in halves


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service that is well answers."""

    status: int = 200
    content_type: str
    body: bytes


@dataclass(slots=True, kw_only=True)
class SpeechServer:
    """Serves one connection after the other; *voice* is what the service makes of a request.

    ``requests`` is what it was asked, ``abandoned`` how many answers nobody heard to the end.
    """

    voice: Callable[[HttpRequest], Answer]
    faults: Faults = WELL
    requests: list[HttpRequest] = field(default_factory=list)
    abandoned: int = 0
    connections: int = 0
    url: str = ""
    changed: trio.Event = field(default_factory=trio.Event)

    async def serve(self, stream: trio.SocketStream) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        try:
            await serve_requests(self.answer, stream)
        finally:
            self.connections -= 1
            self.tell()

    async def answer(
        self, connection: h11.Connection, stream: trio.SocketStream, request: HttpRequest
    ) -> None:
        """Answer one request."""
        if request.method != "POST":  # somebody warms a connection
            await self.send_head(connection, stream, 405, "text/plain", 0)
            return
        faults = self.faults if len(self.requests) < self.faults.times else WELL
        self.requests.append(request)
        self.tell()
        is_whole = False
        try:
            is_whole = await self.send(connection, stream, self.voice(request), faults)
        finally:
            if not is_whole:
                self.abandoned += 1
                self.tell()

    async def send(
        self,
        connection: h11.Connection,
        stream: trio.SocketStream,
        answer: Answer,
        faults: Faults,
    ) -> bool:
        """Send *answer* as *faults* will have it; whether that was all of it."""
        await trio.sleep(faults.delay_s)
        if await misbehave(stream, faults, When.AT_ONCE):
            return False
        status = faults.status if faults.status != 200 else answer.status
        body = answer.body if faults.body is None else faults.body
        kind = faults.content_type or answer.content_type
        head = h11.Response(
            status_code=status,
            headers=[("content-type", kind), ("transfer-encoding", "chunked"), *faults.headers],
        )
        await stream.send_all(connection.send(head) or b"")
        chunks = [body[i : i + CHUNK_BYTES] for i in range(0, len(body), CHUNK_BYTES)]
        for number, chunk in enumerate(chunks):
            if number == len(chunks) // 2 and await misbehave(stream, faults, When.IN_THE_MIDDLE):
                return False
            await stream.send_all(connection.send(h11.Data(data=chunk)) or b"")
        while faults.is_endless:
            await stream.send_all(connection.send(h11.Data(data=body[:1600] * 10)) or b"")
        await stream.send_all(connection.send(h11.EndOfMessage()) or b"")
        return True

    async def send_head(
        self,
        connection: h11.Connection,
        stream: trio.SocketStream,
        status: int,
        kind: str,
        length: int,
    ) -> None:
        """An answer without a body."""
        head = h11.Response(
            status_code=status, headers=[("content-type", kind), ("content-length", str(length))]
        )
        await stream.send_all(
            (connection.send(head) or b"") + (connection.send(h11.EndOfMessage()) or b"")
        )

    def tell(self) -> None:
        """Wake who waits for a change."""
        self.changed.set()
        self.changed = trio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        while not condition():
            await self.changed.wait()


async def misbehave(stream: trio.SocketStream, faults: Faults, now: When) -> bool:
    """Do what *faults* has for this moment; whether the answer ends here."""
    if faults.stall is now:
        await stream.receive_some()  # until the client gives up
        return True
    if faults.cut is now:
        await stream.aclose()
        return True
    if faults.reset is now:
        await reset(stream)
        return True
    return False


@asynccontextmanager
async def open_speech_server(
    voice: Callable[[HttpRequest], Answer], *, port: int = 0
) -> AsyncGenerator[SpeechServer, None]:
    """A server on this machine for as long as the block lasts."""
    server = SpeechServer(voice=voice)
    listeners = await trio.open_tcp_listeners(port, host="127.0.0.1")
    server.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, server.serve, listeners)
        try:
            yield server
        finally:
            nursery.cancel_scope.cancel()
