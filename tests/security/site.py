"""A daemon's door as it is in the world, and a record of everything that comes of who knocks.

Edge, HTTP server, application, reception, switchboard are the real ones, on a real port; the
carrier's REST API agrees to everything, and the journal is in memory.
"""

import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import structlog
import trio
from structlog.typing import EventDict
from trio.testing import wait_all_tasks_blocked

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.ledger import Ledger
from tests.fakes.speech_fakes import FakeSynthesizer, FakeTranscriber
from tests.fakes.websocket_peer import CLOSE, TEXT, UPGRADE, Peer, frame
from tests.security.carriers import (
    NOTHING_SHOWN,
    OUR_KEY,
    PUBLIC_URL,
    STREAM_URL,
    Carrier,
)
from tests.security.message import Message
from tests.web.hostile import ask, connect, status_of
from voicecalld.ids import CallId
from voicecalld.net.wheel import Wheel
from voicecalld.network_carrier import NetworkCarriers
from voicecalld.provider.base import Provider
from voicecalld.provider.catalog import build_provider, build_providers
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.settings import Settings
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import JournalDoor, ModelPool, Services
from voicecalld.switchboard.tokens import StreamTokens
from voicecalld.web.listener import open_listener

UNIX_S = 1_800_000_000.0
QUERY = "from=console"
SWITCHING = 101


class Agreeing:
    """The way to REST APIs that agree to everything; a list of what they were asked."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    def find(self, ending: str) -> HttpRequest:
        """The only request whose URL has this *ending*."""
        (found,) = (each for each in self.requests if unquote(each.url).endswith(ending))
        return found

    async def request(self, request: HttpRequest) -> HttpResponse:
        await trio.lowlevel.checkpoint()
        self.requests.append(request)
        return HttpResponse(status=200, body=b'{"status": "completed"}')


class CountedTokens(StreamTokens):
    """Tokens, and how many there are."""

    minted = 0

    def mint(self, provider: str, call_id: CallId) -> str:
        self.minted += 1
        return super().mint(provider, call_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything that an attack could leave behind: how much of it there is."""

    calls: tuple[str, ...]
    entries: int
    replies: int
    requests: int
    tokens: int
    redeemed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer to one request."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A door, the carrier that comes by it, and what is behind."""

    carrier: Carrier
    network: NetworkCarriers
    switchboard: Switchboard
    ledger: Ledger
    link: Agreeing
    tokens: CountedTokens
    logged: list[EventDict]

    @property
    def provider(self) -> Provider:
        return self.switchboard.services.carrier.provider

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.network.listener.socket.getsockname()[:2]
        return str(host), int(port)

    def trace(self) -> Trace:
        return Trace(
            calls=tuple(self.switchboard.calls),
            entries=len(self.ledger.entries),
            replies=len(self.ledger.replies),
            requests=len(self.link.requests),
            tokens=self.tokens.minted,
            redeemed=len(self.tokens.used),
        )

    # --- what the carrier sends --------------------------------------------------------

    def sign(self, body: bytes, url: str = f"{PUBLIC_URL}?{QUERY}") -> Message:
        """A genuine webhook, which was signed now."""
        headers = self.carrier.sign(url, body, unix_s=self.tokens.unix_clock())
        message = Message(headers=(), body=body, query=QUERY)
        return message.with_headers(headers)

    def announcement(self, number: int = 1) -> Message:
        """The first webhook of a call to us."""
        return self.sign(self.carrier.announce(self.carrier.call(number)))

    def end(self, number: int = 1) -> Message:
        """The last webhook of a call to us."""
        return self.sign(self.carrier.end(self.carrier.call(number)))

    async def send(self, message: Message, source: str = "127.0.0.1") -> Answered:
        """Send *message* from one of the addresses of the loopback; all has come of it then."""
        answer = await ask(self.address, message.render(), source)
        await wait_all_tasks_blocked()
        return Answered(status=status_of(answer), body=answer.partition(b"\r\n\r\n")[2])

    async def take_call(self, number: int = 1) -> str:
        """Have a call announced and taken; gives the token of its stream."""
        answered = await self.send(self.announcement(number))
        assert answered.status == 200
        steering, call = self.carrier.steering, self.carrier.call(number)
        if steering is None:
            return self.carrier.read_token(answered.body)
        command = self.link.find(call + steering.answer)
        await self.send(self.sign(steering.answered(call, command.body)))
        return self.carrier.read_token(self.link.find(call + steering.connect).body)

    # --- streams -----------------------------------------------------------------------

    @asynccontextmanager
    async def connect_stream(self, source: str = "127.0.0.1") -> AsyncIterator[Peer]:
        """A connection for a media stream, on which nothing has been said."""
        async with await connect(self.address, source) as stream:
            yield Peer(stream)

    @asynccontextmanager
    async def open_stream(
        self, token: str | None = None, source: str = "127.0.0.1"
    ) -> AsyncIterator[Peer]:
        """A WebSocket that was genuinely opened, on which nothing has been said.

        It is for *token*, if that is shown so early.
        """
        async with self.connect_stream(source) as peer:
            head = await peer.open(self.upgrade(token))
            assert head.startswith("HTTP/1.1 101 "), head
            yield peer

    async def try_stream(
        self,
        token: str | None,
        frames: bytes = b"",
        *,
        carrier: Carrier | None = None,
        suffix: str = "",
    ) -> int:
        """Open a stream for *token* and send *frames* on it; see `upgrade`.

        Gives the status of its refusal, or else the code that it is closed with.
        """
        upgrade = self.upgrade(token, carrier=carrier, suffix=suffix)
        async with self.connect_stream() as peer:
            with contextlib.suppress(trio.BrokenResourceError):  # it may be too long to be read
                await peer.stream.send_all(upgrade.encode())
            status = int((await peer.read_head()).split(" ", 2)[1])
            if status != SWITCHING:
                return status
            await peer.send(frames)
            return await close_code(peer)

    def upgrade(
        self,
        token: str | None = None,
        *,
        proof: Mapping[str, str] | None = None,
        carrier: Carrier | None = None,
        suffix: str = "",
    ) -> str:
        """The request of a WebSocket; genuine if no other *proof* is given.

        It shows *token* if *carrier*, by default the site's own, does so, and goes to the path
        with *suffix*.
        """
        carrier = carrier or self.carrier
        shown = NOTHING_SHOWN if token is None else carrier.show(token)
        query = f"?{shown.query}" if shown.query else ""
        if proof is None:
            proof = carrier.sign_upgrade(f"{STREAM_URL}{suffix}{query}", OUR_KEY)
        head = UPGRADE.replace("X-Twilio-Signature: proof\r\n\r\n", "")
        assert head != UPGRADE
        head = head.replace("/voice/stream ", f"/voice/stream{suffix}{query} ")
        fields = {**proof, **shown.headers}
        return head + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"


