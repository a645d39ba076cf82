"""From names in the settings to synthesizer and transcriber: the only file that knows them all.

A service across the network is not asked for anything here: it need not be there yet.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, TypeAlias

from voicecalld.errors import ConfigError
from voicecalld.net.service_http import ServiceHttp, open_service_http
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer, Transcriber
from voicecalld.speech.deepgram_synthesizer import DeepgramSynthesizer
from voicecalld.speech.deepgram_transcriber import DeepgramTranscriber
from voicecalld.speech.elevenlabs_synthesizer import (
    ElevenLabsHttpSynthesizer,
    open_elevenlabs_synthesizer,
)
from voicecalld.speech.embedded_synthesizer import open_embedded_synthesizer
from voicecalld.speech.embedded_transcriber import open_embedded_transcriber
from voicecalld.speech.openai_http_transcriber import OpenAIHttpTranscriber
from voicecalld.speech.openai_synthesizer import OpenAiSynthesizer
from voicecalld.speech.openai_transcriber import OpenAITranscriber

OpenSynthesizer: TypeAlias = Callable[[Settings], AbstractAsyncContextManager[Synthesizer]]
OpenTranscriber: TypeAlias = Callable[[Settings], AbstractAsyncContextManager[Transcriber]]

# One clause is asked for while another is still being read, and what a call has given up takes a
# moment to be closed; nobody shall wait for somebody else's call.
ANSWERS_PER_CALL = 3


def open_synthesizer(settings: Settings) -> AbstractAsyncContextManager[Synthesizer]:
    """The synthesizer that the settings ask for, with whatever runs behind it.

    Raises:
        ConfigError: there is none of that name, or it cannot be used (then on entering).
        ServiceError: it does not start (on entering).
    """
    open_it = SYNTHESIZERS.get(settings.tts.provider)
    if open_it is None:
        raise ConfigError(describe_unknown("tts.provider", settings.tts.provider, SYNTHESIZERS))
    return open_it(settings)


def open_transcriber(settings: Settings) -> AbstractAsyncContextManager[Transcriber]:
    """The transcriber that the settings ask for, with whatever runs behind it.

    Raises:
        ConfigError: there is none of that name, or it cannot be used (then on entering).
        ServiceError: it does not start (on entering).
    """
    open_it = TRANSCRIBERS.get(settings.stt.provider)
    if open_it is None:
        raise ConfigError(describe_unknown("stt.provider", settings.stt.provider, TRANSCRIBERS))
    return open_it(settings)


def describe_unknown(setting: str, name: str, known: Mapping[str, object]) -> str:
    """What is wrong with *name* as the value of *setting*."""
    return f"{setting}: there is no {name!r}, only {', '.join(sorted(known))}"


def open_http(settings: Settings) -> AbstractAsyncContextManager[ServiceHttp]:
    """Connections to one service, enough for all calls that there may be."""
    return open_service_http(most_at_once=ANSWERS_PER_CALL * settings.limits.max_concurrent_calls)


def without_version(base_url: str) -> str:
    """*base_url* as Deepgram's services want it, also if somebody wrote the version as well."""
    return base_url.removesuffix("/v1").removesuffix("/v2")


# --- synthesizers ----------------------------------------------------------------------


def open_embedded_voice(settings: Settings) -> AbstractAsyncContextManager[Synthesizer]:
    """The voice of this machine."""
    return open_embedded_synthesizer(settings.tts.embedded)


@asynccontextmanager
async def open_elevenlabs_voice(settings: Settings) -> AsyncGenerator[Synthesizer, None]:
    """A voice of ElevenLabs', over the way that the settings want."""
    chosen = settings.tts.elevenlabs
    api_key = chosen.api_key.get_secret_value()
    if chosen.streaming == "http":
        async with open_http(settings) as http:
            yield ElevenLabsHttpSynthesizer(
                http=http,
                api_key=api_key,
                voice_id=chosen.voice_id,
                model_id=chosen.model_id,
                base_url=chosen.base_url,
            )
        return
    async with open_elevenlabs_synthesizer(
        api_key=api_key,
        voice_id=chosen.voice_id,
        model_id=chosen.model_id,
        base_url=chosen.base_url,
    ) as synthesizer:
        yield synthesizer


@asynccontextmanager
async def open_openai_voice(settings: Settings) -> AsyncGenerator[Synthesizer, None]:
    """A voice of OpenAI's, or of a server that is asked as OpenAI is."""
    chosen = settings.tts.openai
    async with open_http(settings) as http:
        yield OpenAiSynthesizer(
            http=http,
            api_key=chosen.api_key.get_secret_value(),
            model=chosen.model,
            voice=chosen.voice,
            base_url=chosen.base_url,
            pcm_rate_hz=chosen.pcm_rate_hz,
            instructions=chosen.instructions,
            speed=chosen.speed,
        )


@asynccontextmanager
async def open_deepgram_voice(settings: Settings) -> AsyncGenerator[Synthesizer, None]:
    """A voice of Deepgram's."""
    chosen = settings.tts.deepgram
    async with open_http(settings) as http:
        yield DeepgramSynthesizer(
            http=http,
            api_key=chosen.api_key.get_secret_value(),
            model=chosen.model,
            base_url=f"{without_version(chosen.base_url)}/v1",
        )


SYNTHESIZERS: Final[Mapping[str, OpenSynthesizer]] = {
    "embedded": open_embedded_voice,
    "elevenlabs": open_elevenlabs_voice,
    "openai": open_openai_voice,
    "deepgram": open_deepgram_voice,
}


# --- transcribers ----------------------------------------------------------------------


def open_embedded_ears(settings: Settings) -> AbstractAsyncContextManager[Transcriber]:
    """The ears of this machine."""
    return open_embedded_transcriber(
        settings.stt.embedded.phrases, preroll_ms=settings.turn.preroll_ms
    )


@asynccontextmanager
async def open_deepgram_ears(settings: Settings) -> AsyncGenerator[Transcriber, None]:
    """Deepgram, which each call connects to by itself."""
    chosen = settings.stt.deepgram
    yield DeepgramTranscriber(
        api_key=chosen.api_key.get_secret_value(),
        model=chosen.model,
        language=settings.language,
        preroll_ms=settings.turn.preroll_ms,
        base_url=without_version(chosen.base_url),
        keyterms=chosen.keyterms,
    )


@asynccontextmanager
async def open_openai_ears(settings: Settings) -> AsyncGenerator[Transcriber, None]:
    """OpenAI's realtime protocol, which each call connects to by itself."""
    chosen = settings.stt.openai
    yield OpenAITranscriber(
        api_key=chosen.api_key.get_secret_value(),
        model=chosen.model,
        language=settings.language,
        preroll_ms=settings.turn.preroll_ms,
        url=chosen.url,
        dialect=chosen.dialect,
    )


@asynccontextmanager
async def open_openai_http_ears(settings: Settings) -> AsyncGenerator[Transcriber, None]:
    """A server that takes whole utterances."""
    chosen = settings.stt.openai_http
    async with open_http(settings) as http:
        yield OpenAIHttpTranscriber(
            http=http,
            api_key=chosen.api_key.get_secret_value(),
            model=chosen.model,
            language=settings.language,
            preroll_ms=settings.turn.preroll_ms,
            answer_s=settings.turn.transcription_timeout_ms / 1000,
            base_url=chosen.base_url,
        )


TRANSCRIBERS: Final[Mapping[str, OpenTranscriber]] = {
    "embedded": open_embedded_ears,
    "deepgram": open_deepgram_ears,
    "openai": open_openai_ears,
    "openai-http": open_openai_http_ears,
}
