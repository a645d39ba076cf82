"""The edge: lets everybody in for a moment, finds out what he wants, and hands him on.

A media stream goes to its own server with not a byte read; a request goes to hypercorn, and
nothing of the connection with it but that request; all else is told that it gets no further.
"""

import errno
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

import structlog
import trio
from hypercorn.typing import ASGIFramework

from voicecalld.edge_settings import StreamingSettings, WebhookSecuritySettings
from voicecalld.errors import BadHeadError
from voicecalld.web.client_address import Proxies, household, parse_address
from voicecalld.web.connection import (
    RequestStream,
    configure_socket,
    peek_head,
    say_goodbye,
    send_last,
    take_head,
)
from voicecalld.web.head import RequestHead, parse_head
from voicecalld.web.http_server import HttpServer
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.refusal import Refusal, RefusalLog, refuse, refuse_for_now, refuse_head
from voicecalld.web.strays import show_path
from voicecalld.web.streams import PendingStream, Room, Streams
from voicecalld.web.visitors import Visitor, Visitors

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

# accept(2) fails with these when the process or the machine has no more of something.
EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
RECOVERY_S: Final = 0.1  # until there may be more of it

OpenStream = Callable[[trio.SocketStream, PendingStream], Awaitable[None]]


class Edge:
    """Serves everybody who connects, within limits.

    Args:
        webhook_paths: what the operator is told about *app*.
        streaming: how many media streams there may be.
        security: the proxies that are believed.
        app: answers every request that is no media stream.
        open_streams: for each path of media streams, what serves one there, whose request is
            still unread, until it is over; the connection is closed afterwards.
        limits: what a peer may take.
    """

    def __init__(
        self,
        *,
        webhook_paths: Sequence[str],
        streaming: StreamingSettings,
        security: WebhookSecuritySettings,
        app: ASGIFramework,
        open_streams: Mapping[str, OpenStream],
        limits: EdgeLimits | None = None,
    ) -> None:
        self.limits = limits or EdgeLimits()
        self.webhook_paths = [*webhook_paths]
        self.proxies = Proxies(security.trusted_proxy_ips)
        self.http = HttpServer(app)
        self.open_streams = open_streams
        self.visitors = Visitors(self.limits)
        self.streams = Streams(streaming)
        self.refusals = RefusalLog(trio.current_time)
        self.answering: set[trio.socket.SocketType] = set()
        self.accepting = trio.CancelScope()
        self.address: tuple[str, int] = ("", 0)

    async def run(
        self,
        listeners: Sequence[trio.SocketListener],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until `close`, and until everybody has gone then; the listeners are closed.

        Cancelling it ends everything at once, whatever the peers do; media streams have the
        moment that ``open_streams`` take for its own end.
        """
        self.address = listeners[0].socket.getsockname()[:2]
        host, port = self.address
        webhooks, streams = self.webhook_paths, [*self.open_streams]
        log.info("edge open", host=host, port=port, webhooks=webhooks, streams=streams)
        async with trio.open_nursery() as watching:
            watching.start_soon(self.break_answers_at_the_end)
            async with trio.open_nursery() as connections:
                task_status.started()
                with self.accepting:
                    await self.accept_all(listeners, connections)
            watching.cancel_scope.cancel()

    def close(self) -> None:
        """Let nobody in any more; closing twice is harmless."""
        self.accepting.cancel()

    async def accept_all(
        self, listeners: Sequence[trio.SocketListener], connections: trio.Nursery
    ) -> None:
        """Let in who comes to any of the *listeners*, until cancelled."""
        try:
            async with trio.open_nursery() as doors:
                for listener in listeners:
                    doors.start_soon(self.accept, listener, connections)
        finally:
            for listener in listeners:
                listener.socket.close()

    async def accept(self, listener: trio.SocketListener, connections: trio.Nursery) -> None:
        """Let in who comes to *listener*, until cancelled."""
        while True:
            try:
                stream = await listener.accept()
            except OSError as error:
                if error.errno not in EXHAUSTED:
                    raise
                self.refusals.note("no file or memory left", "")
                self.visitors.evict(None)
                await trio.sleep(RECOVERY_S)
                continue
            connections.start_soon(self.serve_connection, stream)

    async def break_answers_at_the_end(self) -> None:
        """Close what is being answered when we are cancelled: hypercorn shields its sending."""
        try:
            await trio.sleep_forever()
        finally:
            for sock in self.answering:
                sock.close()

    async def serve_connection(self, stream: trio.SocketStream) -> None:
        """Serve one connection, whatever it is, and close it."""
        try:
            await self.serve_peer(stream)
        except* OSError:
            pass  # it has gone, which is its right
        except* Exception:  # a bug ends this connection, and nothing else
            log.exception("connection failed")
        finally:
            stream.socket.close()

    async def serve_peer(self, stream: trio.SocketStream) -> None:
        """Give the peer a place, if there is one, and serve it."""
        configure_socket(stream.socket, self.limits)
        peer = str(stream.socket.getpeername()[0])
        visitor = self.visitors.enter(
            None if self.proxies.has(parse_address(peer)) else household(peer)
        )
        if visitor is None:
            self.refusals.note("too many connections", peer)
            refusal = refuse(HTTPStatus.SERVICE_UNAVAILABLE, "")
            await send_last(stream, refusal.answer)
            return
        try:
            with visitor.scope:
                await self.serve_visitor(stream, visitor, peer)
        finally:
            self.visitors.leave(visitor)

    async def serve_visitor(self, stream: trio.SocketStream, visitor: Visitor, peer: str) -> None:
        """Find out what a visitor wants, and hand him on."""
        try:
            raw = await self.wait_head(stream.socket)
            if not raw:
                return
            head = parse_head(raw)
            client = self.introduce(visitor, head, peer)
            if head.is_websocket_upgrade:
                await self.serve_upgrade(stream, visitor, head, client)
                return
            self.check_body(head)
        except BadHeadError as error:
            await self.turn_away(stream, refuse_head(error), peer)
            return
        await take_head(stream.socket, len(raw))
        request = RequestStream(
            stream, head, self.limits, on_whole=partial(self.visitors.heard, visitor)
        )
        await self.serve_request(request, visitor, client, peer)

    async def wait_head(self, sock: trio.socket.SocketType) -> bytes:
        """The head of a request, unread, in time; empty: the peer has gone."""
        with trio.move_on_after(self.limits.head_s):
            return await peek_head(sock)
        raise BadHeadError(HTTPStatus.REQUEST_TIMEOUT, "head too slow")

    def introduce(self, visitor: Visitor, head: RequestHead, peer: str) -> str:
        """The address of the client, who has room for this request."""
        client = self.proxies.client_of(peer, head.values("x-forwarded-for"))
        if not self.visitors.introduce(visitor, household(client)):
            raise BadHeadError(HTTPStatus.TOO_MANY_REQUESTS, "too many requests of a client")
        return client

    def check_body(self, head: RequestHead) -> None:
        """Refuse what is too long before a byte of it is read."""
        if head.content_length > self.limits.body_bytes:
            raise BadHeadError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body too long")

    async def serve_upgrade(
        self, stream: trio.SocketStream, visitor: Visitor, head: RequestHead, client: str
    ) -> None:
        """Hand a media stream on, with not a byte read, if there is room for it."""
        open_stream = self.open_streams.get(head.path)
        if open_stream is None:
            await self.turn_away_from(stream, head.path, client)
            return
        match self.streams.room(client):
            case Room.NONE:
                raise BadHeadError(HTTPStatus.SERVICE_UNAVAILABLE, "too many media streams")
            case Room.NONE_TO_WAIT:
                refusal = refuse_for_now(head, "too many pending media streams")
                await self.turn_away(stream, refusal, client)
            case Room.ENOUGH:
                self.visitors.leave(visitor)
                await self.serve_stream(stream, open_stream, client)

    async def turn_away_from(self, stream: trio.SocketStream, path: str, client: str) -> None:
        """Tell a peer that there are no media streams at *path*."""
        refusal = refuse(HTTPStatus.NOT_FOUND, "WebSocket on another path")
        paths = sorted(self.open_streams)
        await self.turn_away(stream, refusal, client, path=show_path(path), paths=paths)

    async def serve_stream(
        self, stream: trio.SocketStream, open_stream: OpenStream, client: str
    ) -> None:
        """Have a media stream served until it is over."""
        with self.streams.admit(client) as pending:
            try:
                await open_stream(stream, pending)
            except* Exception:  # here also of an OSError it is not the peer that is to blame
                log.exception("media stream failed")

    async def serve_request(
        self, request: RequestStream, visitor: Visitor, client: str, peer: str
    ) -> None:
        """Have a request answered, and close the connection in such a way that it is read."""
        stream = request.stream
        self.answering.add(stream.socket)
        try:
            with trio.move_on_after(self.limits.request_s) as serving:
                await self.http.serve(request, client, peer)
        finally:
            self.answering.discard(stream.socket)
        refusal = request.refusal
        if serving.cancelled_caught:
            refusal = refuse(HTTPStatus.GATEWAY_TIMEOUT, "answer too slow")
        self.visitors.answered(visitor)
        if refusal is None:
            await say_goodbye(stream.socket, self.limits)
        elif not request.is_answered:
            await self.turn_away(stream, refusal, client)

    async def turn_away(
        self, stream: trio.SocketStream, refusal: Refusal, client: str, **details: object
    ) -> None:
        """Tell a peer that it gets no further, and the operator why."""
        self.refusals.note(refusal.reason, client, **details)
        await send_last(stream, refusal.answer)
        await say_goodbye(stream.socket, self.limits)
