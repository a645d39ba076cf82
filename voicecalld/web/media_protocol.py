"""The WebSocket protocol of a media stream, without a socket: bytes in, messages and bytes out.

Strict about what it knows, and cheap for what is usual: that is cut by position, everything else
is judged by the library (websockets), which is dear: there must not be much of it. No extensions,
no subprotocols but the one that the carrier wants, text only.
"""

import codecs
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from voicecalld.errors import BadSignatureError
from voicecalld.net.message_stream import POLICY_VIOLATION
from voicecalld.provider.http import Webhook
from voicecalld.web.allowance import Allowance
from voicecalld.web.frames import MAX_MESSAGE_BYTES, cut_text, frame_end

HEAD_END: Final = b"\r\n\r\n"
MALFORMED: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

# Behind our goodbye the library sees every frame; a message with sound in it is not so small.
SMALL_FRAME_BYTES: Final = 128


class MediaProtocol:
    """The server's end of one WebSocket; its ``allowance`` says how patient it is.

    A peer that offers *subprotocol* gets it; one that does not is as welcome.
    """

    def __init__(self, now_s: Callable[[], float], subprotocol: str = "") -> None:
        def select(_library: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
            return next((name for name in offered if name == subprotocol), None)

        self.allowance = Allowance(now_s)
        self.library = ServerProtocol(max_size=MAX_MESSAGE_BYTES, select_subprotocol=select)
        self.is_open = False
        """Whether messages may be sent: not before the handshake, nor after either Close."""
        self.has_finished = False
        """Whether nothing is left to be said: only the connection is to be closed."""
        self.unread = b""  # the beginning of a frame
        self.fragments: list[str] | None = None  # of a message that is not whole
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.unsent: list[bytes] = []

    def shake_hands(self, head: bytes, check: Callable[[Webhook], None]) -> None:
        """Answer the upgrade request *head*; *check* raises BadSignatureError to refuse it."""
        self.library.receive_data(head)
        requests = self.library.events_received()
        if not requests:
            self.unsent.append(MALFORMED)
            self.has_finished = True
        for request in requests:
            assert isinstance(request, Request)
            self.library.send_response(self.answer(request, check))
        self.collect_unsent()
        self.is_open = self.library.state is State.OPEN

    def answer(self, request: Request, check: Callable[[Webhook], None]) -> Response:
        """Accept the upgrade, or refuse it."""
        response = self.library.accept(request)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            try:
                check(upgrade_of(request))
            except BadSignatureError:
                return self.library.reject(HTTPStatus.FORBIDDEN, "Forbidden\n")
        return response

    def receive(self, data: bytes) -> list[str]:
        """The messages that *data* completes, up to the peer's Close or its first mistake."""
        if not self.allowance.take_bytes(len(data)):
            self.fail(POLICY_VIOLATION)
        data = self.unread + data if self.unread else data
        begin = 0
        messages: list[str] = []
        try:
            while self.is_open and begin < len(data):
                usual = cut_text(data, begin) if self.fragments is None else None
                if usual is not None:
                    payload, begin = usual
                    messages.append(str(payload, "utf-8"))
                    if not self.allowance.take_frame():
                        self.fail(POLICY_VIOLATION)
                    continue
                end = frame_end(data, begin)
                if end is None or end > len(data):
                    break
                messages += self.judge(data[begin:end])
                begin = end
        except UnicodeDecodeError:
            self.fail(CloseCode.INVALID_DATA)
        self.unread = data[begin:]
        return messages

    def judge(self, frame: bytes) -> list[str]:
        """Let the library look at a *frame* that is not usual; the message that it completes."""
        messages: list[str] = []
        if not self.allowance.take_odd_frame():
            self.fail(POLICY_VIOLATION)
            return messages
        self.library.receive_data(frame)
        for event in self.library.events_received():
            assert isinstance(event, Frame)
            if event.opcode is Opcode.BINARY:
                self.fail(CloseCode.UNSUPPORTED_DATA)
            elif event.opcode in {Opcode.TEXT, Opcode.CONT}:
                messages += self.put_together(event)
        self.collect_unsent()
        return messages

    def put_together(self, frame: Frame) -> list[str]:
        """Take one part of a message; the message, if it was the last one."""
        fragments = self.fragments or []
        self.fragments = None if frame.fin else fragments
        # Empty parts are not kept: any number of them makes no message too long.
        fragments += filter(None, [self.decoder.decode(frame.data, final=frame.fin)])
        return ["".join(fragments)] if frame.fin else []

    def receive_rest(self, data: bytes) -> None:
        """Look for the peer's Close in what comes behind ours; messages count no more."""
        data, begin = self.unread + data, 0
        while self.library.state is State.CLOSING and not self.has_finished:
            end = frame_end(data, begin)
            if end is None or end > len(data):
                break
            self.pass_over(data[begin:end])
            begin = end
        self.unread = data[begin:]

    def pass_over(self, frame: bytes) -> None:
        """Let the library look at a *frame* behind our Close, unless there are too many."""
        if len(frame) < SMALL_FRAME_BYTES and not self.allowance.take_odd_frame():
            self.fail(POLICY_VIOLATION)
            return
        self.library.receive_data(frame)
        self.library.events_received()
        self.collect_unsent()

    def close(self, code: int) -> None:
        """Say goodbye with *code*, once."""
        if self.is_open:
            self.library.send_close(code)
            self.collect_unsent()

    def lose(self) -> None:
        """The connection has gone without a goodbye."""
        self.is_open = False

    def ping(self) -> None:
        """Ask for a sign of life."""
        if self.is_open:
            self.library.send_ping(b"")
            self.collect_unsent()

    def fail(self, code: int) -> None:
        """The peer has broken a rule that the library does not know: tell it so, and stop.

        What it sends from now on is nobody's.
        """
        self.library.fail(code)
        self.collect_unsent()

    def collect_unsent(self) -> None:
        """Take what the library has to say; it may have drawn a line."""
        pieces = self.library.data_to_send()
        self.unsent += filter(None, pieces)
        self.has_finished |= b"" in pieces  # its wish for a half-close
        self.is_open &= self.library.state is State.OPEN

    def data_to_send(self) -> list[bytes]:
        """What is to be sent to the peer, in order; it is then no longer here."""
        unsent, self.unsent = self.unsent, []
        return unsent


def upgrade_of(request: Request) -> Webhook:
    """The upgrade request as a carrier's proof is checked; a header given twice proves nothing."""
    headers: dict[str, str] = {}
    for name, value in request.headers.raw_items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return Webhook(method=request.method, url=request.path, headers=headers, body=b"")
