"""One client's connection: its requests run side by side, its answers leave in one queue.

When a client has gone, what it has asked for stops where it is; only the placing of a call and its
hanging up are seen through (`handlers`). So whoever writes one of these and leaves is obeyed. A
client who only closes its sending half, as ``socat`` does, still gets its answers.
"""

import select
from typing import Final

import structlog
import trio

from voicecalld.control.dispatch import Dispatcher
from voicecalld.control.following import follow
from voicecalld.control.parties import Service, StoredEvent
from voicecalld.control.wire import render_event
from voicecalld.errors import BadMessageError, JournalError
from voicecalld.rpc.json_line import MAX_LINE_BYTES
from voicecalld.rpc.jsonrpc import (
    INVALID_REQUEST,
    Batch,
    Failure,
    Notification,
    Request,
    join_responses,
    parse_request,
    render_notification,
    render_response,
)
from voicecalld.rpc.methods import EVENT

MAX_IN_FLIGHT: Final = 32  # as many as calls could be waited for; then reading waits
QUEUED_LINES: Final = (
    16  # enough to keep the writer busy; every one may be an answer of some 100 kB
)
PIECE_BYTES: Final = 64 * 1024
PATIENCE_S: Final = 10.0  # for a client to take one piece: a person who stopped a pager
LAST_WORDS_S: Final = 1.0  # to read what a client wrote before it went

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class LineReader:
    """The lines of a stream, of which none may be longer than `MAX_LINE_BYTES`."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.unread = bytearray()
        self.searched_bytes = 0

    async def read_line(self) -> bytes | None:
        """The next line without its line feed; ``None`` at the end, half a line or not.

        Raises:
            BadMessageError: the line is too long.
        """
        while (end := self.unread.find(b"\n", self.searched_bytes)) < 0:
            self.searched_bytes = len(self.unread)
            if self.searched_bytes > MAX_LINE_BYTES:
                break
            if not await self.read_more():
                return None
        if end < 0 or end > MAX_LINE_BYTES:
            raise BadMessageError(f"a line is longer than {MAX_LINE_BYTES} bytes")
        line = bytes(self.unread[:end])
        del self.unread[: end + 1]
        self.searched_bytes = 0
        return line

    async def read_more(self) -> bool:
        """Read some bytes; false at the end, however it came."""
        try:
            received = await self.stream.receive_some(PIECE_BYTES)
        except trio.BrokenResourceError:
            return False
        self.unread += received
        return bool(received)


class Connection:
    """Serves one client, who has been let in."""

    def __init__(self, stream: trio.SocketStream, service: Service) -> None:
        self.stream = stream
        self.service = service
        self.dispatcher = Dispatcher(service)
        self.in_flight = trio.Semaphore(MAX_IN_FLIGHT)
        self.all_read = trio.Event()
        self.waiting = trio.CancelScope()
        self.outbox, self.outgoing = trio.open_memory_channel[bytes](QUEUED_LINES)

    async def serve(self) -> None:
        """Answer requests until the client goes, breaks the rules, or does not read."""
        async with self.stream, trio.open_nursery() as nursery:
            nursery.start_soon(self.write_lines, nursery.cancel_scope)
            async with self.outbox:
                await self.serve_requests()

    async def serve_requests(self) -> None:
        """Run requests until all are answered that the client still waits for."""
        async with trio.open_nursery() as watch:
            watch.start_soon(self.stop_when_gone)
            with self.waiting:
                async with trio.open_nursery() as requests:
                    await self.read_requests(requests)
                    self.all_read.set()
            watch.cancel_scope.cancel()

    async def stop_when_gone(self) -> None:
        """Let nobody wait on behalf of a client who is gone."""
        await wait_gone(self.stream.socket)
        # A reader that waits for requests to end would otherwise wait for ever.
        with trio.move_on_after(LAST_WORDS_S):
            await self.all_read.wait()
        self.waiting.cancel()

    async def read_requests(self, requests: trio.Nursery) -> None:
        """Start what the client asks for in *requests*, until it says no more."""
        reader = LineReader(self.stream)
        try:
            while (line := await reader.read_line()) is not None:
                await self.in_flight.acquire()
                requests.start_soon(self.answer_line, line, requests)
        except BadMessageError as error:
            # Where the next line begins is unknown, so this was the last one.
            refusal = Failure(id=None, code=INVALID_REQUEST, message=f"Invalid Request: {error}")
            await self.outbox.send(render_response(refusal))
            self.waiting.cancel()

    async def answer_line(self, line: bytes, requests: trio.Nursery) -> None:
        """Do what *line* asks, answer, and then begin to tell events if that was asked."""
        try:
            await self.answer_request(line, requests)
        finally:
            self.in_flight.release()

    async def answer_request(self, line: bytes, requests: trio.Nursery) -> None:
        """Do what *line* asks."""
        parsed = parse_request(line)
        items = parsed.items if isinstance(parsed, Batch) else (parsed,)
        responses: list[bytes] = []
        follow_after: int | None = None
        # The requests of a batch run one after another, as their author wrote them.
        for item in items:
            if isinstance(item, Failure):
                responses.append(render_response(item))
            else:
                answered = await self.dispatcher.answer(item)
                if answered.follow_after is not None:
                    follow_after = answered.follow_after
                if isinstance(item, Request):
                    responses.append(render_response(answered.response))
            if isinstance(parsed, Batch):
                # The calls' sound must not wait for a whole batch. Shielded, because a batch of
                # orders to hang up is obeyed to its end, as its requests would be one by one.
                await trio.lowlevel.cancel_shielded_checkpoint()
        if responses:
            joined = join_responses(responses) if isinstance(parsed, Batch) else responses[0]
            await self.outbox.send(joined)
        if follow_after is not None:
            requests.start_soon(self.tell_events, follow_after)

    async def tell_events(self, after: int) -> None:
        """Tell all events after number *after*; a client who misses one is dropped."""
        reason = "does not keep up with events"
        try:
            await follow(self.service.journal, after, self.tell_event)
        except JournalError as error:
            reason = str(error)
        log.warning("control client dropped", reason=reason)
        self.waiting.cancel()

    async def tell_event(self, event: StoredEvent) -> None:
        """Queue one notification."""
        notification = Notification(method=EVENT, params=render_event(event))
        await self.outbox.send(render_notification(notification))

    async def write_lines(self, connection: trio.CancelScope) -> None:
        """Send what is queued; ends the connection if the client does not take it."""
        try:
            async for line in self.outgoing:
                await self.write_line(line)
        except trio.BrokenResourceError:
            connection.cancel()
        except trio.TooSlowError:
            log.warning("control client dropped", reason="does not read")
            connection.cancel()

    async def write_line(self, line: bytes) -> None:
        """Send one line, in pieces, each of which proves that the client still reads."""
        for start in range(0, len(line), PIECE_BYTES):
            with trio.fail_after(PATIENCE_S):
                await self.stream.send_all(line[start : start + PIECE_BYTES])


async def wait_gone(sock: trio.socket.SocketType) -> None:
    """Wait until the peer of a Unix socket has closed it for reading as well as for writing.

    Reading tells only of the latter. An epoll object that waits for nothing still reports a
    hang-up, and can itself be waited for. Source: epoll_ctl(2), EPOLLHUP.
    """
    with select.epoll() as watched:
        watched.register(sock.fileno(), 0)
        await trio.lowlevel.wait_readable(watched)
