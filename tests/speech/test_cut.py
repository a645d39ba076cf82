from collections.abc import Sequence

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.speech.base import Heard
from voicecalld.speech.cut import LONGEST_UTTERANCE_BYTES, MOST_WAITING_BYTES, CutTranscription


async def spell(audio: bytes) -> str:
    """Hears the sound's own bytes."""
    await trio.lowlevel.checkpoint()
    return audio.decode()


def transcription(preroll_bytes: int = 3) -> CutTranscription:
    return CutTranscription(spell, provider="spy", preroll_bytes=preroll_bytes)


async def everything_heard(cut: CutTranscription) -> list[Heard]:
    cut.close()
    return [heard async for heard in cut.results()]


async def test_an_utterance_has_the_preroll_and_all_until_its_commit() -> None:
    cut = transcription(preroll_bytes=3)
    cut.feed(b"....ab")
    cut.begin()
    cut.feed(b"cd")
    cut.feed(b"ef")
    cut.commit(7)

    assert await everything_heard(cut) == [Heard(utterance=7, text=".abcdef")]


async def test_nothing_of_an_utterance_is_heard_again_in_the_next() -> None:
    cut = transcription(preroll_bytes=3)
    cut.begin()
    cut.feed(b"one")
    cut.commit(1)
    cut.feed(b"2")
    cut.begin()
    cut.commit(2)

    assert [heard.text for heard in await everything_heard(cut)] == ["one", "2"]


async def test_what_is_discarded_is_not_heard_but_its_end_may_begin_the_next() -> None:
    cut = transcription(preroll_bytes=3)
    cut.begin()
    cut.feed(b"cough!ab")
    cut.discard()
    cut.begin()
    cut.feed(b"c")
    cut.commit(1)

    assert await everything_heard(cut) == [Heard(utterance=1, text="!abc")]


async def test_without_a_preroll_nothing_from_before_is_kept() -> None:
    cut = transcription(preroll_bytes=0)
    cut.feed(b"before")
    cut.begin()
    cut.feed(b"after")
    cut.commit(1)

    assert await everything_heard(cut) == [Heard(utterance=1, text="after")]


async def test_a_commit_without_a_begin_is_answered_with_no_words() -> None:
    cut = transcription()
    cut.feed(b"ab")
    cut.commit(3)

    assert await everything_heard(cut) == [Heard(utterance=3, text="")]


async def test_the_beginning_of_an_endless_utterance_is_kept() -> None:
    cut = transcription()
    cut.begin()
    cut.feed(b"a")
    cut.feed(b"b" * LONGEST_UTTERANCE_BYTES)
    cut.feed(b"c")
    cut.commit(1)

    [heard] = await everything_heard(cut)

    assert heard.text == "a" + "b" * (LONGEST_UTTERANCE_BYTES - 1)


async def test_an_engine_that_is_too_far_behind_loses_the_oldest_utterances() -> None:
    cut = transcription()
    size = MOST_WAITING_BYTES // 4
    for number in range(6):
        cut.begin()
        cut.feed(b"x" * size)
        cut.commit(number)

    heard = await everything_heard(cut)

    assert [(one.utterance, len(one.text)) for one in heard] == [
        (number, size) for number in (2, 3, 4, 5)
    ]


async def test_results_wait_for_the_next_commit_and_end_with_the_call() -> None:
    cut = transcription()
    heard: list[Heard] = []

    async def listen() -> None:
        async for one in cut.results():
            heard.append(one)  # noqa: PERF401 (one at a time, to be seen from outside)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        await trio.testing.wait_all_tasks_blocked()
        cut.begin()
        cut.feed(b"hi")
        cut.commit(1)
        await trio.testing.wait_all_tasks_blocked()
        assert heard == [Heard(utterance=1, text="hi")]
        cut.close()


def failing(outcomes: Sequence[str | None]) -> CutTranscription:
    """Gives the *outcomes* in order; None is a failure."""
    remaining = list(outcomes)

    async def recognize(_audio: bytes) -> str:
        await trio.lowlevel.checkpoint()
        text = remaining.pop(0)
        if text is None:
            raise ServiceError("broken")
        return text

    cut = CutTranscription(recognize, provider="spy", preroll_bytes=0)
    for number in range(len(outcomes)):
        cut.begin()
        cut.feed(b"x")
        cut.commit(number)
    return cut


async def test_an_utterance_that_the_engine_fails_on_is_lost_and_logged() -> None:
    cut = failing([None, None, "a", None, None, "b"])

    with capture_logs() as logs:
        heard = await everything_heard(cut)

    assert heard == [Heard(utterance=2, text="a"), Heard(utterance=5, text="b")]
    assert [(entry["provider"], entry["reason"]) for entry in logs] == [("spy", "broken")] * 4


async def test_an_engine_that_fails_three_times_in_a_row_has_failed_for_good() -> None:
    cut = failing(["a", None, None, None, "b"])
    heard: list[str] = []

    async def listen() -> None:
        async for one in cut.results():
            heard.append(one.text)  # noqa: PERF401 (those before the error count)

    with pytest.raises(ServiceError, match=r"transcriber \(spy\) failed 3 times in a row"):
        await listen()

    assert heard == ["a"]


async def test_an_engine_that_will_always_fail_is_not_asked_about_another_utterance() -> None:
    asked: list[bytes] = []

    async def recognize(audio: bytes) -> str:
        await trio.lowlevel.checkpoint()
        asked.append(audio)
        raise HopelessServiceError("the key is refused")

    cut = CutTranscription(recognize, provider="spy", preroll_bytes=0)
    for number in range(3):
        cut.begin()
        cut.feed(b"x")
        cut.commit(number)

    with pytest.raises(HopelessServiceError, match="the key is refused"):
        await anext(cut.results())

    assert len(asked) == 1


async def test_who_is_cancelled_while_waiting_for_words_has_lost_none() -> None:
    cut = transcription()
    cut.begin()
    cut.feed(b"hi")
    cut.commit(1)

    with trio.CancelScope() as scope:
        scope.cancel()
        await anext(cut.results())

    assert await everything_heard(cut) == [Heard(utterance=1, text="hi")]
