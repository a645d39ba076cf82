"""Requests to a speech service or an agent over HTTP/1.1, whose answers are read as they come.

Nothing is asked twice here: only who asks knows what has been heard of an answer already.
"""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import httpx  # noqa: ASYNC127 - see `voicecalld.net.http_client`
import trio

from voicecalld.errors import ServiceError, UnreachableServiceError
from voicecalld.net.http_client import (
    CLOSE_S,
    CONNECT_S,
    UNREACHED,
    UNWRITABLE,
    handed_over,
    open_transport,
    read_trust,
    reason_of,
)
from voicecalld.provider.http import HttpRequest

# A caller's turn is over by then, and it is below what most vendors allow (a minute). Who closes
# sooner is mostly noticed in time, and asked once more else.
KEEP_ALIVE_S = 50.0

# TCP and TLS have `CONNECT_S` each; the rest is for the answer, whatever it is.
WARM_S: Final = 2 * CONNECT_S + 2.0

MOST_REPLY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """What a service is asked for."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # they hold secrets
    body: bytes = field(default=b"", repr=False)  # and this somebody's words


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReply:
    """A whole answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


class Pieces:
    """The body of an answer, in the pieces in which it comes; whoever breaks off may go on later.

    Raises:
        ServiceError: the rest has been lost.
    """

    def __init__(self, raw: AsyncIterator[bytes]) -> None:
        self.raw = raw

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self.raw)
        except httpx.TransportError as error:
            raise ServiceError(f"the service's answer broke off: {reason_of(error)}") from error

    async def end(self) -> None:
        """Give up the rest.

        Cancelled instead of left: httpx's generators end in order only from the inside.
        """
        with trio.CancelScope() as reading, suppress(httpx.TransportError):
            reading.cancel()
            async for _ in self.raw:
                pass


class ServiceResponse:
    """An answer whose body is still to come; the names of its headers are in lower case."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)
        self.body = Pieces(response.aiter_raw())

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes, each byte once, however often this is called.

        To iterate raises `ServiceError` when the rest has been lost.
        """
        return self.body

    async def rest(self, most_bytes: int) -> bytes:
        """What of the body is left, all of it.

        Raises:
            ServiceError: it has more than *most_bytes*, or a part of it has been lost.
        """
        body = bytearray()
        async for piece in self.body:
            body += piece
            if len(body) > most_bytes:
                raise ServiceError(f"the service's answer exceeds {most_bytes} bytes")
        return bytes(body)


class ServiceHttp:
    """Asks one service, and has at most so many answers at once as it allows."""

    def __init__(self, transport: httpx.AsyncBaseTransport, *, most_at_once: int) -> None:
        self.transport = transport
        # Instead of the pool's own limit, see `voicecalld.net.http_client.HttpLink`.
        self.places = trio.CapacityLimiter(most_at_once)

    @asynccontextmanager
    async def stream(self, request: ServiceRequest) -> AsyncGenerator[ServiceResponse, None]:
        """The answer to *request*, as soon as its head is here.

        At the end of the block what is left of it is given up: its connection is closed, so the
        service need not go on. An answer that was read to its end leaves its connection open for
        the next request. Any status is an answer, and redirects are not followed.

        Raises:
            UnreachableServiceError: nothing has left this machine.
            ServiceError: the answer does not come, or cannot be read.
        """
        place = object()  # not the task's: one task may read two answers at once
        await self.places.acquire_on_behalf_of(place)
        try:
            response = await self.send(request)
            answer = ServiceResponse(response)
            try:
                refuse_compressed(answer)
                yield answer
            finally:
                with trio.move_on_after(CLOSE_S, shield=True):
                    await answer.body.end()
                    await response.aclose()
        finally:
            self.places.release_on_behalf_of(place)

    async def ask(
        self, request: ServiceRequest, *, most_bytes: int = MOST_REPLY_BYTES
    ) -> ServiceReply:
        """The whole answer to *request*.

        Raises:
            UnreachableServiceError: nothing has left this machine.
            ServiceError: the answer does not come whole, or has a body of more than *most_bytes*.
        """
        async with self.stream(request) as answer:
            body = await answer.rest(most_bytes)
        return ServiceReply(status=answer.status, headers=answer.headers, body=body)

    async def warm(self, url: str) -> None:
        """Open a connection to the server of *url*, for the next request to find.

        It is best effort: nothing is raised, and nothing done while all places are taken.
        """
        if not self.places.available_tokens:
            return
        with trio.move_on_after(WARM_S), suppress(ServiceError):
            await self.ask(ServiceRequest(method="HEAD", url=url))

    async def send(self, request: ServiceRequest) -> httpx.Response:
        """Send *request* and wait for the head of the answer."""
        try:
            return await handed_over(self.transport, as_http(request))
        except UNREACHED as error:
            reason = reason_of(error)
            raise UnreachableServiceError(f"the service cannot be reached: {reason}") from error
        except UNWRITABLE:
            raise ServiceError("the request to the service cannot be written as HTTP") from None
        except httpx.TransportError as error:
            raise ServiceError(f"the service does not answer: {reason_of(error)}") from error


def as_http(request: ServiceRequest) -> HttpRequest:
    """*request* as `handed_over` takes it."""
    return HttpRequest(
        method=request.method, url=request.url, headers=request.headers, body=request.body
    )


def refuse_compressed(answer: ServiceResponse) -> None:
    """A small body could become a huge one.

    Raises:
        ServiceError: *answer* is compressed.
    """
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise ServiceError("the service's answer is compressed, which was not asked for")


@asynccontextmanager
async def open_service_http(
    *,
    most_at_once: int,
    keep_alive_s: float = KEEP_ALIVE_S,
    trust: ssl.SSLContext | None = None,
) -> AsyncGenerator[ServiceHttp, None]:
    """A service's connections for as long as the block lasts, *most_at_once* of them busy.

    One that nobody uses is closed after *keep_alive_s*. *trust* is whose certificates are
    believed: by default the authorities that certifi lists.
    """
    trust = trust or await read_trust()
    async with open_transport(
        trust, most_idle=most_at_once, keep_alive_s=keep_alive_s
    ) as transport:
        yield ServiceHttp(transport, most_at_once=most_at_once)
