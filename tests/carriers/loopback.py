"""Reaches the customer's public URLs at an address of this machine, without TLS."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import SplitResult, urlsplit

import h11
import trio

from tests.carriers.http_server import next_event
from tests.carriers.outside import NoAnswerError
from tests.carriers.websocket import ClientSocket, open_client, shake_hands
from voicecalld.provider.http import HttpRequest, HttpResponse

DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443, "ws": 80, "wss": 443}
OPEN_S = 10.0
BROKEN = (OSError, trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError)


class Loopback:
    """Like ``curl --connect-to``: URLs stay public, connections go to ``connect_to``.

    It may be set later: a daemon's port is known when the daemon runs. Without one, connections
    go where the URLs say.
    """

    def __init__(self, connect_to: tuple[str, int] | None = None) -> None:
        self.connect_to = connect_to

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Send a webhook over a connection of its own."""
        url = urlsplit(request.url)
        stream = await self.connect(url)
        async with stream:
            try:
                return await exchange(stream, request, url)
            except BROKEN as problem:
                raise NoAnswerError(f"no whole answer: {problem}", connected=True) from problem

    @asynccontextmanager
    async def open_stream(
        self, url: str, headers: Mapping[str, str]
    ) -> AsyncIterator[ClientSocket]:
        """A WebSocket, which is closed at the end of the block."""
        try:
            with trio.fail_after(OPEN_S):
                stream = await self.connect(urlsplit(url))
                client = await shake_hands(stream, url, headers)
        except trio.TooSlowError as problem:
            raise NoAnswerError("no WebSocket in time", connected=True) from problem
        async with stream, open_client(client):
            yield client

    async def connect(self, url: SplitResult) -> trio.SocketStream:
        """A connection for *url*.

        Raises:
            NoAnswerError: nobody listens there.
        """
        host, port = self.connect_to or (
            url.hostname or "",
            url.port or DEFAULT_PORTS[url.scheme],
        )
        try:
            return await trio.open_tcp_stream(host, port)
        except OSError as problem:
            raise NoAnswerError(f"no connection: {problem}", connected=False) from problem


async def exchange(
    stream: trio.SocketStream, request: HttpRequest, url: SplitResult
) -> HttpResponse:
    """Send one request, and read its answer."""
    connection = h11.Connection(h11.CLIENT)
    target = url._replace(scheme="", netloc="", fragment="").geturl() or "/"
    headers = [
        ("Host", url.netloc.rpartition("@")[2]),
        ("Connection", "close"),
        *request.headers.items(),
    ]
    if request.body:
        headers.append(("Content-Length", str(len(request.body))))
    events = (
        h11.Request(method=request.method, target=target, headers=headers),
        h11.Data(data=request.body),
        h11.EndOfMessage(),
    )
    await stream.send_all(b"".join(connection.send(event) or b"" for event in events))
    return await read_response(connection, stream)


async def read_response(connection: h11.Connection, stream: trio.SocketStream) -> HttpResponse:
    """The answer with its whole body."""
    head = await next_event(connection, stream)
    while isinstance(head, h11.InformationalResponse):
        head = await next_event(connection, stream)
    if not isinstance(head, h11.Response):
        raise NoAnswerError("the connection ended without an answer", connected=True)
    body = bytearray()
    while isinstance(event := await next_event(connection, stream), h11.Data):
        body += event.data
    headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
    return HttpResponse(status=head.status_code, headers=headers, body=bytes(body))
