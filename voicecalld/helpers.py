"""Those who speak, listen and think for all calls: started, watched, and started again.

A service that is not there is no reason for the daemon not to start: calls learn of it, and
whoever asks how the daemon is doing.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import trio

from voicecalld.agent.base import Agent
from voicecalld.agent.catalog import open_agent
from voicecalld.agent.guarded import GuardedAgent
from voicecalld.net.service_guard import ServiceGuard, ServiceHealth
from voicecalld.net.service_keeper import ServiceKeeper
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer, Transcriber
from voicecalld.speech.catalog import open_synthesizer, open_transcriber
from voicecalld.speech.guarded import GuardedSynthesizer, GuardedTranscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpers:
    """Those who speak, listen and think for all calls."""

    speaking: ServiceKeeper[Synthesizer]
    listening: ServiceKeeper[Transcriber]
    thinking: ServiceKeeper[Agent]

    @property
    def synthesizer(self) -> Synthesizer:
        """Who speaks."""
        return GuardedSynthesizer(self.speaking)

    @property
    def transcriber(self) -> Transcriber:
        """Who listens."""
        return GuardedTranscriber(self.listening)

    @property
    def agent(self) -> Agent:
        """Who thinks."""
        return GuardedAgent(self.thinking)

    def health(self) -> Mapping[str, ServiceHealth]:
        """How each of them is doing."""
        guards = (self.speaking.guard, self.listening.guard, self.thinking.guard)
        return {guard.kind: guard.health for guard in guards}

    async def run(self) -> None:
        """Start those that have not started, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.speaking.run)
            nursery.start_soon(self.listening.run)
            nursery.start_soon(self.thinking.run)


@asynccontextmanager
async def open_helpers(
    settings: Settings, unix_clock: Callable[[], float]
) -> AsyncGenerator[Helpers, None]:
    """The services that the settings choose; there is no other way to them.

    Raises:
        ConfigError: one of them cannot be used as it is configured.
    """

    def guard(kind: str, provider: str, patience_ms: float) -> ServiceGuard:
        return ServiceGuard(kind, provider, patience_s=patience_ms / 1000, unix_clock=unix_clock)

    tts, stt, agent = settings.tts, settings.stt, settings.agent
    helpers = Helpers(
        speaking=ServiceKeeper(
            guard("synthesizer", tts.provider, tts.timeout_ms),
            lambda: open_synthesizer(settings),
            url=url_of(tts, tts.provider),
        ),
        listening=ServiceKeeper(
            guard("transcriber", stt.provider, settings.turn.transcription_timeout_ms),
            lambda: open_transcriber(settings),
            url=url_of(stt, stt.provider),
        ),
        thinking=ServiceKeeper(
            guard("agent", agent.provider, settings.response_timeout_ms),
            lambda: open_agent(settings),
            url=url_of(agent, agent.provider),
        ),
    )
    async with AsyncExitStack() as stack:
        await helpers.speaking.start(stack)
        await helpers.listening.start(stack)
        await helpers.thinking.start(stack)
        yield helpers


def url_of(services: object, provider: str) -> str:
    """Where the service is that *services*, a table of the settings, choose; empty if it is here.

    Where a service is, is the ``base_url`` or ``url`` of the table that has its name.
    """
    chosen = getattr(services, provider.replace("-", "_"), None)
    url = getattr(chosen, "base_url", "") or getattr(chosen, "url", "")
    return str(url)
