"""A whole telephone in memory at a simulated carrier: real switchboard and door, virtual time.

The simulator judges: whoever leaves `open_office` has been found to have broken no rule of the
carrier's, and to have left no call open.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import trio

from tests.carriers.callee import Callee
from tests.carriers.customer import CarriersEnd
from tests.carriers.ledger import CallEntry
from tests.carriers.outside import CustomerStream, NoAnswerError, RefusedStreamError
from tests.carriers.plivo.carrier import SimulatedPlivo
from tests.carriers.telnyx.carrier import SimulatedTelnyx
from tests.carriers.twilio.carrier import SimulatedTwilio
from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.ledger import Ledger
from tests.fakes.speech_fakes import FakeTranscriber
from tests.fakes.spoken_voice import SpokenVoice
from voicecalld.call.record import CallRecord, Entry, Mode
from voicecalld.ids import CallId, PhoneNumber
from voicecalld.net.message_stream import open_memory_streams
from voicecalld.net.wheel import Wheel
from voicecalld.provider.catalog import build_provider
from voicecalld.provider.http import HttpRequest, HttpResponse, Webhook
from voicecalld.settings import Settings
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.reception import Reception, ignore
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import CarrierAccess, ModelPool, Services
from voicecalld.switchboard.tokens import StreamTokens

Simulated: TypeAlias = SimulatedTwilio | SimulatedTelnyx | SimulatedPlivo

WEBHOOK_URL = "https://calls.example.test/voice/webhook"
STREAM_URL = "wss://calls.example.test/voice/stream"
KEY = b"k" * 32
OURS, CALLEE, CALLER = (
    PhoneNumber("+13105550142"),
    PhoneNumber("+12065550117"),
    PhoneNumber("+12065550123"),
)
UNIX_S = 1_767_225_600.0
LONGEST_TEST_S = 600.0  # virtual ones
LETTER_S = 1 / 15  # of a carrier's voice, as of most voices


@dataclass
class Door:
    """The daemon's public edge without a network; a test may delay or forge what comes in."""

    reception: Reception | None = None
    nursery: trio.Nursery | None = None
    webhooks: list[Webhook] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    upgrades: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    loses: Callable[[Webhook], bool] = lambda _webhook: False
    refuses_streams: bool = False

    async def request(self, request: HttpRequest) -> HttpResponse:
        assert self.reception is not None
        headers = {name.lower(): value for name, value in request.headers.items()}
        webhook = Webhook(
            method=request.method, url=request.url, headers=headers, body=request.body
        )
        if self.loses(webhook):
            raise NoAnswerError("the network has lost it", connected=True)
        self.webhooks.append(webhook)
        reply = await self.reception.receive_webhook(webhook)
        self.answers.append(reply.body.decode())
        kind = {"Content-Type": reply.content_type}
        return HttpResponse(status=reply.status, headers=kind, body=reply.body)

    @asynccontextmanager
    async def open_stream(
        self, url: str, headers: Mapping[str, str]
    ) -> AsyncIterator[CustomerStream]:
        assert self.reception is not None
        assert self.nursery is not None
        self.upgrades.append((url, headers))
        upgrade = build_upgrade(url, headers)
        if self.refuses_streams or not self.reception.welcomes(upgrade, ""):
            raise RefusedStreamError(403)
        ours, theirs = open_memory_streams()
        self.nursery.start_soon(self.reception.serve_stream, ours, ignore, upgrade)
        try:
            yield CarriersEnd(theirs)
        finally:
            theirs.close()


class Link:
    """The way to the carrier's REST API, with a list of what was asked.

    What ``refuses`` gives an answer to does not get there.
    """

    def __init__(self) -> None:
        self.carrier: Simulated | None = None
        self.requests: list[HttpRequest] = []
        self.answer_delay_s = 0.0
        self.delay_s = 0.0
        self.refuses: Callable[[HttpRequest], HttpResponse | None] = lambda _request: None

    async def request(self, request: HttpRequest) -> HttpResponse:
        assert self.carrier is not None
        self.requests.append(request)
        await trio.sleep(self.delay_s)
        refusal = self.refuses(request)
        if refusal is not None:
            return refusal
        answer = await self.carrier.request(request)
        await trio.sleep(self.answer_delay_s)
        return answer


