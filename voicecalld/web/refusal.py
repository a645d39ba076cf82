"""What peers are told who get no further, in few bytes; and how often which of them were."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog

from voicecalld.errors import BadHeadError
from voicecalld.net.message_stream import TRY_AGAIN_LATER
from voicecalld.net.noise import Noise
from voicecalld.web.head import RequestHead, malformed

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

WEBSOCKET_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a peer gets no further, in words of ours, and the bytes that tell it."""

    reason: str
    answer: bytes


def refuse(status: int, reason: str) -> Refusal:
    """A refusal by HTTP, after which the connection is closed."""
    status = HTTPStatus(status)
    text = f"{status.phrase}\n"
    answer = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"content-type: text/plain\r\n"
        f"content-length: {len(text)}\r\n"
        f"connection: close\r\n\r\n{text}"
    )
    return Refusal(reason=reason, answer=answer.encode())


def refuse_head(error: BadHeadError) -> Refusal:
    """The refusal of a head that we do not take."""
    return refuse(error.status, error.reason)


def refuse_for_now(head: RequestHead, reason: str) -> Refusal:
    """A refusal by WebSocket: the upgrade, and at once the request to come back later.

    Raises:
        BadHeadError: the upgrade is none that could be accepted.
    """
    keys = head.values("sec-websocket-key")
    if len(keys) != 1:
        raise malformed("Sec-WebSocket-Key")
    digest = hashlib.sha1(keys[0].encode("latin-1") + WEBSOCKET_GUID, usedforsecurity=False)
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-accept: " + base64.b64encode(digest.digest()) + b"\r\n\r\n"
    )
    close = bytes((0x88, 2)) + TRY_AGAIN_LATER.to_bytes(2, "big")  # RFC 6455, 5.5.1
    return Refusal(reason=reason, answer=answer + close)


class RefusalLog:
    """Counts refusals, and says so now and then."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.noise = Noise(now_s)

    def note(self, reason: str, client: str, **details: object) -> None:
        """Count a refusal, of which *client* and *details* are the latest example."""
        count = self.noise.count(reason)
        if count:
            log.info("connection refused", reason=reason, count=count, peer=client, **details)
