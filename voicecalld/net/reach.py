"""Whether anybody is at a service's address: the cheapest question that can be asked."""

from typing import Final
from urllib.parse import urlsplit

import trio

from voicecalld.errors import UnreachableServiceError
from voicecalld.net.http_client import reason_of
from voicecalld.printable import printable

REACH_S = 4.0

PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}


async def reach(url: str) -> None:
    """Open a connection to the server of *url*, and close it.

    Raises:
        UnreachableServiceError: there is none to be had.
    """
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or PORTS[address.scheme]
    named = f"the service at {printable(host)}"
    try:
        with trio.fail_after(REACH_S):
            stream = await trio.open_tcp_stream(host, port)
    except trio.TooSlowError:
        raise UnreachableServiceError(f"{named} does not answer") from None
    except (OSError, UnicodeError) as error:  # some names cannot even be asked for
        reason = reason_of(error)
        raise UnreachableServiceError(f"{named} cannot be reached: {reason}") from error
    await trio.aclose_forcefully(stream)