def build_upgrade(url: str, headers: Mapping[str, str]) -> Webhook:
    """The request that opens a media stream."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return Webhook(method="GET", url=url, headers=lowered, body=b"")


@dataclass
class Parts:
    """What an office is made of, and its carrier too."""

    settings: Settings
    stream_url: str = STREAM_URL
    door: Door = field(default_factory=Door)
    link: Link = field(default_factory=Link)


@dataclass
class Office:
    """Everything a test may want to look at or to break."""

    switchboard: Switchboard
    reception: Reception
    carrier: Simulated
    journal: Ledger
    agent: ScriptedAgent
    door: Door
    link: Link

    async def call(self, message: str = "Hello.", mode: Mode = Mode.CONVERSATION) -> CallId:
        """Place a call."""
        return await self.switchboard.place(
            to=CALLEE, message=message, mode=mode, idempotency_key=None
        )

    async def wait_over(self, call_id: CallId) -> CallRecord:
        """Wait until the call is over, here and at the carrier."""
        call = self.switchboard.find(call_id)
        if call is not None:
            await call.over.wait()
        await self.carrier.settle()
        return self.journal.latest()[call_id]

    async def hold(self, message: str = "Hello.", mode: Mode = Mode.CONVERSATION) -> CallRecord:
        """Place a call, and let it come to its end."""
        return await self.wait_over(await self.call(message, mode))

    async def ring(self, callee: Callee) -> CallRecord:
        """Let somebody call us, and wait for the end of that; gives our record of it."""
        entry = self.carrier.ring(CALLER, OURS, callee=callee)
        await self.carrier.ledger.wait_over(entry)
        await self.carrier.settle()
        await self.switchboard.wait_idle()
        return self.record

    async def wait_for(self, event: str, count: int = 1) -> Entry:
        """Wait until *event* has been journalled *count* times."""
        with trio.fail_after(LONGEST_TEST_S):
            while True:
                found = [entry for entry in self.journal.entries if entry.event == event]
                if len(found) >= count:
                    return found[count - 1]
                await trio.sleep(0.01)

    async def wait_heard(self, text: str) -> None:
        """Wait until the carrier's voice begins to say *text*."""
        with trio.fail_after(LONGEST_TEST_S):
            await self.carrier.ledger.wait_until(lambda: text in self.entry.texts)

    @property
    def record(self) -> CallRecord:
        """The only call, as we know it."""
        (record,) = self.journal.latest().values()
        return record

    @property
    def entry(self) -> CallEntry:
        """The only call, as the carrier knows it."""
        (entry,) = self.carrier.ledger.calls
        return entry

    @property
    def events(self) -> list[str]:
        """What was journalled, without what was said."""
        skipped = {"call.speech", "call.turn"}
        return [entry.event for entry in self.journal.entries if entry.event not in skipped]

    @property
    def states(self) -> list[str]:
        """The states that clients have seen, without those that only tell who speaks."""
        skipped = {"speaking", "listening", "active", "ignored", "turn", "speech", "dtmf"}
        names = (event.removeprefix("call.") for event in self.events)
        return [name for name in names if name not in skipped]

    @property
    def keys(self) -> list[tuple[object, object]]:
        """(digits, direction) of all keys."""
        return [
            (entry.details["digits"], entry.details["direction"])
            for entry in self.journal.entries
            if entry.event == "call.dtmf"
        ]

    @property
    def ignored(self) -> list[object]:
        """What was journalled as without a meaning."""
        return [
            entry.details["what"]
            for entry in self.journal.entries
            if entry.event == "call.ignored"
        ]

    @property
    def said(self) -> list[tuple[str, str, bool]]:
        """(speaker, text, interrupted) of every utterance."""
        return [
            (entry.utterance.speaker.value, entry.utterance.text, entry.utterance.interrupted)
            for entry in self.journal.entries
            if entry.utterance is not None
        ]


def build_settings(provider: str, account: Mapping[str, str], **settings: Any) -> Settings:
    """Settings for *account* at the carrier *provider*; without media streams by default."""
    return Settings.model_validate(
        {
            "provider": provider,
            provider: account,
            "from_number": OURS,
            "public_url": WEBHOOK_URL,
            "streaming": {"enabled": False},
            "inbound_policy": "open",
            **settings,
        }
    )


@asynccontextmanager
async def open_office(
    parts: Parts,
    carrier: Simulated,
    *,
    agent: ScriptedAgent | None = None,
    hears: tuple[str, ...] = (),
    complaints: tuple[int, ...] = (),
) -> AsyncIterator[Office]:
    """An office at work at *carrier*, which was opened with the door of the *parts*.

    *complaints* are the codes that the carrier's debugger is to show in the end.
    """
    door, link = parts.door, parts.link
    link.carrier = carrier
    async with trio.open_nursery() as nursery:
        office = build_office(parts, carrier, agent or ScriptedAgent(), hears)
        door.reception, door.nursery = office.reception, nursery
        nursery.start_soon(office.switchboard.services.wheel.run)
        await nursery.start(office.switchboard.run)
        yield office
        with trio.fail_after(LONGEST_TEST_S):
            await carrier.settle()
        nursery.cancel_scope.cancel()
    assert tuple(complaint.code for complaint in carrier.ledger.complaints) == complaints
    assert carrier.ledger.open_calls == []


def unix_clock() -> float:
    """Wall time that jumps along."""
    return UNIX_S + trio.current_time()


def count_ids() -> Iterator[str]:
    """Ids that are easily told apart."""
    number = 0
    while True:
        number += 1
        yield f"id-{number}"


def build_office(
    parts: Parts, carrier: Simulated, agent: ScriptedAgent, hears: tuple[str, ...]
) -> Office:
    """The parts of an office, put together."""
    settings = parts.settings
    provider = build_provider(settings, key=KEY)
    journal = Ledger()
    links = Links(webhook_url=WEBHOOK_URL, stream_url=parts.stream_url)
    access = CarrierAccess(provider=provider, link=parts.link, links=links)
    services = Services(
        settings=settings,
        carriers={access.name: access},
        tokens=StreamTokens(KEY, unix_clock),
        journal=journal,
        wheel=Wheel(),
        synthesizer=SpokenVoice(),
        transcriber=FakeTranscriber(*hears, "", delay_s=0.05),
        agent=agent,
        models=ModelPool(),
        unix_clock=unix_clock,
    )
    switchboard = Switchboard(services, new_id=count_ids().__next__)
    return Office(
        switchboard=switchboard,
        reception=Reception(switchboard, access, unix_clock=unix_clock),
        carrier=carrier,
        journal=journal,
        agent=agent,
        door=parts.door,
        link=parts.link,
    )
