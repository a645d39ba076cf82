"""The synthesizers over HTTP against services that do everything wrong, on real sockets."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass

import pytest
import trio

from tests.services import deepgram_speak, elevenlabs, openai_speech
from tests.services.speech_faults import MP3, Faults, When
from tests.services.speech_http import SpeechServer
from voicecalld.errors import HopelessServiceError, ServiceError, UnreachableServiceError
from voicecalld.net.service_http import ServiceHttp, open_service_http
from voicecalld.speech.base import Synthesizer
from voicecalld.speech.deepgram_synthesizer import DeepgramSynthesizer
from voicecalld.speech.elevenlabs_synthesizer import ElevenLabsHttpSynthesizer
from voicecalld.speech.openai_synthesizer import OpenAiSynthesizer

TEXT = "My secret is safe with you."
SOUND_BYTES = 400 * len(TEXT)
JSON = b'{"error": {"message": "no such voice"}}'
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(2000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, and how it is spoken with."""

    open: Callable[[], AbstractAsyncContextManager[SpeechServer]]
    build: Callable[[ServiceHttp, str, str], Synthesizer]
    key: str


def build_elevenlabs(http: ServiceHttp, url: str, key: str) -> Synthesizer:
    return ElevenLabsHttpSynthesizer(
        http=http,
        api_key=key,
        voice_id=elevenlabs.VOICE_ID,
        model_id="eleven_flash_v2_5",
        base_url=url,
    )


def build_openai(http: ServiceHttp, url: str, key: str) -> Synthesizer:
    return OpenAiSynthesizer(
        http=http,
        api_key=key,
        model="tts-1",
        voice="marin",
        base_url=f"{url}/v1",
        pcm_rate_hz=openai_speech.RATE_HZ,
    )


def build_deepgram(http: ServiceHttp, url: str, key: str) -> Synthesizer:
    return DeepgramSynthesizer(
        http=http, api_key=key, model="aura-2-thalia-en", base_url=f"{url}/v1"
    )


SERVICES = {
    "elevenlabs": Service(
        open=elevenlabs.open_elevenlabs_http, build=build_elevenlabs, key=elevenlabs.API_KEY
    ),
    "openai": Service(
        open=openai_speech.open_openai_speech, build=build_openai, key=openai_speech.API_KEY
    ),
    "deepgram": Service(
        open=deepgram_speak.open_deepgram_speak, build=build_deepgram, key=deepgram_speak.API_KEY
    ),
}


@pytest.fixture(params=list(SERVICES))
def service(request: pytest.FixtureRequest) -> Service:
    return SERVICES[request.param]


@asynccontextmanager
async def speaking(
    service: Service, faults: Faults | None = None, key: str | None = None
) -> AsyncGenerator[tuple[Synthesizer, SpeechServer], None]:
    async with service.open() as server, open_service_http(most_at_once=2) as http:
        if faults is not None:
            server.faults = faults
        yield service.build(http, server.url, service.key if key is None else key), server


async def said(synthesizer: Synthesizer, text: str = TEXT) -> bytes:
    async with aclosing(synthesizer.synthesize(text)) as sound:
        return b"".join([chunk.audio async for chunk in sound])


ENDED = b'{"error": {"type": "invalid_request_error", "code": "model_not_found"}}'


@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_a_model_that_a_service_has_ended_is_told_with_the_setting_to_change(
    service: Service, status: int
) -> None:
    async with speaking(service, Faults(status=status, body=ENDED)) as (synthesizer, _):
        with pytest.raises(
            HopelessServiceError, match=rf"{status}.*model_not_found\): check tts\.\w+\..*model"
        ):
            await said(synthesizer)


@pytest.mark.parametrize(
    ("faults", "why"),
    [
        (Faults(status=401, body=JSON), "see tts"),
        (Faults(status=403, body=b""), "see tts"),
        (Faults(status=429, body=JSON), "429"),
        (Faults(status=429, headers=(("retry-after", "7"),), body=JSON), "429"),
        (Faults(status=500, body=b"<html>"), "500"),
        (Faults(status=503, body=b"x" * (10 << 20)), "exceeds"),
        (Faults(reset=When.AT_ONCE), "does not answer"),
        (Faults(cut=When.AT_ONCE), "does not answer"),
        (Faults(reset=When.IN_THE_MIDDLE), "broke off"),
        (Faults(cut=When.IN_THE_MIDDLE), "broke off"),
        (Faults(content_type="text/html"), "text/html instead of sound"),
        (Faults(content_type="application/json", body=JSON), "json instead of sound"),
        (Faults(content_type="two words"), "something unknown instead of sound"),
        (Faults(body=JSON), "gave JSON"),
        (Faults(body=b"<!DOCTYPE html><p>Sorry</p>"), "gave a document"),
        (Faults(body=MP3), "gave MP3"),
        (Faults(body=b"ID3\x04" + bytes(2000)), "gave MP3"),
        (Faults(body=WAV), "gave a WAV file"),
        (Faults(body=b""), "gave no sound"),
        (Faults(is_endless=True), "far more sound"),
    ],
)
async def test_a_bad_answer_is_an_error_with_a_reason_and_without_our_words(
    service: Service, faults: Faults, why: str
) -> None:
    async with speaking(service, faults) as (synthesizer, server):
        with pytest.raises(ServiceError, match=why) as refused:
            await said(synthesizer)

        assert len(server.requests) == 1  # who asks for sound asks again, or does not
        assert service.key not in str(refused.value)
        assert "secret" not in str(refused.value)
        server.faults = Faults()
        assert len(await said(synthesizer)) == SOUND_BYTES


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [((), 0.0), ((("retry-after", "0.7"),), 0.7), ((("retry-after", "1"),), 1.0)],
)
async def test_a_service_that_is_busy_for_a_moment_tells_how_long_to_leave_it_alone(
    service: Service, headers: tuple[tuple[str, str], ...], pause_s: float
) -> None:
    async with speaking(service, Faults(status=429, headers=headers)) as (synthesizer, _):
        with pytest.raises(ServiceError) as refused:
            await said(synthesizer)

    assert refused.value.retry_after_s == pause_s
    assert not isinstance(refused.value, HopelessServiceError)


