"""The daemon as the mock carrier sees it: answers webhooks and serves media streams."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import trio

from tests.fakes.voice import ToneVoice
from voicecalld.call.events import Answered, HungUp, Placed, Rang
from voicecalld.exchange.exchange import Exchange
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.net.message_stream import MessageStream
from voicecalld.provider.base import Answer, CarrierReport, ConnectStream, PlaceOrder
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.mock import MockProvider
from voicecalld.provider.mock.rest import MockRest
from voicecalld.provider.stream import (
    AudioReceived,
    KeyPressed,
    MarkReturned,
    MediaEvent,
    StreamOpened,
)
from voicecalld.settings import MockSettings

KEY = b"shared"
WEBHOOK_URL = "mock://daemon/hook"
PROOF = "token-1"
CONNECT = ConnectStream(stream_url="mock://stream", token=PROOF)
CALLED = PhoneNumber("+15550001")
CALLER = PhoneNumber("+15550002")
NAMES = {Placed: "initiated", Rang: "ringing", Answered: "answered", HungUp: "ended"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One thing that came on a media stream, and when."""

    at_s: float
    event: MediaEvent


@dataclass(slots=True, kw_only=True)
class ServedStream:
    """One media stream with everything that came on it."""

    stream: MessageStream
    heard: list[Heard] = field(default_factory=list)
    codec: MockProvider = field(default_factory=lambda: MockProvider(key=KEY))

    async def listen(self) -> None:
        """Note what comes until the carrier closes the stream."""
        codec = self.codec.open_codec(None)
        while messages := await self.stream.receive():
            now_s = trio.current_time()
            for message in messages:
                event = codec.decode(message)
                assert event is not None
                self.heard.append(Heard(at_s=now_s, event=event))

    def play(self, sound: bytes) -> None:
        self.stream.send(self.codec.open_codec(None).encode_audio(sound))

    def mark(self, name: str) -> None:
        self.stream.send(self.codec.open_codec(None).encode_mark(name))

    def clear(self) -> None:
        self.stream.send(self.codec.open_codec(None).encode_clear())

    @property
    def opened(self) -> StreamOpened:
        event = self.heard[0].event
        assert isinstance(event, StreamOpened)
        return event

    @property
    def frames(self) -> list[tuple[float, bytes]]:
        return [(h.at_s, h.event.audio) for h in self.heard if isinstance(h.event, AudioReceived)]

    @property
    def marks(self) -> list[tuple[float, str]]:
        return [
            (round(h.at_s, 6), h.event.mark)
            for h in self.heard
            if isinstance(h.event, MarkReturned)
        ]

    @property
    def keys(self) -> list[tuple[float, str]]:
        return [
            (round(h.at_s, 6), h.event.digit)
            for h in self.heard
            if isinstance(h.event, KeyPressed)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One webhook, and when it came."""

    at_s: float
    report: CarrierReport

    @property
    def words(self) -> str:
        name = NAMES[type(self.report.event)]
        if isinstance(self.report.event, HungUp):
            return f"{name} {self.report.event.reason}"
        return name


class FakeDaemon:
    """Connects every call unless *answers* says otherwise; *serve* plays its side of a stream.

    *before_reply* may raise or wait in the middle of a webhook.
    """

    def __init__(
        self,
        *,
        answers: Mapping[str, Answer | Reply] | None = None,
        serve: Callable[[ServedStream], Awaitable[None]] | None = None,
        before_reply: Callable[[Told], Awaitable[None]] | None = None,
    ) -> None:
        self.provider = MockProvider(key=KEY)
        self.answers = {"initiated": CONNECT, "answered": CONNECT, **(answers or {})}
        self.serve = serve
        self.before_reply = before_reply
        self.told: list[Told] = []
        self.replay_keys: set[str] = set()
        self.urls: set[str] = set()
        self.streams: list[ServedStream] = []
        self.streams_done = 0

    async def deliver(self, webhook: Webhook) -> Reply:
        self.urls.add(webhook.url)
        self.replay_keys.add(self.provider.verify(webhook, wall_time()))
        (report,) = self.provider.parse(webhook)
        told = Told(at_s=round(trio.current_time(), 6), report=report)
        self.told.append(told)
        if self.before_reply is not None:
            await self.before_reply(told)
        answer = self.answers.get(NAMES[type(report.event)])
        if isinstance(answer, Reply):
            return answer
        return Reply(body=b"{}") if answer is None else self.provider.answer(answer)

    async def accept_stream(self, stream: MessageStream) -> None:
        served = ServedStream(stream=stream)
        self.streams.append(served)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(served.listen)
            if self.serve is not None:
                await self.serve(served)
        self.streams_done += 1

    @property
    def story(self) -> list[str]:
        return [told.words for told in self.told]

    @property
    def story_with_times(self) -> list[tuple[float, str]]:
        return [(told.at_s, told.words) for told in self.told]

    def story_of(self, call: ProviderCallId) -> list[str]:
        return [told.words for told in self.told if told.report.provider_call_id == call]


def wall_time() -> float:
    return 1_700_000_000.0 + trio.current_time()


def build_exchange(
    daemon: FakeDaemon, settings: MockSettings | None = None, voice: ToneVoice | None = None
) -> Exchange:
    """An exchange in front of *daemon* that does not run yet."""
    ids = count(1)
    return Exchange(
        MockSettings() if settings is None else settings,
        voice=ToneVoice() if voice is None else voice,
        key=KEY,
        webhook_url=WEBHOOK_URL,
        deliver=daemon.deliver,
        accept_stream=daemon.accept_stream,
        clock=wall_time,
        new_id=lambda: str(next(ids)),
    )


@asynccontextmanager
async def open_exchange(
    daemon: FakeDaemon, settings: MockSettings | None = None, voice: ToneVoice | None = None
) -> AsyncIterator[Exchange]:
    """A running exchange in front of *daemon*; leaving the block cuts off all calls."""
    exchange = build_exchange(daemon, settings, voice)
    async with trio.open_nursery() as nursery:
        await nursery.start(exchange.run)
        yield exchange
        nursery.cancel_scope.cancel()


async def place(
    exchange: Exchange,
    *,
    to: PhoneNumber = CALLED,
    ring_timeout_s: float = 30.0,
    max_duration_s: float = 300.0,
) -> ProviderCallId:
    """Place a call as the daemon does."""
    rest = MockProvider(key=KEY).rest
    order = PlaceOrder(
        call_id=CallId("call-1"),
        to=to,
        from_=CALLER,
        webhook_url=WEBHOOK_URL,
        ring_timeout_s=ring_timeout_s,
        max_duration_s=max_duration_s,
    )
    return rest.read_placed(await exchange.request(rest.place(order)))


async def hang_up(exchange: Exchange, call: ProviderCallId) -> bool:
    """Hang up as the daemon does."""
    rest = MockProvider(key=KEY).rest
    return rest.is_hung_up(await exchange.request(rest.hang_up(call)))


async def press(exchange: Exchange, call: ProviderCallId, digits: str) -> int:
    """Press keys as the daemon does; the status of the answer."""
    response = await exchange.request(MockRest().press(call, digits))
    return response.status
