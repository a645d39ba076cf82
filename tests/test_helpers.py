from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.speech_fakes import FakeSynthesizer, FakeTranscriber
from voicecalld import helpers
from voicecalld.agent.base import Agent, Briefing, CallerTurn
from voicecalld.errors import ConfigError, ServiceError
from voicecalld.helpers import open_helpers, url_of
from voicecalld.net.service_guard import ServiceState
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer, Transcriber

BRIEFING = Briefing(
    call_id="call-1", direction="inbound", from_number="", to_number="", language="en", opening=""
)


class Cast:
    """Stands in for the catalogs; what is in ``problems`` does not start."""

    def __init__(self) -> None:
        self.problems: dict[str, Exception] = {}

    def check(self, kind: str) -> None:
        if kind in self.problems:
            raise self.problems[kind]

    @asynccontextmanager
    async def open_synthesizer(self, _settings: Settings) -> AsyncGenerator[Synthesizer, None]:
        self.check("synthesizer")
        yield FakeSynthesizer()

    @asynccontextmanager
    async def open_transcriber(self, _settings: Settings) -> AsyncGenerator[Transcriber, None]:
        self.check("transcriber")
        yield FakeTranscriber()

    @asynccontextmanager
    async def open_agent(self, _settings: Settings) -> AsyncGenerator[Agent, None]:
        self.check("agent")
        yield ScriptedAgent()


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> Cast:
    cast = Cast()
    monkeypatch.setattr(helpers, "open_synthesizer", cast.open_synthesizer)
    monkeypatch.setattr(helpers, "open_transcriber", cast.open_transcriber)
    monkeypatch.setattr(helpers, "open_agent", cast.open_agent)
    return cast


@pytest.mark.parametrize("kind", ["synthesizer", "transcriber", "agent"])
async def test_a_service_that_does_not_start_keeps_no_other_from_starting(
    cast: Cast, kind: str, autojump_clock: MockClock
) -> None:
    cast.problems[kind] = ServiceError("no engine")

    async with (
        open_helpers(Settings(), trio.current_time) as opened,
        trio.open_nursery() as nursery,
    ):
        at_first = {name: health.state for name, health in opened.health().items()}
        nursery.start_soon(opened.run)
        cast.problems.clear()
        await trio.sleep(2)
        later = {health.state for health in opened.health().values()}
        chunks = [chunk async for chunk in opened.synthesizer.synthesize("Hello.")]
        is_early = opened.transcriber.tells_early
        nursery.cancel_scope.cancel()

    assert at_first.pop(kind) is ServiceState.NOT_STARTED
    assert set(at_first.values()) == {ServiceState.OK}
    assert later == {ServiceState.OK}
    assert chunks
    assert isinstance(is_early, bool)


async def test_what_is_configured_wrongly_is_an_error(cast: Cast) -> None:
    cast.problems["agent"] = ConfigError("agent.provider: there is none")

    with pytest.raises(ConfigError):
        async with open_helpers(Settings(), trio.current_time):
            pass


async def test_what_an_agent_answers_counts_as_its_success(cast: Cast) -> None:
    async with open_helpers(Settings(), trio.current_time) as opened:
        async with opened.agent.open(BRIEFING) as session:
            outputs = [output async for output in session.reply(CallerTurn(text="hello"))]

        assert outputs
        assert opened.health()["agent"].successes == 1


@pytest.mark.parametrize(
    ("document", "urls"),
    [
        ({}, ("", "", "")),
        (
            {
                "tts": {"provider": "openai", "openai": {"base_url": "http://127.0.0.1:1/v1"}},
                "stt": {
                    "provider": "openai-http",
                    "openai-http": {"base_url": "http://127.0.0.1:2/v1", "model": "m"},
                },
                "agent": {
                    "provider": "openai",
                    "openai": {"base_url": "http://127.0.0.1:3/v1", "model": "m"},
                },
            },
            ("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1", "http://127.0.0.1:3/v1"),
        ),
        (
            {"stt": {"provider": "openai", "openai": {"url": "ws://127.0.0.1:2", "model": "m"}}},
            ("", "ws://127.0.0.1:2", ""),
        ),
    ],
)
def test_where_a_service_is_stands_in_its_table(
    document: dict[str, object], urls: tuple[str, ...]
) -> None:
    settings = Settings.model_validate(document)

    chosen = (settings.tts, settings.stt, settings.agent)
    assert tuple(url_of(table, table.provider) for table in chosen) == urls
