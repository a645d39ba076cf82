"""A transcriber that says nothing: the operator is told, and nobody is turned away for it."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.speech_fakes import FakeTranscriber
from voicecalld.errors import ServiceError
from voicecalld.net.breaker import MOST_FAILURES
from voicecalld.net.service_guard import MOST_UNANSWERED, ServiceGuard, ServiceState
from voicecalld.net.service_keeper import ServiceKeeper
from voicecalld.speech.base import Transcriber, Transcription
from voicecalld.speech.guarded import GuardedTranscriber
from voicecalld.speech.unanswered import LATE_S, SHORTEST_S

NEVER_S = 3600.0


def guard_of() -> ServiceGuard:
    return ServiceGuard("transcriber", "fake", patience_s=3.0, unix_clock=trio.current_time)


@asynccontextmanager
async def listening(
    guard: ServiceGuard, *texts: str | ServiceError, delay_s: float = 0.0
) -> AsyncGenerator[Transcription, None]:
    @asynccontextmanager
    async def open_it() -> AsyncGenerator[Transcriber, None]:
        await trio.lowlevel.checkpoint()
        yield FakeTranscriber(*texts, delay_s=delay_s)

    keeper = ServiceKeeper(guard, open_it)
    async with AsyncExitStack() as stack:
        await keeper.start(stack)
        yield await stack.enter_async_context(GuardedTranscriber(keeper).open())


async def speak(
    transcription: Transcription, utterance: int, *, lasts_s: float = SHORTEST_S
) -> None:
    """They speak, and wait until words would be late."""
    transcription.begin()
    transcription.feed(b"\xff" * 800)
    await trio.sleep(lasts_s / 2)
    transcription.begin()  # they go on
    await trio.sleep(lasts_s / 2)
    transcription.commit(utterance)
    await trio.sleep(LATE_S)


async def test_what_was_never_answered_counts_as_failures(autojump_clock: MockClock) -> None:
    guard = guard_of()

    async with listening(guard, delay_s=NEVER_S) as transcription:
        for utterance in range(1, MOST_UNANSWERED):
            await speak(transcription, utterance)

    assert guard.health.failures == MOST_UNANSWERED - 1
    assert guard.health.state is ServiceState.OK


async def test_a_service_that_answers_nothing_is_failing_but_not_left_alone(
    autojump_clock: MockClock,
) -> None:
    guard = guard_of()

    async with listening(guard, delay_s=NEVER_S) as transcription:
        for utterance in range(1, MOST_FAILURES + 2):
            await speak(transcription, utterance)

    assert guard.health.state is ServiceState.FAILING
    assert guard.health.reason.endswith("gave no answer several times in a row")
    guard.check()


async def test_any_words_show_that_it_works(autojump_clock: MockClock) -> None:
    guard = guard_of()
    async with listening(guard, delay_s=NEVER_S) as transcription:
        for utterance in range(1, MOST_UNANSWERED + 1):
            await speak(transcription, utterance)

    async with listening(guard, "hello") as transcription:
        await speak(transcription, 1)
        await anext(transcription.results())

    assert guard.health.state is ServiceState.OK
    assert guard.unanswered == 0


async def test_what_was_answered_without_words_is_no_failure(autojump_clock: MockClock) -> None:
    guard = guard_of()

    async with listening(guard, "") as transcription:
        await speak(transcription, 1)
        await anext(transcription.results())

    assert guard.health.failures == 0


async def test_a_cough_needs_no_answer(autojump_clock: MockClock) -> None:
    guard = guard_of()

    async with listening(guard, delay_s=NEVER_S) as transcription:
        await speak(transcription, 1, lasts_s=SHORTEST_S / 2)

    assert guard.health.failures == 0


async def test_what_was_taken_back_needs_no_answer(autojump_clock: MockClock) -> None:
    guard = guard_of()

    async with listening(guard, delay_s=NEVER_S) as transcription:
        transcription.begin()
        await trio.sleep(SHORTEST_S)
        transcription.discard()
        transcription.commit(1)
        await trio.sleep(LATE_S)

    assert guard.health.failures == 0


async def test_a_service_that_has_said_why_it_fails_is_not_blamed_twice(
    autojump_clock: MockClock,
) -> None:
    guard = guard_of()

    async with listening(guard, ServiceError("deaf")) as transcription:
        for utterance in (1, 2, 3):
            transcription.begin()
            transcription.feed(b"\xff" * 800)
            await trio.sleep(SHORTEST_S)
            transcription.commit(utterance)
        with pytest.raises(ServiceError, match="3 times in a row"):
            await anext(transcription.results())
        await trio.sleep(LATE_S)

    assert guard.health.failures == 1


async def test_whoever_hangs_up_before_words_are_late_is_no_judge(
    autojump_clock: MockClock,
) -> None:
    guard = guard_of()

    async with listening(guard, delay_s=NEVER_S) as transcription:
        transcription.begin()
        await trio.sleep(SHORTEST_S)
        transcription.commit(1)
        await trio.sleep(LATE_S / 2)

    assert guard.health.failures == 0
