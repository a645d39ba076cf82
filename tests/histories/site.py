"""Our side of a history: the real reception, switchboard and HTTP link, in virtual time."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import cache
from typing import Any

import trio

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.ledger import Ledger
from tests.fakes.speech_fakes import FakeTranscriber
from tests.histories.dialect import Dialect
from tests.histories.documents import LINKS
from tests.histories.exchange import Exchange
from tests.security.carriers import OUR_KEY, PUBLIC_URL
from tests.security.site import CountedTokens
from voicecalld.net.carrier_link import CarrierLink
from voicecalld.net.http_client import HttpLink
from voicecalld.net.wheel import Wheel
from voicecalld.provider.catalog import build_provider
from voicecalld.settings import Settings
from voicecalld.speech.base import SpeechChunk
from voicecalld.switchboard.reception import Reception
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import CarrierAccess, ModelPool, Services

UNIX_S = 1_800_000_000.0

# The times that a call may take, all of them short, and none the sum of others.
RING_S, LONGEST_S, STALE_S = 12.0, 25.0, 40.0

COMMON: dict[str, Any] = {
    "public_url": PUBLIC_URL,
    "inbound_policy": "open",
    "ring_timeout_ms": round(1000 * RING_S),
    "max_duration_seconds": round(LONGEST_S),
    "stale_call_reaper_seconds": round(STALE_S),
    "turn": {"silence_timeout_seconds": 0},
    "outbound": {"voicemail": "hang-up", "notify_hangup_delay_seconds": 3},
}

TICK_S = 0.1


class SlowWheel(Wheel):
    """Turns five times as slowly: sound is not the subject, and time is short."""

    async def run(self) -> None:
        while True:
            if not any(self.slots):
                self.joined = trio.Event()
                await self.joined.wait()
            await trio.sleep(TICK_S)
            for slot in self.slots:
                self.tick(slot, trio.current_time())


class QuietVoice:
    """Says everything as a tenth of a second of silence."""

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        await trio.lowlevel.checkpoint()
        if text.strip():
            yield SpeechChunk(audio=b"\xff" * 800)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that a history is played to."""

    switchboard: Switchboard
    reception: Reception
    ledger: Ledger
    tokens: CountedTokens
    agent: ScriptedAgent
    transcriber: FakeTranscriber

    @property
    def services(self) -> Services:
        return self.switchboard.services


@cache
def settings_for(dialect: Dialect, *, streams: bool) -> Settings:
    """The settings of a daemon; made once, since that takes longer than a history."""
    streaming = {"streaming": {"enabled": streams}}
    return Settings.model_validate({**COMMON, **dialect.carrier.settings, **streaming})


@cache
def speech_models() -> ModelPool:
    """Making one takes ten times as long as a history."""
    return ModelPool()


def unix_clock() -> float:
    """Wall time that jumps along."""
    return UNIX_S + trio.current_time()


def build_link(exchange: Exchange) -> HttpLink:
    """The real link, over a network that is none."""
    return HttpLink(exchange, lambda: 0.5)


def build_site(dialect: Dialect, link: CarrierLink, *, streams: bool) -> Site:
    """A daemon's switchboard and the door of one carrier."""
    settings = settings_for(dialect, streams=streams)
    provider = build_provider(settings, key=OUR_KEY.encode())
    access = CarrierAccess(provider=provider, link=link, links=LINKS)
    ledger, agent, transcriber = Ledger(), ScriptedAgent(), FakeTranscriber("")
    tokens = CountedTokens(OUR_KEY.encode(), unix_clock)
    services = Services(
        settings=settings,
        carriers={access.name: access},
        tokens=tokens,
        journal=ledger,
        wheel=SlowWheel(),
        synthesizer=QuietVoice(),
        transcriber=transcriber,
        agent=agent,
        models=speech_models(),
        unix_clock=unix_clock,
    )
    numbers = iter(range(1, 100))
    switchboard = Switchboard(services, new_id=lambda: f"id-{next(numbers)}")
    return Site(
        switchboard=switchboard,
        reception=Reception(switchboard, access, unix_clock=unix_clock),
        ledger=ledger,
        tokens=tokens,
        agent=agent,
        transcriber=transcriber,
    )
