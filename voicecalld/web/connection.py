"""One connection: its head, which is only looked at, then one request, then goodbye."""

import re
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import trio

from voicecalld.web.head import MAX_HEAD_BYTES, RequestHead, measure_head, render_single_request
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.refusal import Refusal, refuse

ESTABLISHED = 1
"""The state of a TCP connection that neither end has closed; source: linux/tcp_states.h."""

STATUS_WITHOUT_PHRASE: Final = re.compile(rb"HTTP/1\.1 ([0-9]{3}) (?=\r\n)")
PHRASES: Final = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}

STALE_S = 0.05
"""How long to wait when the kernel reports news and there are none, as it may."""

ROOM_S = 1.0
"""How long a few bytes may take into a buffer that is empty."""


def configure_socket(sock: trio.socket.SocketType, limits: EdgeLimits) -> None:
    """Let the kernel give up a peer that takes nothing; Trio has seen to TCP_NODELAY."""
    milliseconds = round(limits.unacknowledged_s * 1000)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


async def peek_head(sock: trio.socket.SocketType) -> bytes:
    """The head of the request on *sock*, complete, still unread; empty: the peer has gone.

    Raises:
        BadHeadError: it will never be a head that we take.
        OSError: the connection is broken.

    The kernel is asked to wake us only when there is more than we have seen, so that a peer that
    sends byte by byte costs no more than its bytes.
    """
    received = b""
    try:
        while (size := measure_head(received)) is None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, len(received) + 1)
            await trio.lowlevel.wait_readable(sock)
            seen = len(received)
            received = await sock.recv(MAX_HEAD_BYTES, socket.MSG_PEEK)
            if len(received) > seen:
                continue
            if is_half_closed(sock):
                return b""
            await trio.sleep(STALE_S)
    finally:
        if sock.fileno() != -1:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
    return received[:size]


def is_half_closed(sock: trio.socket.SocketType) -> bool:
    """Whether the peer will send nothing any more."""
    state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return state[0] != ESTABLISHED


class RequestStream:
    """One request, as the HTTP server shall see it: then the peer says nothing, for ever.

    The head is ours, rendered from what was understood of it. Of the connection no more is read
    than the body, so that a second request stays where nobody reads it. That the peer has half
    closed, or gone, is no news for the server: it would cancel what is being done for a carrier
    that waits for the answer. Who has gone is found out by sending to it.

    It has what hypercorn asks of a `trio.SocketStream`, whose names these are. *on_whole* is
    called when all of the request has come.
    """

    def __init__(
        self,
        stream: trio.SocketStream,
        head: RequestHead,
        limits: EdgeLimits,
        on_whole: Callable[[], None],
    ) -> None:
        self.stream = stream
        self.socket = stream.socket
        self.limits = limits
        self.head = render_single_request(head)
        self.body_left_bytes = head.content_length
        self.body_until_s = trio.current_time() + limits.body_s
        self.answer_until_s: float | None = None
        self.refusal: Refusal | None = None
        self.closed = trio.Event()
        self.receiving = trio.CancelScope()
        self.on_whole = on_whole
        if not self.body_left_bytes:
            on_whole()

    @property
    def is_answered(self) -> bool:
        """Whether a part of an answer has been sent, so that no other can be."""
        return self.answer_until_s is not None

    async def receive_some(self, max_bytes: int) -> bytes:
        """The head, then the body in parts, then nothing until it is closed."""
        if self.closed.is_set():
            raise trio.ClosedResourceError("the request is over")
        if self.head:
            head, self.head = self.head, b""
            await trio.lowlevel.checkpoint()
            return head
        if self.body_left_bytes:
            return await self.receive_body(min(max_bytes, self.body_left_bytes))
        await self.closed.wait()
        raise trio.ClosedResourceError("the request is over")

    async def receive_body(self, most_bytes: int) -> bytes:
        """The next part of the body; if it does not come, the request is refused."""
        data = b""
        with trio.CancelScope(deadline=self.body_until_s) as self.receiving:
            try:
                data = await self.socket.recv(most_bytes)
            except OSError as error:
                self.close()
                raise trio.BrokenResourceError("the connection is broken") from error
        if self.closed.is_set():
            raise trio.ClosedResourceError("the request is over")
        if not data:
            raise self.give_up(is_late=self.receiving.cancelled_caught)
        self.body_left_bytes -= len(data)
        if not self.body_left_bytes:
            self.on_whole()
        return data

    def give_up(self, *, is_late: bool) -> trio.BrokenResourceError:
        """Refuse the request, whose body does not come in time or not at all."""
        self.refusal = refuse(408, "body too slow") if is_late else refuse(400, "body cut off")
        self.close()
        return trio.BrokenResourceError("there is no more of the body")

    async def send_all(self, data: bytes) -> None:
        """Send a part of the answer; all of it must have been taken in time.

        hypercorn shields this from being cancelled, so the deadline is in here.
        """
        if self.closed.is_set():
            raise trio.ClosedResourceError("the request is over")
        if self.answer_until_s is None:
            self.answer_until_s = trio.current_time() + self.limits.answer_s
            data = with_phrase(data)
        try:
            with trio.fail_at(self.answer_until_s):
                await self.stream.send_all(data)
        except (trio.BrokenResourceError, trio.TooSlowError) as error:
            # hypercorn only tells the application; whoever waits for the body must hear of it.
            self.close()
            raise trio.BrokenResourceError("the peer has gone, or does not read") from error

    async def send_eof(self) -> None:
        """Nothing yet: `say_goodbye` does it."""
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        """End the request; the connection stays, for what is still on its way to the peer."""
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """End the request, and whoever waits for its body."""
        self.closed.set()
        self.receiving.cancel()


def with_phrase(answer: bytes) -> bytes:
    """The beginning of an *answer*, its status in words too, which hypercorn leaves out."""
    found = STATUS_WITHOUT_PHRASE.match(answer)
    phrase = PHRASES.get(int(found[1])) if found else None
    return answer if found is None or phrase is None else found[0] + phrase + answer[found.end() :]


async def take_head(sock: trio.socket.SocketType, size: int) -> None:
    """Read *size* bytes off *sock*, which are there.

    Raises:
        OSError: the connection is broken.
    """
    while size:
        taken = len(await sock.recv(size))
        if not taken:
            raise ConnectionResetError("what was there has gone")
        size -= taken


async def send_last(stream: trio.SocketStream, answer: bytes) -> None:
    """Send *answer*, or give it up; nothing was sent before, so there is room for it at once."""
    with trio.move_on_after(ROOM_S):
        try:
            await stream.send_all(answer)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return


async def say_goodbye(sock: trio.socket.SocketType, limits: EdgeLimits) -> None:
    """Let the peer have what was sent to it, before the connection is closed.

    TCP withdraws an answer that has not been read when the connection is closed while something
    that the peer has sent is unread, as behind every refusal. So that is read and dropped, in
    bounds.
    """
    left_bytes = limits.linger_bytes
    with trio.move_on_after(limits.linger_s):
        try:
            sock.shutdown(socket.SHUT_WR)
            while left_bytes > 0 and (data := await sock.recv(min(left_bytes, 65_536))):
                left_bytes -= len(data)
        except OSError:
            return
