from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.carriers.faults import Answering
from tests.carriers.http_server import Answered
from tests.services.openai_transcriptions import (
    SimulatedTranscriptions,
    answered,
    open_transcriptions,
)
from voicecalld.errors import HopelessServiceError, NotUnderstoodError, ServiceError
from voicecalld.net.service_http import open_service_http
from voicecalld.speech.base import Heard
from voicecalld.speech.openai_http_transcriber import OpenAIHttpTranscriber

SPEECH = b"\x10" * 8000
REFUSED = answered(401, b'{"error": {"message": "sk-123 is wrong", "code": "invalid_api_key"}}')
WELL = b'{"text": "unheard"}'


@asynccontextmanager
async def open_both(
    *answers: Answered, api_key: str = "sk-123", model: str = "whisper", answer_s: float = 60.0
) -> AsyncGenerator[tuple[OpenAIHttpTranscriber, SimulatedTranscriptions], None]:
    async with (
        open_transcriptions("hello there", answers=answers) as service,
        open_service_http(most_at_once=4) as http,
    ):
        transcriber = OpenAIHttpTranscriber(
            http=http,
            api_key=api_key,
            model=model,
            language="en-US",
            preroll_ms=0,
            answer_s=answer_s,
            base_url=service.base_url,
        )
        yield transcriber, service


async def test_an_utterance_is_sent_as_a_wav_file_in_a_form() -> None:
    async with open_both() as (transcriber, service):
        assert await transcriber.recognize(SPEECH) == "hello there"

    assert service.requests[0].url == "/v1/audio/transcriptions"
    assert service.requests[0].headers["authorization"] == "Bearer sk-123"
    assert service.forms == [{"model": "whisper", "response_format": "json", "language": "en"}]
    assert (service.sounds[0].rate_hz, service.sounds[0].seconds) == (8000, 1.0)


async def test_a_model_that_takes_a_list_of_languages_is_given_one() -> None:
    async with open_both(model="gpt-transcribe") as (transcriber, service):
        await transcriber.recognize(SPEECH)

    assert service.forms == [
        {"model": "gpt-transcribe", "response_format": "json", "languages[]": "en"}
    ]


async def test_without_a_key_none_is_sent() -> None:
    async with open_both(api_key="") as (transcriber, service):
        await transcriber.recognize(SPEECH)

    assert "authorization" not in service.requests[0].headers


async def test_too_little_sound_is_not_sent() -> None:
    async with open_both() as (transcriber, service):
        assert await transcriber.recognize(SPEECH[:700]) == ""

    assert service.requests == []


@pytest.mark.parametrize(
    "bad",
    [
        answered(429, b"{}"),
        answered(500, b"<html>"),
        answered(503, b""),
        answered(200, WELL, Answering.RESET),
        answered(200, WELL, Answering.CUT),
        answered(200, WELL, Answering.HUGE),
    ],
)
async def test_what_may_pass_is_asked_once_more(bad: Answered) -> None:
    async with open_both(bad) as (transcriber, service):
        assert await transcriber.recognize(SPEECH) == "hello there"

    assert len(service.requests) == 2


async def test_a_service_that_fails_twice_has_failed() -> None:
    bad = answered(500, b"")
    async with open_both(bad, bad) as (transcriber, _):
        with pytest.raises(ServiceError, match="500"):
            await transcriber.recognize(SPEECH)


async def test_a_call_is_heard_through_it() -> None:
    async with open_both() as (transcriber, _), transcriber.open() as transcription:
        transcription.begin()
        transcription.feed(SPEECH)
        transcription.commit(3)

        assert await anext(transcription.results()) == Heard(utterance=3, text="hello there")


async def test_a_silent_service_is_not_waited_for() -> None:
    async with open_both(answered(200, WELL, Answering.SILENCE), answer_s=0.05) as (
        transcriber,
        _,
    ):
        with pytest.raises(ServiceError, match=r"has not answered within 0\.05 s"):
            await transcriber.recognize(SPEECH)


@pytest.mark.parametrize(
    "bad",
    [
        answered(400, b"{}"),
        answered(200, b"RIFF"),
        answered(200, b"[]"),
        answered(200, b"{}"),
        answered(200, b'{"text": 7}'),
        answered(200, b'{"text": "\\ud800"}'),
    ],
)
async def test_what_will_not_pass_is_not_asked_again(bad: Answered) -> None:
    async with open_both(bad) as (transcriber, service):
        with pytest.raises(NotUnderstoodError):
            await transcriber.recognize(SPEECH)

    assert len(service.requests) == 1


async def test_a_refused_key_is_told_with_its_setting_and_without_the_key() -> None:
    async with open_both(REFUSED) as (transcriber, _):
        with pytest.raises(HopelessServiceError, match=r"stt\.openai-http\.api_key") as refusal:
            await transcriber.recognize(SPEECH)

    assert "sk-123" not in str(refusal.value)


async def test_a_call_whose_key_is_refused_is_not_listened_to_any_more() -> None:
    async with open_both(REFUSED) as (transcriber, service), transcriber.open() as transcription:
        transcription.begin()
        transcription.feed(SPEECH)
        transcription.commit(1)
        with pytest.raises(HopelessServiceError, match="401"):
            await anext(transcription.results())

    assert len(service.requests) == 1


async def test_an_utterance_that_is_refused_is_lost_and_the_next_is_heard() -> None:
    async with (
        open_both(answered(400, b"{}")) as (transcriber, _),
        transcriber.open() as transcription,
    ):
        for number in (1, 2):
            transcription.begin()
            transcription.feed(SPEECH)
            transcription.commit(number)

        heard = await anext(transcription.results())

    assert heard == Heard(utterance=2, text="hello there")
