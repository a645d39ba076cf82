"""The transcriber that reads words from sound."""

import pytest
import trio
from trio.testing import MockClock

from tests.day.ears import GUESS_S, Ears, Hearing, Lag
from tests.day.voices import render_theirs
from tests.day.waits import Waits
from voicecalld.audio.tones import silence
from voicecalld.errors import ServiceError
from voicecalld.speech.base import Heard, Transcription

TABLE = b"".join(render_theirs("I want a table."))
TWO = b"".join(render_theirs("For two."))


def say(transcription: Transcription, utterance: int, sound: bytes = TABLE) -> None:
    transcription.feed(silence(1000))
    transcription.begin()
    transcription.feed(sound)
    transcription.commit(utterance)


async def listen(transcription: Transcription, count: int) -> list[tuple[float, int, str]]:
    """When the next *count* things are heard, in which utterances, and what they are."""
    began_s, news = trio.current_time(), list[tuple[float, int, str]]()
    async for heard in transcription.results():
        text = heard.text if heard.is_final else f"{heard.text} ?"
        news.append((trio.current_time() - began_s, heard.utterance, text))
        if len(news) == count:
            break
    return news


async def test_words_are_guessed_while_they_are_said(autojump_clock: MockClock) -> None:
    async with Ears(Hearing(), Waits()).open() as transcription:
        transcription.begin()
        transcription.feed(TABLE)

        assert await listen(transcription, 1) == [(GUESS_S, 1, "I want a table. ?")]


async def test_what_is_certain_comes_in_the_place_of_guesses(autojump_clock: MockClock) -> None:
    async with Ears(Hearing(lag=Lag(first_s=0.1)), Waits()).open() as transcription:
        say(transcription, 1)

        assert await listen(transcription, 1) == [(0.1, 1, "I want a table.")]


async def test_words_come_as_late_and_as_often_as_they_are_told_to(
    autojump_clock: MockClock,
) -> None:
    hearing = Hearing(tells_early=False, lags={1: Lag(first_s=2.0, again_s=(3.0,))})
    async with Ears(hearing, Waits()).open() as transcription:
        say(transcription, 1)
        say(transcription, 2, TWO)

        assert await listen(transcription, 3) == [
            (0.1, 2, "For two."),
            (2.0, 1, "I want a table."),
            (3.0, 1, "I want a table."),
        ]


async def test_what_is_discarded_is_never_heard(autojump_clock: MockClock) -> None:
    async with Ears(Hearing(), Waits()).open() as transcription:
        transcription.begin()
        transcription.feed(TABLE)
        transcription.discard()
        say(transcription, 1, TWO)

        assert await listen(transcription, 1) == [(0.1, 1, "For two.")]


async def test_a_cough_has_no_words(autojump_clock: MockClock) -> None:
    async with Ears(Hearing(), Waits()).open() as transcription:
        say(transcription, 1, b"".join(render_theirs("[cough]")))

        assert await listen(transcription, 1) == [(0.1, 1, "")]


async def test_results_end_with_the_call(autojump_clock: MockClock) -> None:
    async with Ears(Hearing(), Waits()).open() as transcription:
        results = transcription.results()

    assert [one async for one in results] == []


async def test_it_fails_when_it_is_told_to(autojump_clock: MockClock) -> None:
    async with Ears(Hearing(fails_at=2), Waits()).open() as transcription:
        say(transcription, 1)
        say(transcription, 2)

        assert await anext(transcription.results()) == Heard(utterance=1, text="I want a table.")
        with pytest.raises(ServiceError):
            await anext(transcription.results())
