"""An edge on a real port, with a small application and a media server that keep a record."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import trio
from quart import Response, request
from quart_trio import QuartTrio

from tests.web.hostile import PATIENCE_S
from voicecalld.edge_settings import StreamingSettings, WebhookSecuritySettings
from voicecalld.web.client_address import PEER_EXTENSION
from voicecalld.web.edge import Edge
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.listener import open_listener
from voicecalld.web.streams import PendingStream

BIG: Final = bytes(8 << 20)  # more than the kernel keeps for a peer that does not read

PATIENT = EdgeLimits(
    head_s=3600,
    body_s=3600,
    request_s=3600,
    answer_s=3600,
    linger_s=3600,
    unacknowledged_s=3600,
)
"""Nothing ends by itself within the time of a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A request that has reached the application."""

    method: str
    url: str
    client: str
    peer: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class SmallApp(QuartTrio):
    """Answers everything, some paths in their own way."""

    def __init__(self) -> None:
        super().__init__("small", static_folder=None)
        self.heard: list[Heard] = []
        self.begun: list[str] = []
        self.go_on = trio.Event()
        methods = ["GET", "POST", "HEAD", "PUT", "DELETE"]
        for rule in ("/", "/<path:path>"):
            self.add_url_rule(rule, rule, self.answer, methods=methods)

    async def answer(self, path: str = "") -> Response:
        self.begun.append(path)
        if path == "early":  # before the body is read
            return Response("no", 401)
        if path == "slow":
            await self.go_on.wait()
        self.heard.append(await self.hear())
        return Response(BIG if path == "big" else b"heard")

    async def hear(self) -> Heard:
        scope = request.scope
        client = scope["client"]
        assert client is not None
        return Heard(
            method=request.method,
            url=scope["raw_path"].decode() + "?" + scope["query_string"].decode(),
            client=client[0],
            peer=scope["extensions"][PEER_EXTENSION]["address"],
            headers=tuple((k.decode(), v.decode("latin-1")) for k, v in scope["headers"]),
            body=await request.get_data(cache=False, parse_form_data=False, as_text=False),
        )


class SmallMedia:
    """Takes the connections of media streams, and reads a first part of each."""

    def __init__(self) -> None:
        self.pending: list[PendingStream] = []
        self.streams: list[trio.SocketStream] = []
        self.read: list[bytes] = []

    async def open_stream(self, stream: trio.SocketStream, pending: PendingStream) -> None:
        self.pending.append(pending)
        self.streams.append(stream)
        self.read.append(bytes(await stream.receive_some(65_536)))
        await stream.receive_some(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """A running edge and what is behind it."""

    edge: Edge
    app: SmallApp
    media: SmallMedia

    @property
    def address(self) -> tuple[str, int]:
        return self.edge.address

    @property
    def is_empty(self) -> bool:
        return not self.edge.visitors.present and not self.edge.answering


def build_doorway(
    limits: EdgeLimits | None = None, *, trusted: tuple[str, ...] = (), **streaming: int
) -> Doorway:
    """An edge that does not run yet."""
    app, media = SmallApp(), SmallMedia()
    chosen = StreamingSettings.model_validate(streaming)
    edge = Edge(
        webhook_paths=["/voice/webhook"],
        streaming=chosen,
        security=WebhookSecuritySettings(trusted_proxy_ips=trusted),
        app=app,
        open_streams={chosen.stream_path: media.open_stream} if chosen.enabled else {},
        limits=limits,
    )
    return Doorway(edge=edge, app=app, media=media)


@contextlib.asynccontextmanager
async def open_doorway(
    limits: EdgeLimits | None = None, *, trusted: tuple[str, ...] = (), **streaming: int
) -> AsyncIterator[Doorway]:
    """An edge that runs; it is cancelled at the end, and must then end at once."""
    doorway = build_doorway(limits, trusted=trusted, **streaming)
    with trio.fail_after(3 * PATIENCE_S):
        async with trio.open_nursery() as nursery:
            listener = await open_listener("127.0.0.1", 0)
            await nursery.start(doorway.edge.run, [listener])
            yield doorway
            nursery.cancel_scope.cancel()
