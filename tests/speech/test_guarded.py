from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.speech_fakes import FakeSynthesizer, FakeTranscriber
from voicecalld.errors import ServiceError
from voicecalld.net.service_guard import ServiceGuard, ServiceState
from voicecalld.net.service_keeper import ServiceKeeper
from voicecalld.speech.base import Synthesizer, Transcriber, Transcription
from voicecalld.speech.guarded import GuardedSynthesizer, GuardedTranscriber


def guard_of(kind: str) -> ServiceGuard:
    return ServiceGuard(kind, "fake", patience_s=3.0, unix_clock=trio.current_time)


@asynccontextmanager
async def guarded_voice(voice: Synthesizer) -> AsyncGenerator[GuardedSynthesizer, None]:
    @asynccontextmanager
    async def open_it() -> AsyncGenerator[Synthesizer, None]:
        await trio.lowlevel.checkpoint()
        yield voice

    keeper = ServiceKeeper(guard_of("synthesizer"), open_it)
    async with AsyncExitStack() as stack:
        await keeper.start(stack)
        yield GuardedSynthesizer(keeper)


@asynccontextmanager
async def guarded_ears(ears: Transcriber) -> AsyncGenerator[GuardedTranscriber, None]:
    @asynccontextmanager
    async def open_it() -> AsyncGenerator[Transcriber, None]:
        await trio.lowlevel.checkpoint()
        yield ears

    keeper = ServiceKeeper(guard_of("transcriber"), open_it)
    async with AsyncExitStack() as stack:
        await keeper.start(stack)
        yield GuardedTranscriber(keeper)


class DeafTranscriber(FakeTranscriber):
    """Cannot be opened."""

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Transcription, None]:
        if self.texts:
            raise ServiceError("deaf")
        async with super().open() as transcription:
            yield transcription


async def test_sound_passes_as_it_is_and_counts_as_a_success() -> None:
    voice = FakeSynthesizer()
    async with guarded_voice(voice) as guarded:
        sound = [chunk async for chunk in guarded.synthesize("Hello")]

    plain = [chunk async for chunk in FakeSynthesizer().synthesize("Hello")]
    assert sound == plain
    assert guarded.keeper.guard.health.successes == 1


async def test_sound_that_is_left_in_the_middle_is_left_at_once() -> None:
    voice = FakeSynthesizer()
    async with guarded_voice(voice) as guarded, aclosing(guarded.synthesize("Hello")) as chunks:
        await anext(chunks)

    assert voice.speaking == 0
    assert guarded.keeper.guard.health.successes == 1


async def test_a_voice_that_fails_is_known_to_fail() -> None:
    async with guarded_voice(FakeSynthesizer(failing="Hello")) as guarded:
        with pytest.raises(ServiceError):
            _ = [chunk async for chunk in guarded.synthesize("Hello")]

    assert guarded.keeper.guard.health.state is ServiceState.FAILING


async def test_a_voice_that_is_not_there_fails_with_the_reason() -> None:
    async with guarded_voice(FakeSynthesizer()) as guarded:
        guarded.keeper.current = None
        await guarded.warm()

        with pytest.raises(ServiceError, match="has not started"):
            _ = [chunk async for chunk in guarded.synthesize("Hello")]


async def test_words_pass_and_count_as_successes(autojump_clock: MockClock) -> None:
    ears = FakeTranscriber("hello", "")
    async with guarded_ears(ears) as guarded, guarded.open() as transcription:
        await guarded.warm()
        for number in (1, 2):
            transcription.begin()
            transcription.feed(b"\xff" * 800)
            transcription.commit(number)
        transcription.begin()
        transcription.discard()
        results = transcription.results()
        heard = [(await anext(results)).text for _ in (1, 2)]

    assert heard == ["hello", ""]
    assert guarded.keeper.guard.health.successes == 1  # silence proves nothing
    assert guarded.tells_early == ears.tells_early


async def test_ears_that_go_deaf_in_the_middle_are_known_to_fail() -> None:
    ears = FakeTranscriber(ServiceError("deaf"))
    async with guarded_ears(ears) as guarded, guarded.open() as transcription:
        for number in (1, 2, 3):
            transcription.begin()
            transcription.feed(b"\xff" * 800)
            transcription.commit(number)

        with pytest.raises(ServiceError):
            _ = [heard async for heard in transcription.results()]

    assert guarded.keeper.guard.health.state is ServiceState.FAILING


async def test_ears_that_cannot_be_opened_are_known_to_fail() -> None:
    async with guarded_ears(DeafTranscriber()) as guarded:
        with pytest.raises(ServiceError, match="deaf"):
            async with guarded.open():
                pass

    assert guarded.keeper.guard.health.reason == "deaf"


async def test_what_goes_wrong_on_a_call_is_no_fault_of_the_transcriber() -> None:
    async with guarded_ears(FakeTranscriber()) as guarded:
        with pytest.raises(ServiceError):
            async with guarded.open():
                raise ServiceError("of somebody else")

    assert guarded.keeper.guard.health.failures == 0


async def test_a_voice_that_has_failed_proves_that_it_works_again() -> None:
    voice = FakeSynthesizer(failing="Hello.")
    async with guarded_voice(voice) as guarded:
        await guarded.check("Hello.")  # nothing is known against it
        guarded.keeper.guard.on_failure(ServiceError("hoarse"))
        await guarded.check("")  # with nothing to say it cannot be tried
        with pytest.raises(ServiceError, match="told to fail"):
            await guarded.check("Hello.")

        await guarded.check("Hello again.")

    assert voice.texts == ["Hello.", "Hello again."]
    assert guarded.keeper.guard.health.state is ServiceState.OK


async def test_a_voice_that_has_failed_and_gives_no_sound_is_not_waited_for(
    autojump_clock: MockClock,
) -> None:
    async with guarded_voice(FakeSynthesizer(delay_s=3600)) as guarded:
        guarded.keeper.guard.on_failure(ServiceError("hoarse"))
        asked_s = trio.current_time()

        with pytest.raises(ServiceError, match="gave no sound in time"):
            await guarded.check("Hello.")

    assert trio.current_time() - asked_s == pytest.approx(guarded.keeper.guard.patience_s)


async def test_a_voice_that_has_failed_and_says_nothing_at_a_trial_is_believed() -> None:
    async with guarded_voice(FakeSynthesizer()) as guarded:
        guarded.keeper.guard.on_failure(ServiceError("hoarse"))

        await guarded.check(" ")

    assert guarded.keeper.guard.health.state is ServiceState.FAILING
