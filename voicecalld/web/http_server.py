"""hypercorn, as far as we use it: it serves one request on a connection that is ours.

Everything here that is not in hypercorn's manual is pinned by ``hypercorn >= 0.18, < 0.19`` and
by a test that compares what we rely on with what is there.
"""

import sys
from typing import TYPE_CHECKING, Any, Final, cast

import structlog
from hypercorn.config import Config
from hypercorn.logging import Logger
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import (
    ASGIFramework,
    ASGIReceiveCallable,
    ASGISendCallable,
    LifespanState,
    ResponseSummary,
    Scope,
    WWWScope,
)
from hypercorn.utils import wrap_app

from voicecalld.web.client_address import PEER_EXTENSION
from voicecalld.web.connection import RequestStream
from voicecalld.web.head import MAX_HEAD_BYTES
from voicecalld.web.late_disconnect import NoLateDisconnect

if TYPE_CHECKING:
    import trio

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

HEAD_S: Final = 5.0
"""hypercorn's patience for a head, which it has at once."""


class HypercornLog(Logger):
    """Puts hypercorn's complaints into our log, where they are masked; requests are no news."""

    async def access(
        self, request: WWWScope, response: ResponseSummary, request_time: float
    ) -> None:
        """Nothing: the URL of a webhook may hold numbers."""

    async def exception(self, message: str, *_args: object, **_kwargs: object) -> None:
        """A bug in the application, which has failed one request."""
        log.error("request failed", detail=message, exc_info=sys.exception())


class Introduced:
    """An ASGI application that is told by us who its client is, and who its peer."""

    def __init__(self, app: ASGIFramework, client: str, peer: str) -> None:
        self.app = app
        self.client = client
        self.peer = peer

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one request."""
        if scope["type"] != "lifespan":
            scope["client"] = (self.client, 0)  # a proxy does not tell the port
            scope["extensions"][PEER_EXTENSION] = {"address": self.peer}
        await self.app(scope, receive, send)


class HttpServer:
    """Serves requests with an ASGI application, which is started and stopped by nobody."""

    def __init__(self, app: ASGIFramework) -> None:
        self.app = NoLateDisconnect(app)
        self.config = build_config()
        self.context = WorkerContext(None)

    async def serve(self, stream: RequestStream, client: str, peer: str) -> None:
        """Serve the request of *stream*, which comes from *client* by way of *peer*."""
        introduced = Introduced(self.app, client, peer)
        app = wrap_app(introduced, self.config.wsgi_max_body_size, "asgi")
        # It takes any object with these methods for a stream without TLS.
        connection = cast("trio.SSLStream[trio.SocketStream]", stream)
        await TCPServer(app, self.config, self.context, LifespanState(), connection)


def build_config() -> Config:
    """How hypercorn is to be: quiet, and with no limit that is below ours."""
    config = Config()
    config.accesslog = None
    config.errorlog = None
    config.logger_class = cast("type[Any]", HypercornLog)
    config.include_server_header = False
    config.keep_alive_timeout = HEAD_S
    # What we render has a few bytes that the peer did not send.
    config.h11_max_incomplete_size = 2 * MAX_HEAD_BYTES
    return config
