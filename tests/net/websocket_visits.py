"""A WebSocket to a service of these tests, and how that behaves."""

import ssl
from contextlib import AbstractAsyncContextManager

from tests.fakes.websocket_service import Act, Visit, WebSocketService
from tests.net.link_to_server import LOOPBACK_PEM
from voicecalld.net.websocket_client import WebSocketClient, open_websocket


def opened(
    service: WebSocketService, *, most_message_bytes: int = 1 << 20, **headers: str
) -> AbstractAsyncContextManager[WebSocketClient]:
    return open_websocket(
        service.url,
        headers=headers,
        connect_s=5.0,
        most_message_bytes=most_message_bytes,
        trust=ssl.create_default_context(cafile=LOOPBACK_PEM),
    )


async def enter(service: WebSocketService) -> None:
    async with opened(service):
        pass


def says(*frames: bytes) -> Act:
    """Send *frames* with the handshake, and read until the client has gone."""

    async def act(visit: Visit) -> None:
        await visit.accept(b"".join(frames))
        while await visit.receive() is not None:
            pass

    return act
