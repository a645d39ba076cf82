"""A whole telephone in memory: real switchboard, real mock carrier, real sound, virtual time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import trio

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.ledger import Ledger
from tests.fakes.speech_fakes import FakeTranscriber
from tests.fakes.spoken_voice import SpokenVoice
from voicecalld.call.record import CallRecord, Entry, Mode
from voicecalld.exchange.exchange import Exchange
from voicecalld.ids import CallId, PhoneNumber
from voicecalld.net.message_stream import MessageStream
from voicecalld.net.wheel import Wheel
from voicecalld.provider.catalog import build_provider
from voicecalld.provider.http import HttpRequest, HttpResponse, Reply, Webhook
from voicecalld.settings import Settings
from voicecalld.speech.base import Transcriber
from voicecalld.switchboard.actor import Call
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.reception import Reception
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import CarrierAccess, JournalDoor, ModelPool, Services
from voicecalld.switchboard.stream_talk import StreamTalk
from voicecalld.switchboard.tokens import StreamTokens

WEBHOOK_URL = "mock://daemon/voice/webhook"
KEY = b"k" * 32
STREAM_URL = "mock://daemon/voice/stream"
CALLEE = PhoneNumber("+15550100")
LISTENS: dict[str, Any] = {}  # a telephone that is answered, and nothing more
UNIX_S = 1_800_000_000.0
LONGEST_TEST_S = 120.0  # virtual ones


@dataclass
class Office:
    """Everything a test may want to look at or to break."""

    settings: Settings
    switchboard: Switchboard
    exchange: Exchange
    reception: Reception
    journal: Ledger
    voice: SpokenVoice
    ears: FakeTranscriber
    agent: ScriptedAgent
    link: "Link"

    async def call(
        self, message: str = "Hello, this is a test.", mode: Mode = Mode.CONVERSATION
    ) -> CallId:
        return await self.switchboard.place(
            to=CALLEE, message=message, mode=mode, idempotency_key=None
        )

    async def wait_over(self, call_id: CallId) -> CallRecord:
        call = self.switchboard.find(call_id)
        if call is not None:
            await call.over.wait()
        return self.journal.latest()[call_id]

    async def wait_for(self, event: str, count: int = 1) -> Entry:
        """Wait until *event* has been journalled *count* times."""
        with trio.fail_after(LONGEST_TEST_S):
            while True:
                found = [entry for entry in self.journal.entries if entry.event == event]
                if len(found) >= count:
                    return found[count - 1]
                await trio.sleep(0.01)

    def answered_unix_s(self, call_id: CallId) -> float:
        answered = self.journal.latest()[call_id].answered_unix_s
        assert answered is not None
        return answered

    @property
    def events(self) -> list[str]:
        return [entry.event for entry in self.journal.entries]

    @property
    def said(self) -> list[tuple[str, str, bool]]:
        """(speaker, text, interrupted) of every utterance."""
        return [
            (entry.utterance.speaker.value, entry.utterance.text, entry.utterance.interrupted)
            for entry in self.journal.entries
            if entry.utterance is not None
        ]


def stream_of(call: Call) -> StreamTalk:
    """How *call* speaks and listens, which is over a media stream."""
    assert isinstance(call.talk, StreamTalk)
    return call.talk


def think_ahead(office: Office) -> None:
    """Have the agent asked ahead, whichever it is."""
    services = office.switchboard.services
    turn = services.settings.turn.model_copy(update={"speculative": True})
    settings = services.settings.model_copy(update={"turn": turn})
    office.switchboard.services = replace(services, settings=settings)


class Link:
    """The way to the exchange, with a switch for faults and a list of what was asked."""

    exchange: Exchange

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self.fault: Exception | None = None
        self.hangs = False
        self.delay_s = 0.0
        self.answer_delay_s = 0.0

    async def request(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        await trio.sleep(self.delay_s)
        if self.hangs:
            await trio.sleep_forever()
        if self.fault is not None:
            raise self.fault
        answer = await self.exchange.request(request)
        await trio.sleep(self.answer_delay_s)
        return answer

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]


@asynccontextmanager
async def open_office(
    *,
    phone: dict[str, Any] | None = None,
    hears: tuple[str, ...] = (),
    agent: ScriptedAgent | None = None,
    voice: SpokenVoice | None = None,
    journal: JournalDoor | None = None,
    transcriber: Transcriber | None = None,
    remembers: tuple[Entry, ...] = (),
    hangs: bool = False,
    **settings: Any,
) -> AsyncIterator[Office]:
    """An office at work, whose entries are in ``office.journal`` unless it is given another.

    A *transcriber* listens in place of ``office.ears``.
    """
    phones = {} if phone is None else {CALLEE: phone}
    chosen = Settings.model_validate({"mock": {"phones": phones}, **settings})
    mind, mouth = agent or ScriptedAgent(), voice or SpokenVoice()
    office = build_office(chosen, hears, mind, mouth, journal, transcriber)
    office.journal.restore(*remembers)
    office.link.hangs = hangs
    async with trio.open_nursery() as nursery:
        nursery.start_soon(office.switchboard.services.wheel.run)
        await nursery.start(office.exchange.run)
        await nursery.start(office.switchboard.run)
        yield office
        nursery.cancel_scope.cancel()


def build_office(
    settings: Settings,
    hears: tuple[str, ...],
    agent: ScriptedAgent,
    voice: SpokenVoice,
    journal: JournalDoor | None,
    transcriber: Transcriber | None,
) -> Office:
    def unix_clock() -> float:
        return UNIX_S + trio.current_time()

    numbers = iter(range(1, 1_000_000))

    def new_id() -> str:
        return f"id-{next(numbers)}"

    async def deliver(webhook: Webhook) -> Reply:
        return await reception.receive_webhook(webhook)

    async def accept_stream(stream: MessageStream) -> None:
        await reception.serve_stream(stream)

    key = KEY
    provider = build_provider(settings, key=key)
    exchange = Exchange(
        settings.mock,
        voice=SpokenVoice(),
        key=key,
        webhook_url=WEBHOOK_URL,
        deliver=deliver,
        accept_stream=accept_stream,
        clock=unix_clock,
        new_id=new_id,
    )
    link, ledger, ears = Link(), Ledger(), FakeTranscriber(*hears, "", delay_s=0.05)
    link.exchange = exchange
    links = Links(webhook_url=WEBHOOK_URL, stream_url=STREAM_URL)
    carrier = CarrierAccess(provider=provider, link=link, links=links)
    services = Services(
        settings=settings,
        carriers={carrier.name: carrier},
        tokens=StreamTokens(key, unix_clock),
        journal=journal or ledger,
        wheel=Wheel(),
        synthesizer=voice,
        transcriber=transcriber or ears,
        agent=agent,
        models=ModelPool(),
        unix_clock=unix_clock,
    )
    switchboard = Switchboard(services, new_id=new_id)
    reception = Reception(switchboard, carrier, unix_clock=unix_clock)
    return Office(
        settings=settings,
        switchboard=switchboard,
        exchange=exchange,
        reception=reception,
        journal=ledger,
        voice=voice,
        ears=ears,
        agent=agent,
        link=link,
    )
