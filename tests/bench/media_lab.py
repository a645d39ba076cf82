"""A daemon's parts for many calls over a carrier's media streams; engines take no time."""

import itertools
import re
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from tests.bench.lab import KEY, InstantAgent, InstantEars, unix_clock
from tests.bench.media_carriers import CARRIERS, StreamCarrier
from voicecalld.audio.frame import FRAME_MS
from voicecalld.audio.tones import beep
from voicecalld.net.wheel import Wheel
from voicecalld.network_carrier import NetworkCarriers
from voicecalld.provider.catalog import build_provider
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.settings import Settings
from voicecalld.speech.base import SpeechChunk
from voicecalld.surroundings import new_id
from voicecalld.switchboard.journal import open_journal
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import CarrierAccess, ModelPool, Services
from voicecalld.switchboard.tokens import StreamTokens
from voicecalld.web.listener import open_listener

# Three seconds of speech.
SENTENCE = "This is sentence {} of a story that is not over."
SENTENCE_FRAMES = 150
SENTENCE_S = SENTENCE_FRAMES * FRAME_MS / 1000


class CountingVoice:
    """Speaks a sentence in three seconds; every frame of the story has its number in it."""

    def __init__(self) -> None:
        self.frame = beep(440, 20)[3:]
        self.sentences: dict[int, bytes] = {}

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        found = re.search(r"[0-9]+", text)
        yield SpeechChunk(audio=self.sentence(int(found[0]) if found else 0))

    def sentence(self, number: int) -> bytes:
        """The sound of sentence *number*; made once, since it is not what is measured."""
        if number not in self.sentences:
            first = number * SENTENCE_FRAMES
            frames = map(self.number, range(first, first + SENTENCE_FRAMES))
            self.sentences[number] = b"".join(frames)
        return self.sentences[number]

    def number(self, number: int) -> bytes:
        """One frame with *number* in its first three bytes, seven bits in each."""
        return bytes((number >> 14 & 127, number >> 7 & 127, number & 127)) + self.frame


class WillingCarrier:
    """Places and ends every call that it is asked for."""

    def __init__(self, carrier: StreamCarrier) -> None:
        self.carrier = carrier
        self.numbers = itertools.count()

    async def request(self, request: HttpRequest) -> HttpResponse:
        await trio.lowlevel.checkpoint()
        if request.url.endswith(self.carrier.order_path):
            return self.carrier.place(self.carrier.call_form.format(next(self.numbers)))
        return self.carrier.ended


@asynccontextmanager
async def open_telephone(
    calls: int, name: str = "twilio"
) -> AsyncGenerator[tuple[Switchboard, NetworkCarriers, str], None]:
    """A daemon's parts for so many calls with the carrier *name*, and the path of its streams.

    They are put together as the daemon does it.
    """
    settings = settings_for(calls, name)
    stream_path = settings.streaming.stream_path
    async with (
        await open_listener("127.0.0.1", 0) as listener,
        open_services(settings) as services,
        trio.open_nursery() as nursery,
    ):
        switchboard = Switchboard(services, new_id=new_id)
        carrier = NetworkCarriers(
            settings,
            {name: services.carrier.provider},
            {name: services.carrier.link},
            listener,
        )
        nursery.start_soon(services.wheel.run)
        await nursery.start(switchboard.run)
        await nursery.start(carrier.run, switchboard)
        yield switchboard, carrier, stream_path
        await switchboard.end_all()
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncGenerator[Services, None]:
    """What calls need; engines and the carrier's REST API take no time themselves."""
    carrier = CarrierAccess(
        provider=build_provider(settings, key=KEY),
        link=WillingCarrier(CARRIERS[settings.provider]),
        links=Links(webhook_url=settings.public_url, stream_url="wss://calls.example.test/voice"),
    )
    with tempfile.TemporaryDirectory(prefix="voicecalld-bench-") as state:
        async with open_journal(Path(state) / "journal.sqlite3") as journal:
            yield Services(
                settings=settings,
                carriers={carrier.name: carrier},
                tokens=StreamTokens(KEY, unix_clock),
                journal=journal,
                wheel=Wheel(),
                synthesizer=CountingVoice(),
                transcriber=InstantEars(),
                agent=InstantAgent(""),
                models=ModelPool(),
                unix_clock=unix_clock,
            )


def settings_for(calls: int, name: str) -> Settings:
    """Those for the carrier *name*, with room for so many calls from one address."""
    room = calls + 10
    return Settings.model_validate(
        {
            "provider": name,
            "from_number": "+15550101",
            "public_url": "https://calls.example.test/voice/webhook",
            name: CARRIERS[name].account,
            "limits": {"max_concurrent_calls": room},
            "streaming": {
                "max_pending_connections": room,
                "max_pending_connections_per_ip": room,
                "max_connections": room,
            },
        }
    )
