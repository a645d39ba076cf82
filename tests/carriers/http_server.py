"""A small HTTP/1.1 server for a carrier's REST API, which can also answer badly on purpose."""

import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import h11
import trio

from tests.carriers.faults import Answering
from voicecalld.provider.http import HttpRequest, HttpResponse

HUGE_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer and how it goes out."""

    response: HttpResponse
    how: Answering = Answering.WELL


Answerer = Callable[[HttpRequest], Awaitable[Answered]]


Sender = Callable[[h11.Connection, trio.SocketStream, HttpRequest], Awaitable[None]]


async def serve_connection(answer: Answerer, stream: trio.SocketStream) -> None:
    """Answer the requests of one connection, one after the other."""

    async def send(
        connection: h11.Connection, stream: trio.SocketStream, request: HttpRequest
    ) -> None:
        await send_answer(connection, stream, await answer(request))

    await serve_requests(send, stream)


async def serve_requests(send: Sender, stream: trio.SocketStream) -> None:
    """Let *send* answer the requests of one connection, until one side has had enough."""
    connection = h11.Connection(h11.SERVER)
    async with stream:
        try:
            while (request := await read_request(connection, stream)) is not None:
                await send(connection, stream, request)
                if connection.our_state is not h11.DONE:
                    return
                connection.start_next_cycle()
        except (trio.BrokenResourceError, trio.ClosedResourceError, h11.ProtocolError):
            return


async def read_request(
    connection: h11.Connection, stream: trio.SocketStream
) -> HttpRequest | None:
    """The next request with its whole body; None: the client has gone."""
    head = await next_event(connection, stream)
    if not isinstance(head, h11.Request):
        return None
    body = bytearray()
    while isinstance(event := await next_event(connection, stream), h11.Data):
        body += event.data
    headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
    return HttpRequest(
        method=head.method.decode("ascii"),
        url=head.target.decode("ascii"),
        headers=headers,
        body=bytes(body),
    )


async def next_event(connection: h11.Connection, stream: trio.SocketStream) -> object:
    """What h11 makes of the next bytes."""
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await stream.receive_some())
    return event


async def send_answer(
    connection: h11.Connection, stream: trio.SocketStream, answered: Answered
) -> None:
    """Send an answer whole, or as badly as it says."""
    match answered.how:
        case Answering.RESET:
            await reset(stream)
        case Answering.SILENCE:
            await stream.receive_some()  # until the client gives up
        case Answering.CUT:
            await stream.send_all(render(connection, answered.response)[:-7])
            await stream.aclose()
        case _:
            await stream.send_all(render(connection, spoil(answered)))


def spoil(answered: Answered) -> HttpResponse:
    """What is sent as a whole answer."""
    response = answered.response
    match answered.how:
        case Answering.ERROR:
            return HttpResponse(status=500, body=b"<html>Internal Server Error</html>")
        case _ if response.status == 204:
            return response  # it can have no body
        case Answering.BROKEN_JSON:
            body = response.body[: len(response.body) // 2]
        case Answering.HUGE:
            body = response.body + b" " * HUGE_BYTES
        case _:
            return response
    return HttpResponse(status=response.status, headers=response.headers, body=body)


def render(connection: h11.Connection, response: HttpResponse) -> bytes:
    """An answer as bytes."""
    fields = [
        *response.headers.items(),
        ("content-length", str(len(response.body))),
    ]
    head = h11.Response(status_code=response.status, headers=fields)
    events = (head, h11.Data(data=response.body), h11.EndOfMessage())
    return b"".join(connection.send(event) or b"" for event in events)


async def reset(stream: trio.SocketStream) -> None:
    """Close a connection such that its peer sees an error, not an end."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await stream.aclose()