async def close_code(peer: Peer) -> int:
    """What the stream is closed with, on which nothing may be said."""
    while True:
        received = await peer.read_frame()
        assert received.opcode != TEXT, "it was let in"
        if received.opcode == CLOSE:
            await peer.send(frame(CLOSE, received.payload))
            return received.code


@asynccontextmanager
async def open_site(
    carrier: Carrier, journal: JournalDoor | None = None, **settings: Any
) -> AsyncIterator[Site]:
    """A site that is open; nothing that happens at it may be an error of ours."""
    chosen = settings_for(carrier, settings)
    with structlog.testing.capture_logs() as logged:
        async with await open_listener("127.0.0.1", 0) as listener:
            site = build_site(carrier, chosen, listener, journal, logged)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(site.switchboard.services.wheel.run)
                await nursery.start(site.switchboard.run)
                await nursery.start(site.network.run, site.switchboard)
                yield site
                nursery.cancel_scope.cancel()
    assert [entry for entry in logged if entry["log_level"] in {"error", "critical"}] == []


def settings_for(carrier: Carrier, more: Mapping[str, Any]) -> Settings:
    """The settings of a daemon that takes every call."""
    common = {"public_url": PUBLIC_URL, "inbound_policy": "open", "serve": {"port": 0}}
    return Settings.model_validate({**common, **carrier.settings, **more})


def build_site(
    carrier: Carrier,
    settings: Settings,
    listener: trio.SocketListener,
    journal: JournalDoor | None,
    logged: list[EventDict],
) -> Site:
    """A site that is not open yet."""

    def unix_clock() -> float:
        return UNIX_S + trio.current_time()

    numbers = itertools.count(1)
    ledger, link = Ledger(), Agreeing()
    tokens = CountedTokens(OUR_KEY.encode(), unix_clock)
    provider = build_provider(settings, key=OUR_KEY.encode())
    providers = {**build_providers(settings), provider.name: provider}
    network = NetworkCarriers(settings, providers, dict.fromkeys(providers, link), listener)
    services = Services(
        settings=settings,
        carriers=network.carriers,
        tokens=tokens,
        journal=journal or ledger,
        wheel=Wheel(),
        synthesizer=FakeSynthesizer(),
        transcriber=FakeTranscriber(""),
        agent=ScriptedAgent(),
        models=ModelPool(),
        unix_clock=unix_clock,
    )
    return Site(
        carrier=carrier,
        network=network,
        switchboard=Switchboard(services, new_id=lambda: f"id-{next(numbers)}"),
        ledger=ledger,
        link=link,
        tokens=tokens,
        logged=logged,
    )
