"""That what the file says of speech services reaches the services: over real sockets."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import TypeAlias, get_args
from urllib.parse import parse_qs, urlsplit

import pytest
import trio

from tests.carriers.faults import Answering
from tests.services import deepgram_speak, elevenlabs, openai_speech
from tests.services.deepgram_listen import open_deepgram
from tests.services.openai_realtime import open_openai_realtime
from tests.services.openai_transcriptions import answered, open_transcriptions
from tests.speech.finals import next_final
from voicecalld.audio.frame import MULAW_SILENCE
from voicecalld.config_file import parse_config
from voicecalld.errors import ConfigError, ServiceError
from voicecalld.settings import Settings
from voicecalld.speech.catalog import (
    SYNTHESIZERS,
    TRANSCRIBERS,
    open_synthesizer,
    open_transcriber,
    without_version,
)
from voicecalld.speech.elevenlabs_synthesizer import (
    ElevenLabsHttpSynthesizer,
    ElevenLabsSynthesizer,
)
from voicecalld.speech.embedded_synthesizer import EmbeddedSynthesizer
from voicecalld.speech.embedded_transcriber import EmbeddedTranscriber
from voicecalld.speech.openai_http_transcriber import OpenAIHttpTranscriber
from voicecalld.stt_settings import SttSettings
from voicecalld.tts_settings import TtsSettings

Configured: TypeAlias = AbstractAsyncContextManager[str]
"""A simulated service, and the file that has it used."""

pytestmark = pytest.mark.usefixtures("unhurried")

SPEECH = b"\x10" * 4000 + MULAW_SILENCE * 4000


async def test_embedded_is_made_of_what_comes_with_the_program() -> None:
    settings = Settings()

    async with (
        open_synthesizer(settings) as synthesizer,
        open_transcriber(settings) as transcriber,
    ):
        assert isinstance(synthesizer, EmbeddedSynthesizer)
        assert isinstance(transcriber, EmbeddedTranscriber)


def test_a_name_that_nobody_bears_is_the_operators_mistake() -> None:
    # Settings refuse such a name themselves; a new name may come to them before it comes here.
    settings = Settings.model_construct(
        tts=TtsSettings.model_construct(provider="siren"),
        stt=SttSettings.model_construct(provider="ear"),
    )

    with pytest.raises(ConfigError, match=r"^tts.provider: there is no 'siren', only deepgram, "):
        open_synthesizer(settings)
    with pytest.raises(ConfigError, match=r"^stt.provider: there is no 'ear', only deepgram, "):
        open_transcriber(settings)


def test_the_catalog_has_everything_that_may_be_chosen() -> None:
    tts = TtsSettings.model_fields["provider"].annotation
    stt = SttSettings.model_fields["provider"].annotation

    assert set(SYNTHESIZERS) == set(get_args(tts))
    assert set(TRANSCRIBERS) == set(get_args(stt))


@pytest.mark.parametrize(
    "base_url", ["https://a.example", "https://a.example/v1", "https://a.example/v2"]
)
def test_deepgrams_version_may_be_written_or_not(base_url: str) -> None:
    assert without_version(base_url) == "https://a.example"


# --- synthesizers ----------------------------------------------------------------------


@asynccontextmanager
async def elevenlabs_over_socket() -> AsyncGenerator[str, None]:
    async with elevenlabs.open_elevenlabs_socket() as server:
        yield elevenlabs_file(server.url, "websocket")


@asynccontextmanager
async def elevenlabs_over_http() -> AsyncGenerator[str, None]:
    async with elevenlabs.open_elevenlabs_http() as server:
        yield elevenlabs_file(server.url, "http")


def elevenlabs_file(url: str, streaming: str) -> str:
    return (
        f'tts = {{provider = "elevenlabs"}}\n[messages.tts.elevenlabs]\n'
        f'api_key = "{elevenlabs.API_KEY}"\nvoice_id = "{elevenlabs.VOICE_ID}"\n'
        f'base_url = "{url}/"\nstreaming = "{streaming}"\n'
    )


@asynccontextmanager
async def openai_voice() -> AsyncGenerator[str, None]:
    async with openai_speech.open_openai_speech() as server:
        yield (
            f'[tts]\nprovider = "openai"\n[tts.openai]\napi_key = "{openai_speech.API_KEY}"\n'
            f'base_url = "{server.url}/v1"\npcm_rate_hz = {openai_speech.RATE_HZ}\n'
        )


@asynccontextmanager
async def deepgram_voice() -> AsyncGenerator[str, None]:
    async with deepgram_speak.open_deepgram_speak() as server:
        yield (
            f'[tts]\nprovider = "deepgram"\n[tts.deepgram]\n'
            f'api_key = "{deepgram_speak.API_KEY}"\nbase_url = "{server.url}"\n'
        )


@pytest.mark.parametrize(
    "open_configured",
    [elevenlabs_over_socket, elevenlabs_over_http, openai_voice, deepgram_voice],
)
async def test_a_voice_that_the_file_describes_speaks(
    open_configured: Callable[[], Configured],
) -> None:
    async with open_configured() as text:
        settings = parse_config(text, "FILE")
        async with (
            open_synthesizer(settings) as synthesizer,
            aclosing(synthesizer.synthesize("good morning")) as sound,
        ):
            chunks = [chunk.audio async for chunk in sound]

    assert 0.4 < len(b"".join(chunks)) / 8000 < 2.0


@pytest.mark.parametrize(
    ("streaming", "kind"),
    [("websocket", ElevenLabsSynthesizer), ("http", ElevenLabsHttpSynthesizer)],
)
async def test_the_way_to_elevenlabs_is_the_operators_choice(
    streaming: str, kind: type[object]
) -> None:
    settings = parse_config(elevenlabs_file("http://127.0.0.1:9", streaming), "FILE")

    async with open_synthesizer(settings) as synthesizer:
        assert isinstance(synthesizer, kind)


async def test_all_that_is_said_of_a_voice_is_asked_for() -> None:
    async with openai_speech.open_openai_speech() as server:
        settings = parse_config(
            '[tts]\nprovider = "openai"\n[tts.openai]\nmodel = "kokoro"\nvoice = "af_heart"\n'
            f'base_url = "{server.url}/v1"\ninstructions = "Whisper."\nspeed = 1.5\n'
            f'api_key = "{openai_speech.API_KEY}"\npcm_rate_hz = 16000\n',
            "FILE",
        )
        async with (
            open_synthesizer(settings) as synthesizer,
            aclosing(synthesizer.synthesize("good morning")) as sound,
        ):
            chunks = [chunk.audio async for chunk in sound]
        (request,) = server.requests

    assert b'"model": "kokoro"' in request.body
    assert b'"voice": "af_heart"' in request.body
    assert b'"instructions": "Whisper."' in request.body
    assert b'"speed": 1.5' in request.body
    # 0.6 s that are made at 24 kHz last half as long again at 16 kHz.
    assert len(b"".join(chunks)) == pytest.approx(0.9 * 8000, rel=0.05)


# --- transcribers ----------------------------------------------------------------------


@asynccontextmanager
async def deepgram_file(model: str) -> AsyncGenerator[str, None]:
    async with open_deepgram("good morning") as server:
        yield (
            f'[stt]\nprovider = "deepgram"\n[stt.deepgram]\nbase_url = "{server.base_url}"\n'
            f'model = "{model}"\n'
        )


@asynccontextmanager
async def openai_ears() -> AsyncGenerator[str, None]:
    async with open_openai_realtime("good morning") as server:
        yield f'[stt]\nprovider = "openai"\n[stt.openai]\nurl = "{server.url}"\n'


@asynccontextmanager
async def openai_http_ears() -> AsyncGenerator[str, None]:
    async with open_transcriptions("good morning") as server:
        yield (
            f'[stt]\nprovider = "openai-http"\n[stt.openai-http]\nbase_url = "{server.base_url}"\n'
        )


@pytest.mark.parametrize(
    "open_configured",
    [
        pytest.param(lambda: deepgram_file("nova-3"), id="nova"),
        pytest.param(lambda: deepgram_file("flux-general-en"), id="flux"),
        pytest.param(openai_ears, id="openai"),
        pytest.param(openai_http_ears, id="openai-http"),
    ],
)
@pytest.mark.parametrize("key", ["", "a-key"])
async def test_ears_that_the_file_describes_listen_with_a_key_and_without(
    open_configured: Callable[[], Configured], key: str
) -> None:
    async with open_configured() as text:
        settings = parse_config(f'{text}api_key = "{key}"\n', "FILE")
        async with (
            open_transcriber(settings) as transcriber,
            transcriber.open() as transcription,
        ):
            transcription.begin()
            transcription.feed(SPEECH)
            transcription.commit(1)
            with trio.fail_after(30):
                heard = await next_final(transcription.results())

    assert heard.text == "good morning"


async def test_a_server_of_whole_utterances_has_as_long_as_its_words_are_waited_for() -> None:
    silence = answered(200, b"", Answering.SILENCE)
    async with open_transcriptions("good morning", answers=(silence,)) as server:
        settings = parse_config(
            '[stt]\nprovider = "openai-http"\n[stt.openai-http]\n'
            f'base_url = "{server.base_url}"\n[turn]\ntranscription_timeout_ms = 100\n',
            "FILE",
        )
        async with open_transcriber(settings) as transcriber:
            assert isinstance(transcriber, OpenAIHttpTranscriber)
            with pytest.raises(ServiceError, match=r"within 0\.1 s$"):
                await transcriber.recognize(SPEECH)


async def test_deepgram_is_told_what_language_and_which_terms_to_expect() -> None:
    async with open_deepgram("good morning") as server:
        settings = parse_config(
            'language = "en-GB"\n[stt]\nprovider = "deepgram"\n[stt.deepgram]\n'
            f'base_url = "{server.base_url}/v1"\nkeyterms = ["Robin", "the office"]\n'
            'api_key = "a-key"\n',
            "FILE",
        )
        async with (
            open_transcriber(settings) as transcriber,
            transcriber.open() as transcription,
        ):
            transcription.begin()
            transcription.feed(SPEECH)
            transcription.commit(1)
            with trio.fail_after(30):
                await next_final(transcription.results())
        (request,) = server.diary.requests

    asked = urlsplit(request.path)
    assert asked.path == "/v1/listen"
    assert parse_qs(asked.query)["language"] == ["en-GB"]
    assert parse_qs(asked.query)["keyterm"] == ["Robin", "the office"]
    assert request.headers["authorization"] == "Token a-key"
