"""A carrier's REST API over HTTP/1.1: one pool of connections, and retries where they are safe.

The transport of httpx is used without its client, which would keep cookies, follow redirects,
inflate bodies without bound, and obey proxies named by the environment (``HTTPS_PROXY``).
"""

import os
import ssl
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
)
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import Any, Final

import httpx  # noqa: ASYNC127 - its pool was tried under cancellation, that of httpx2 was not
import structlog
import trio

from voicecalld import __version__
from voicecalld.errors import CarrierError, OutcomeUnknownError, UnreachableError
from voicecalld.net.retry import (
    MOST_ATTEMPTS,
    Outcome,
    after_doubt,
    leaves_doubt,
    may_ask_again,
    pause_s,
)
from voicecalld.provider.http import HttpRequest, HttpResponse

log: Final = structlog.get_logger()

# Once for TCP with the name look-up, once for TLS. A lost SYN is repeated after 1 s and after 3 s.
CONNECT_S = 4.0

# Below what servers allow (mostly a minute), so that it is we who close: a dial that meets a
# closing connection has an unknown outcome.
KEEP_ALIVE_S = 15.0

# Against a flood from our side. So many that hung dials leave room for hang-ups.
MOST_AT_ONCE = 100

# A call's description has 2 KiB.
MOST_REPLY_BYTES = 1 << 20

# Closing a connection sends nothing that a peer could hold up.
CLOSE_S = 1.0

TIMEOUT: Final = httpx.Timeout(None, connect=CONNECT_S)  # all else is the caller's

UNREACHED: Final = (httpx.ConnectError, httpx.ConnectTimeout)  # the request has not been sent

# The request is none. What they say of it would quote the header, hence secrets.
UNWRITABLE: Final = (
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    UnicodeError,
)

# A compressed body could be small on the wire and huge in memory.
OUR_HEADERS: Final = {"user-agent": f"voicecalld/{__version__}", "accept-encoding": "identity"}


class HttpLink:
    """A `CarrierLink` over *transport*; *random* gives a chance from 0 to less than 1."""

    def __init__(self, transport: httpx.AsyncBaseTransport, random: Callable[[], float]) -> None:
        self.transport = transport
        self.random = random
        # Instead of the pool's own limit: httpcore 1.0.9 loses a place for good when a request
        # that waits for one is cancelled (encode/httpcore#1093).
        self.places = trio.CapacityLimiter(MOST_AT_ONCE)

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Send *request* and wait for the answer, again where that is safe.

        Redirects are not followed. An answer of 5xx, if it was the last, is given as it is: the
        caller knows what it leaves open, and its body tells why. An answer that comes after an
        attempt of which nobody knows what it has done says so.

        Raises:
            UnreachableError: nothing has left this machine.
            OutcomeUnknownError: the request was sent, and no answer tells what has become of it.
            CarrierError: it cannot be sent at all.
        """
        attempt = 1
        is_doubtful = False
        outcome = await self.ask(request)
        while attempt < MOST_ATTEMPTS and may_ask_again(request, outcome):
            wait_s = pause_s(attempt, outcome, self.random)
            if not is_time_left(request, wait_s):
                break
            log.info("carrier is asked again", reason=describe(outcome), wait_s=round(wait_s, 3))
            is_doubtful = is_doubtful or leaves_doubt(outcome)
            await trio.sleep(wait_s)
            attempt += 1
            outcome = await self.ask(request)
        if is_doubtful:
            outcome = after_doubt(outcome)
        if isinstance(outcome, CarrierError):
            raise outcome
        return outcome

    async def ask(self, request: HttpRequest) -> Outcome:
        """Send *request* once; gives what came of it."""
        try:
            async with self.places:
                return await self.exchange(request)
        except UNREACHED as error:
            return UnreachableError(f"the carrier cannot be reached: {reason_of(error)}")
        except UNWRITABLE:
            return CarrierError("the request to the carrier cannot be written as HTTP")
        except httpx.TransportError as error:
            return OutcomeUnknownError(f"the carrier's answer was lost: {type(error).__name__}")
        except OutcomeUnknownError as error:
            return error

    async def exchange(self, request: HttpRequest) -> HttpResponse:
        """Send *request* and read all of the answer."""
        response = await handed_over(self.transport, request)
        try:
            body = await read_body(response)
        finally:
            with trio.move_on_after(CLOSE_S, shield=True):
                await response.aclose()
        # As httpx gives them, the names are in lower case.
        return HttpResponse(status=response.status_code, body=body, headers=dict(response.headers))


class OnePiece(httpx.AsyncByteStream):
    """The body of a request.

    httpx's own is a generator, which nobody closes when the sending is cancelled.
    """

    def __init__(self, body: bytes) -> None:
        self.pieces = [body]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self.pieces:
            raise StopAsyncIteration
        return self.pieces.pop()


class ConnectionWatch:
    """Knows the connection that was made for a request until httpcore looks after it.

    httpcore 1.0.9 forgets one for good, descriptor and all, when the request is cancelled while
    it shakes hands for TLS, or just before it is sent.
    """

    def __init__(self) -> None:
        self.close: Callable[[], Awaitable[None]] | None = None

    async def note(self, event: str, details: Mapping[str, Any]) -> None:
        """An event, as the extension "trace" of httpcore tells it."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self.close = details["return_value"].aclose
        elif event == "http11.send_request_headers.started":
            self.close = None

    async def close_forgotten(self) -> None:
        """Close the connection if nobody else will."""
        if self.close is not None:
            await self.close()


