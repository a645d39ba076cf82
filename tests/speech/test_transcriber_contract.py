"""What every transcriber must do, the fake included: a fake that fails here is a lie."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import trio
import trio.testing

from tests.fakes.speech_fakes import FakeTranscriber
from tests.services.deepgram_listen import open_deepgram
from tests.services.openai_realtime import open_openai_realtime
from tests.services.openai_transcriptions import open_transcriptions
from tests.sound import spoken
from voicecalld.audio.frame import MULAW_SILENCE
from voicecalld.net.service_http import open_service_http
from voicecalld.settings import Settings
from voicecalld.speech.base import Heard, Transcriber, Transcription
from voicecalld.speech.catalog import open_transcriber
from voicecalld.speech.deepgram_transcriber import DeepgramTranscriber
from voicecalld.speech.openai_http_transcriber import OpenAIHttpTranscriber
from voicecalld.speech.openai_transcriber import OpenAITranscriber

pytestmark = pytest.mark.usefixtures("unhurried")

PHRASE = "what time is it"
PAUSE = MULAW_SILENCE * 5600  # 700 ms


@asynccontextmanager
async def open_fake() -> AsyncGenerator[Transcriber, None]:
    yield FakeTranscriber(PHRASE)


@asynccontextmanager
async def open_nova(model: str = "nova-3") -> AsyncGenerator[Transcriber, None]:
    async with open_deepgram(PHRASE) as deepgram:
        yield DeepgramTranscriber(
            api_key="key",
            model=model,
            language="en",
            preroll_ms=300,
            base_url=deepgram.base_url,
        )


@asynccontextmanager
async def open_openai() -> AsyncGenerator[Transcriber, None]:
    async with open_openai_realtime(PHRASE) as service:
        yield OpenAITranscriber(
            api_key="key", model="m", language="en", preroll_ms=300, url=service.url
        )


@asynccontextmanager
async def open_openai_http() -> AsyncGenerator[Transcriber, None]:
    async with open_transcriptions(PHRASE) as service, open_service_http(most_at_once=8) as http:
        yield OpenAIHttpTranscriber(
            http=http,
            api_key="key",
            model="m",
            language="en",
            preroll_ms=300,
            answer_s=60.0,
            base_url=service.base_url,
        )


OPENERS: Mapping[str, Callable[[], AbstractAsyncContextManager[Transcriber]]] = {
    "embedded": lambda: open_transcriber(Settings()),
    "fake": open_fake,
    "deepgram-nova": open_nova,
    "deepgram-flux": lambda: open_nova("flux-general-en"),
    "openai": open_openai,
    "openai-http": open_openai_http,
}


@pytest.fixture(params=OPENERS)
async def transcriber(request: pytest.FixtureRequest) -> AsyncGenerator[Transcriber, None]:
    async with OPENERS[request.param]() as transcriber:
        yield transcriber


def say(transcription: Transcription, utterance: int) -> None:
    transcription.feed(PAUSE)
    transcription.begin()
    transcription.feed(spoken(PHRASE) + PAUSE)
    transcription.commit(utterance)


async def heard(transcription: Transcription, utterances: int) -> list[Heard]:
    finals: list[Heard] = []
    async for one in transcription.results():
        finals += [one] if one.is_final else []
        if len(finals) == utterances:
            break
    return finals


async def test_what_was_said_is_heard_under_its_number(transcriber: Transcriber) -> None:
    async with transcriber.open() as transcription:
        say(transcription, 7)

        assert await heard(transcription, 1) == [Heard(utterance=7, text=PHRASE)]


async def test_utterances_are_heard_in_their_order(transcriber: Transcriber) -> None:
    async with transcriber.open() as transcription:
        for utterance in (1, 2, 5):
            say(transcription, utterance)

        assert [one.utterance for one in await heard(transcription, 3)] == [1, 2, 5]


async def test_an_utterance_without_sound_has_no_words(transcriber: Transcriber) -> None:
    async with transcriber.open() as transcription:
        transcription.begin()
        transcription.commit(1)

        assert await heard(transcription, 1) == [Heard(utterance=1, text="")]


async def test_what_is_discarded_is_never_heard(transcriber: Transcriber) -> None:
    async with transcriber.open() as transcription:
        transcription.begin()
        transcription.feed(spoken("no thank you"))
        transcription.discard()
        say(transcription, 2)

        assert await heard(transcription, 1) == [Heard(utterance=2, text=PHRASE)]


async def test_many_calls_at_once_each_hear_their_own(transcriber: Transcriber) -> None:
    numbers: dict[int, list[int]] = {}

    async def call(number: int) -> None:
        async with transcriber.open() as transcription:
            say(transcription, number)
            say(transcription, number + 100)
            numbers[number] = [one.utterance for one in await heard(transcription, 2)]

    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(call, number)

    assert numbers == {number: [number, number + 100] for number in range(5)}


async def test_a_call_that_ends_in_the_middle_harms_no_other(transcriber: Transcriber) -> None:
    async with transcriber.open() as transcription, trio.open_nursery() as nursery:
        say(transcription, 1)
        nursery.start_soon(heard, transcription, 1)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    async with transcriber.open() as transcription:
        say(transcription, 2)

        assert await heard(transcription, 1) == [Heard(utterance=2, text=PHRASE)]


async def test_results_end_with_the_call(transcriber: Transcriber) -> None:
    async with transcriber.open() as transcription:
        results = transcription.results()

    assert [one async for one in results] == []
