"""The ways to carriers across the network: their REST APIs, and the door that they come in by.

One door is for all of them. Each has a path of its own behind it; the carrier that places calls
has the plain path as well.
"""

import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import structlog
import trio

from voicecalld.errors import BadSignatureError
from voicecalld.net.carrier_link import CarrierLink
from voicecalld.net.http_client import open_http_links
from voicecalld.net.inlet import Inlet
from voicecalld.provider.base import Provider
from voicecalld.provider.catalog import build_providers
from voicecalld.provider.http import Webhook
from voicecalld.service_warnings import find_service_warnings
from voicecalld.settings import Settings
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.reception import Reception
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import CarrierAccess
from voicecalld.web.app import build_app
from voicecalld.web.edge import Edge, OpenStream
from voicecalld.web.listener import open_listener
from voicecalld.web.media_socket import MediaSocket, serve_media_socket
from voicecalld.web.public_url import PublicUrls, stream_url
from voicecalld.web.streams import PendingStream
from voicecalld.web.webhooks import WebhookDoor

log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Where one carrier comes in: the paths behind the door, and the URLs that lead there."""

    webhook_path: str
    stream_path: str
    urls: PublicUrls
    stream_url: str


class NetworkCarriers:
    """Our end of the ways to *providers*; *listener* is where all of them find us.

    *links* has the way to each provider's REST API: one that hangs holds up no other.
    """

    def __init__(
        self,
        settings: Settings,
        providers: Mapping[str, Provider],
        links: Mapping[str, CarrierLink],
        listener: trio.SocketListener,
    ) -> None:
        self.settings = settings
        self.listener = listener
        self.carriers: Mapping[str, CarrierAccess] = {
            name: CarrierAccess(provider=provider, link=links[name], links=self.links_for(name))
            for name, provider in providers.items()
        }

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
        for warning in find_warnings(settings):
            log.warning(warning)
        unix_clock = switchboard.services.unix_clock
        inlet = Inlet(switchboard.services.wheel)
        doors: list[WebhookDoor] = []
        streams: dict[str, OpenStream] = {}
        for name, carrier in self.carriers.items():
            entrances = self.entrances_for(name)
            log.info("carrier in use", provider=name, **self.describe(carrier.links, entrances))
            reception = Reception(switchboard, carrier, unix_clock=unix_clock)
            for entrance in entrances:
                doors.append(WebhookDoor(reception, entrance.webhook_path, entrance.urls))
                streams[entrance.stream_path] = partial(
                    open_stream, reception, inlet, entrance.stream_url
                )
        edge = Edge(
            webhook_paths=[door.path for door in doors],
            streaming=settings.streaming,
            security=settings.webhook_security,
            app=build_app(doors),
            open_streams=streams if settings.streaming.enabled else {},
        )
        await edge.run([self.listener], task_status=task_status)

    def describe(self, links: Links, entrances: Sequence[Entrance]) -> Mapping[str, object]:
        """The URLs that a carrier is told, and the paths here that it may come in by."""
        webhooks = {
            "webhooks": links.webhook_url,
            "paths": [entrance.webhook_path for entrance in entrances],
        }
        streams = {"streams": links.stream_url} if self.settings.streaming.enabled else {}
        return {**webhooks, **streams}

    def links_for(self, name: str) -> Links:
        """The URLs that the carrier called *name* is told."""
        entrance = self.entrances_for(name)[0]
        webhook_url = entrance.urls.webhook_url(entrance.webhook_path)
        return Links(webhook_url=webhook_url, stream_url=entrance.stream_url)

    def entrances_for(self, name: str) -> tuple[Entrance, ...]:
        """Where the carrier called *name* may come in; it is told of the first."""
        own = self.entrance(f"/{name}")
        return (self.entrance(""), own) if name == self.settings.provider else (own,)

    def entrance(self, suffix: str) -> Entrance:
        """The entrance whose paths and URLs end in *suffix*."""
        settings = self.settings
        serve, streaming = settings.serve, settings.streaming
        plain = build_urls(settings, self.address)
        beside = stream_url(plain.webhook_url(serve.path), serve.path, streaming.stream_path)
        own_url = settings.public_url.rstrip("/") + suffix if settings.public_url else ""
        return Entrance(
            webhook_path=f"{serve.path}{suffix}",
            stream_path=f"{streaming.stream_path}{suffix}",
            urls=replace(plain, public_url=own_url) if suffix else plain,
            stream_url=f"{beside}{suffix}",
        )


def build_urls(settings: Settings, address: str) -> PublicUrls:
    """The URLs of a daemon that listens at *address*."""
    security = settings.webhook_security
    return PublicUrls(
        public_url=settings.public_url,
        address=address,
        allowed_hosts=security.allowed_hosts,
        trusted_proxies=security.trusted_proxy_ips,
        trusts_any_host=security.trust_forwarding_headers,
    )


def find_warnings(settings: Settings) -> Iterator[str]:
    """What the settings allow, and nobody should rely on; or what may not be as it looks."""
    yield from find_service_warnings(settings)
    if settings.provider == "mock":
        unused = [name for name, account in settings.accounts.items() if account.has_account]
        if unused:
            remedy = " or ".join(f'"{name}"' for name in unused)
            yield (
                f'provider is "mock": the account at {" and ".join(unused)} is not used; '
                f"set provider = {remedy}"
            )
        return
    if settings.skip_signature_verification:
        yield "skip_signature_verification is on: webhooks are obeyed without proof"
    webhook_url = build_urls(settings, "").webhook_url(settings.serve.path)
    if settings.streaming.enabled and not webhook_url.startswith("https:"):
        yield "public_url does not begin with https: carriers open no media stream to it"


async def open_stream(
    reception: Reception,
    inlet: Inlet,
    url: str,
    stream: trio.SocketStream,
    pending: PendingStream,
) -> None:
    """Open the WebSocket that is asked for at *url* on *stream*, and let its call have it."""
    peer = peer_of(stream)
    opened_by: list[Webhook] = []

    def check(upgrade: Webhook) -> None:
        query = urlsplit(upgrade.url).query
        signed = f"{url}?{query}" if query else url
        public = replace(upgrade, url=signed, client=pending.client)
        if not reception.welcomes(public, peer):
            raise BadSignatureError("the stream is not the carrier's")
        opened_by.append(public)

    async def serve(media: MediaSocket) -> None:
        def started() -> None:
            pending.started()
            media.admit()

        await reception.serve_stream(media, started, opened_by[0])

    await serve_media_socket(
        stream,
        check=check,
        serve=serve,
        inlet=inlet,
        subprotocol=reception.provider.stream_subprotocol,
    )


def peer_of(stream: trio.SocketStream) -> str:
    """The address at the other end, which may be a proxy's; an empty text if it has gone."""
    try:
        return str(stream.socket.getpeername()[0])
    except OSError:
        return ""


@asynccontextmanager
async def open_network_carriers(settings: Settings) -> AsyncIterator[NetworkCarriers]:
    """The ways to the carriers of the settings, with the door open but nobody behind it yet.

    Raises:
        StartError: the door's address cannot be used.
    """
    serve = settings.serve
    providers = build_providers(settings)
    async with (
        open_http_links(providers, random.random) as links,
        await open_listener(serve.bind, serve.port) as listener,
    ):
        yield NetworkCarriers(settings, providers, links, listener)