async def handed_over(transport: httpx.AsyncBaseTransport, request: HttpRequest) -> httpx.Response:
    """Send *request*, and wait for the head of the answer."""
    watch = ConnectionWatch()
    message = written(request)
    message.extensions["trace"] = watch.note
    try:
        return await transport.handle_async_request(message)
    finally:
        with trio.move_on_after(CLOSE_S, shield=True):
            await watch.close_forgotten()


def written(request: HttpRequest) -> httpx.Request:
    """*request* as httpx sends it."""
    message = httpx.Request(
        request.method,
        request.url,
        headers={**request.headers, **OUR_HEADERS},
        content=request.body,
        extensions={"timeout": TIMEOUT.as_dict()},
    )
    message.stream = OnePiece(request.body)
    return message


async def read_body(response: httpx.Response) -> bytes:
    """The body of *response*, all of it.

    Raises:
        OutcomeUnknownError: it is longer than a carrier's answer can be, or compressed.
    """
    if response.headers.get("content-encoding", "identity") != "identity":
        raise OutcomeUnknownError("the carrier's answer is compressed, which was not asked for")
    body = bytearray()
    # Cancelled instead of left early: httpx's generators end in order only from the inside.
    with trio.CancelScope() as reading:
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > MOST_REPLY_BYTES:
                reading.cancel()
    if reading.cancel_called:
        raise OutcomeUnknownError(f"the carrier's answer exceeds {MOST_REPLY_BYTES} bytes")
    return bytes(body)


def is_time_left(request: HttpRequest, wait_s: float) -> bool:
    """Whether the caller's deadline allows to ask again after *wait_s*.

    A dial also needs the time to connect: an attempt that is cut by then would turn what we know,
    that there is no call, into "nobody knows".
    """
    needed_s = wait_s if request.is_repeatable else wait_s + CONNECT_S
    return trio.current_time() + needed_s < trio.current_effective_deadline()


def describe(outcome: Outcome) -> str:
    """What came of a request, for a person to read; without anything that was in it."""
    if isinstance(outcome, CarrierError):
        return str(outcome)
    return f"the carrier answered with status {outcome.status}"


def reason_of(error: BaseException) -> str:
    """The words of the innermost error, of which httpx tells little when TLS fails."""
    if isinstance(error, BaseExceptionGroup):  # of the addresses of one host, all in vain
        return reason_of(error.exceptions[0])
    inner: object = error.__cause__ or next(iter(error.args), None)
    if isinstance(inner, BaseException):
        return reason_of(inner)
    return name_of_failure(error) or str(error) or type(error).__name__


def name_of_failure(error: BaseException) -> str:
    """What the system calls it: trio adds the address as Python writes it."""
    if not isinstance(error, OSError) or isinstance(error, ssl.SSLError):
        return ""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or ""


async def read_trust() -> ssl.SSLContext:
    """The authorities that are believed; reading them takes long enough to be heard in a call."""
    return await trio.to_thread.run_sync(authorities)


@cache  # one for all connections: it holds some megabytes
def authorities() -> ssl.SSLContext:
    """Those that certifi lists, whatever ``SSL_CERT_FILE`` says."""
    return httpx.create_ssl_context(trust_env=False)


@asynccontextmanager
async def open_http_link(
    random: Callable[[], float], *, trust: ssl.SSLContext | None = None
) -> AsyncGenerator[HttpLink, None]:
    """A link for as long as the block lasts; *trust* is whose certificates are believed.

    By default those of the authorities that certifi lists, whatever ``SSL_CERT_FILE`` says.
    """
    trust = trust or await read_trust()
    async with open_transport(
        trust, most_idle=MOST_AT_ONCE, keep_alive_s=KEEP_ALIVE_S
    ) as transport:
        yield HttpLink(transport, random)


@asynccontextmanager
async def open_transport(
    trust: ssl.SSLContext, *, most_idle: int, keep_alive_s: float
) -> AsyncGenerator[httpx.AsyncBaseTransport, None]:
    """Connections over HTTP/1.1, without limit: the limit is the caller's, see `HttpLink`.

    Over HTTP/2 a service goes on with what was cancelled (encode/httpcore#943).
    """
    limits = httpx.Limits(
        max_connections=None,
        max_keepalive_connections=most_idle,
        keepalive_expiry=keep_alive_s,
    )
    transport = httpx.AsyncHTTPTransport(verify=trust, trust_env=False, http2=False, limits=limits)
    try:
        yield transport
    finally:
        with trio.move_on_after(CLOSE_S, shield=True):
            await transport.aclose()


@asynccontextmanager
async def open_http_links(
    names: Iterable[str], random: Callable[[], float]
) -> AsyncGenerator[Mapping[str, HttpLink], None]:
    """A link for each of *names* for as long as the block lasts; each has its own places."""
    trust = await read_trust()
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(open_http_link(random, trust=trust))
            for name in names
        }
