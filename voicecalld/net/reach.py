"""Whether anybody is at a service's address: the cheapest question that can be asked."""

import ssl
from typing import Final
from urllib.parse import SplitResult, urlsplit

import trio

from voicecalld.errors import UnreachableServiceError
from voicecalld.net.http_client import CONNECT_S, read_trust, reason_of
from voicecalld.net.websocket_stream import shake_hands
from voicecalld.printable import printable

REACH_S: Final = 2 * CONNECT_S  # as requests have: for TCP, and for TLS

PLAIN_PORTS: Final = {"http": 80, "ws": 80}
TLS_PORT = 443


async def reach(url: str, *, trust: ssl.SSLContext | None = None) -> None:
    """Open a connection to the server of *url*, and close it.

    With TLS, if *url* says so: a server whose certificate cannot be believed is not reached by
    requests either. Of *trust* the default is the authorities that certifi lists.

    Raises:
        UnreachableServiceError: there is none to be had.
    """
    address = urlsplit(url)
    named = f"the service at {printable(address.hostname or '')}"
    try:
        with trio.fail_after(REACH_S):
            stream = await connect(address, trust)
    except trio.TooSlowError:
        raise UnreachableServiceError(f"{named} does not answer") from None
    except (OSError, UnicodeError, trio.BrokenResourceError) as error:
        reason = reason_of(error)
        raise UnreachableServiceError(f"{named} cannot be reached: {reason}") from error
    await trio.aclose_forcefully(stream)


async def connect(address: SplitResult, trust: ssl.SSLContext | None) -> trio.abc.Stream:
    """A connection to the server at *address*."""
    host = address.hostname or ""  # some names cannot even be asked for
    if address.scheme in PLAIN_PORTS:
        return await trio.open_tcp_stream(host, address.port or PLAIN_PORTS[address.scheme])
    trust = trust or await read_trust()
    stream = await trio.open_tcp_stream(host, address.port or TLS_PORT)
    return await shake_hands(stream, host, trust)
