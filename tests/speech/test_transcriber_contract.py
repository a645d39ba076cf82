"""What every transcriber must do, the fake included: a fake that fails here is a lie."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from tests.fakes.speech_fakes import FakeTranscriber
from tests.sound import spoken
from voicecalld.audio.frame import MULAW_SILENCE
from voicecalld.settings import Settings
from voicecalld.speech.base import Heard, Transcriber, Transcription
from voicecalld.speech.catalog import open_transcriber

PHRASE = "what time is it"
PAUSE = MULAW_SILENCE * 5600  # 700 ms


@asynccontextmanager
async def open_fake() -> AsyncGenerator[Transcriber, None]:
    yield FakeTranscriber(PHRASE)


@pytest.fixture(params=["embedded", "fake"])
async def transcriber(request: pytest.FixtureRequest) -> AsyncGenerator[Transcriber, None]:
    opened = open_fake() if request.param == "fake" else open_transcriber(Settings())
    async with opened as transcriber:
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