async def test_a_service_that_is_busy_for_longer_is_not_to_be_asked_again(
    service: Service,
) -> None:
    faults = Faults(status=503, headers=(("retry-after", "1.1"),), body=JSON)
    async with speaking(service, faults) as (synthesizer, _):
        with pytest.raises(HopelessServiceError, match="503"):
            await said(synthesizer)


async def test_a_wrong_key_is_told_with_the_setting_to_check(service: Service) -> None:
    async with speaking(service, key="wrong") as (synthesizer, server):
        with pytest.raises(HopelessServiceError, match=r"401.*: see tts\.\w+\.api_key$"):
            await said(synthesizer)

        assert len(server.requests) == 1


@pytest.mark.parametrize("when", [When.AT_ONCE, When.IN_THE_MIDDLE])
async def test_whoever_loses_patience_leaves_no_connection_behind(
    service: Service, when: When
) -> None:
    async with speaking(service, Faults(stall=when)) as (synthesizer, server):
        with trio.CancelScope() as patience:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(said, synthesizer)
                await server.until(lambda: bool(server.requests))
                patience.cancel()

        await server.until(lambda: server.abandoned == 1 and not server.connections)


async def test_who_is_interrupted_stops_the_service(service: Service) -> None:
    async with speaking(service, Faults(stall=When.IN_THE_MIDDLE)) as (synthesizer, server):
        async with aclosing(synthesizer.synthesize(TEXT)) as sound:
            await anext(sound)

        await server.until(lambda: server.abandoned == 1 and not server.connections)


@pytest.mark.parametrize("text", ["\U0001f600 \U0001f44d", "** __ **", "<>", "...", "\n"])
async def test_a_text_without_words_is_not_asked_for(service: Service, text: str) -> None:
    async with speaking(service) as (synthesizer, server):
        assert await said(synthesizer, text) == b""

        assert server.requests == []


async def test_ten_mebibytes_of_text_are_refused_before_anybody_bills_them(
    service: Service,
) -> None:
    async with speaking(service) as (synthesizer, server):
        with pytest.raises(HopelessServiceError, match="exceeds 131072 characters"):
            await said(synthesizer, "word " * (2 << 20))

        assert server.requests == []


async def test_an_endless_sentence_is_asked_for_in_pieces(service: Service) -> None:
    async with speaking(service) as (synthesizer, server):
        assert len(await said(synthesizer, "a" * 2500)) == 2500 * 400

        assert len(server.requests) == 3


async def test_a_warm_connection_is_used_by_the_next_text(service: Service) -> None:
    async with speaking(service) as (synthesizer, server):
        await synthesizer.warm()  # type: ignore[attr-defined] # all three have it
        await said(synthesizer)

        assert server.connections == 1


async def test_a_sound_of_a_moment_is_heard() -> None:
    click = bytes(range(0x80, 0x8A))
    async with speaking(SERVICES["deepgram"], Faults(body=click)) as (synthesizer, _):
        assert await said(synthesizer) == click


async def test_without_a_service_the_text_fails(service: Service) -> None:
    async with service.open() as server:
        url = server.url

    async with open_service_http(most_at_once=1) as http:
        with pytest.raises(UnreachableServiceError):
            await said(service.build(http, url, service.key))


async def test_pcm_that_ends_in_half_a_sample_is_an_error() -> None:
    async with speaking(SERVICES["openai"], Faults(body=bytes(4801))) as (synthesizer, _):
        with pytest.raises(ServiceError, match="in the middle of a sample"):
            await said(synthesizer)


async def test_only_what_was_set_is_asked_of_a_compatible_server() -> None:
    async with (
        speaking(SERVICES["openai"]) as (_, server),
        open_service_http(most_at_once=1) as http,
    ):
        plain = OpenAiSynthesizer(
            http=http,
            api_key="",
            model="kokoro",
            voice="af",
            base_url=f"{server.url}/v1/",
            pcm_rate_hz=16000,
        )
        rich = OpenAiSynthesizer(
            http=http,
            api_key=openai_speech.API_KEY,
            model="m",
            voice="v",
            base_url=f"{server.url}/v1",
            pcm_rate_hz=8000,
            instructions="Calmly.",
            speed=1.5,
        )
        with pytest.raises(ServiceError):
            await said(plain)
        assert len(await said(rich)) == SOUND_BYTES * 3

    first, second = server.requests
    assert "authorization" not in first.headers
    assert json.loads(first.body) == {
        "model": "kokoro",
        "voice": "af",
        "response_format": "pcm",
        "input": TEXT,
    }
    assert json.loads(second.body)["instructions"] == "Calmly."
    assert json.loads(second.body)["speed"] == 1.5
