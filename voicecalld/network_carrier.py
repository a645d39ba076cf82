"""The way to a carrier across the network: its REST API, and the door that it comes in by."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog
import trio

from voicecalld.errors import BadSignatureError
from voicecalld.net.carrier_link import CarrierLink
from voicecalld.net.http_client import open_http_link
from voicecalld.net.inlet import Inlet
from voicecalld.provider.base import Provider
from voicecalld.provider.catalog import build_provider
from voicecalld.provider.http import Webhook
from voicecalld.settings import Settings
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.reception import Reception
from voicecalld.switchboard.registry import Switchboard
from voicecalld.web.app import build_app
from voicecalld.web.edge import Edge
from voicecalld.web.listener import open_listener
from voicecalld.web.media_socket import MediaSocket, serve_media_socket
from voicecalld.web.public_url import PublicUrls, stream_url
from voicecalld.web.streams import PendingStream
from voicecalld.web.webhooks import WebhookDoor

log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCarrier:
    """Our end of the way to a carrier; ``listener`` is where it finds us."""

    settings: Settings
    provider: Provider
    link: CarrierLink
    listener: trio.SocketListener

    @property
    def address(self) -> str:
        """Where this machine listens, as ``host:port``."""
        host, port = self.listener.socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def run(
        self,
        switchboard: Switchboard,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Bring webhooks and streams to *switchboard* until cancelled."""
        settings = self.settings
        self.warn()
        reception = Reception(
            switchboard, self.provider, unix_clock=switchboard.services.unix_clock
        )
        inlet = Inlet(switchboard.services.wheel)
        door = WebhookDoor(reception, settings.serve.path, self.public_urls())
        edge = Edge(
            serve=settings.serve,
            streaming=settings.streaming,
            security=settings.webhook_security,
            app=build_app([door]),
            open_stream=partial(self.open_stream, reception, inlet),
        )
        await edge.run([self.listener], task_status=task_status)

    def warn(self) -> None:
        """Tell the operator what the settings allow, and nobody should rely on."""
        if self.settings.skip_signature_verification:
            log.warning("skip_signature_verification is on: webhooks are obeyed without proof")
        if self.settings.streaming.enabled and not self.links.stream_url.startswith("wss:"):
            log.warning(
                "public_url does not begin with https: carriers open no media stream to it"
            )

    @property
    def links(self) -> Links:
        """The URLs that the carrier is told."""
        serve, streaming = self.settings.serve, self.settings.streaming
        webhook_url = self.public_urls().webhook_url(serve.path)
        return Links(
            webhook_url=webhook_url,
            stream_url=stream_url(webhook_url, serve.path, streaming.stream_path),
        )

    def public_urls(self) -> PublicUrls:
        """What the settings say about the URLs that carriers ask."""
        security = self.settings.webhook_security
        return PublicUrls(
            public_url=self.settings.public_url,
            address=self.address,
            allowed_hosts=security.allowed_hosts,
            trusted_proxies=security.trusted_proxy_ips,
            trusts_any_host=security.trust_forwarding_headers,
        )

    async def open_stream(
        self,
        reception: Reception,
        inlet: Inlet,
        stream: trio.SocketStream,
        pending: PendingStream,
    ) -> None:
        """Open the WebSocket that is asked for on *stream*, and let its call have it."""
        peer = peer_of(stream)

        def check(upgrade: Webhook) -> None:
            public = replace(upgrade, url=self.links.stream_url)
            if not reception.welcomes(public, peer):
                raise BadSignatureError("the stream is not the carrier's")

        async def serve(media: MediaSocket) -> None:
            def started() -> None:
                pending.started()
                media.admit()

            await reception.serve_stream(media, started)

        await serve_media_socket(stream, check=check, serve=serve, inlet=inlet)


def peer_of(stream: trio.SocketStream) -> str:
    """The address at the other end, which may be a proxy's; an empty text if it has gone."""
    try:
        return str(stream.socket.getpeername()[0])
    except OSError:
        return ""


@asynccontextmanager
async def open_network_carrier(settings: Settings) -> AsyncIterator[NetworkCarrier]:
    """The way to the carrier of the settings, with its door open but nobody behind it yet.

    Raises:
        StartError: the door's address cannot be used.
    """
    serve = settings.serve
    async with (
        open_http_link(random.random) as link,
        await open_listener(serve.bind, serve.port) as listener,
    ):
        yield NetworkCarrier(
            settings=settings,
            provider=build_provider(settings, key=b""),
            link=link,
            listener=listener,
        )
