"""A link to a server of these tests, and what is asked over it."""

import ssl
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.fakes.rest_server import RestServer
from voicecalld.net.http_client import HttpLink, open_http_link
from voicecalld.provider.http import HttpRequest

# A key and a certificate for 127.0.0.1, both made for these tests and good for nothing else.
LOOPBACK_PEM = Path(__file__).parent / "loopback.pem"


def opened() -> AbstractAsyncContextManager[HttpLink]:
    """A link that trusts the server of these tests; its retries come at once: half of nothing."""
    trust = ssl.create_default_context(cafile=LOOPBACK_PEM)
    return open_http_link(random=lambda: -1.0, trust=trust)


def dial(server: RestServer) -> HttpRequest:
    return HttpRequest(method="POST", url=server.url, body=b"To=somebody")


def hang_up(server: RestServer) -> HttpRequest:
    return HttpRequest(method="POST", url=server.url, body=b"Status=done", is_repeatable=True)
