from collections.abc import AsyncGenerator

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.speech_fakes import FakeSynthesizer
from voicecalld.call.clauses import ClauseChunker, speakable
from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.speech.base import SpeechChunk, Synthesizer
from voicecalld.switchboard.sound_cache import FIRST_PAUSE_S, SoundCache, cut_clauses

GREETING = "Hello. This is the office, how may I help you?"


async def sound_of(synthesizer: Synthesizer, text: str) -> bytes:
    return b"".join([chunk.audio async for chunk in synthesizer.synthesize(text)])


async def test_what_is_held_is_said_at_once_as_the_synthesizer_says_it(
    autojump_clock: MockClock,
) -> None:
    voice = FakeSynthesizer(delay_s=0.5)
    cache = SoundCache(voice)
    async with trio.open_nursery() as nursery:
        await nursery.start(cache.hold, GREETING)
        began_s = trio.current_time()

        said = [[chunk async for chunk in cache.synthesize(one)] for one in cut_clauses(GREETING)]

        took_s = trio.current_time() - began_s
        nursery.cancel_scope.cancel()

    plain = FakeSynthesizer()
    for clause, (sound,) in zip(cut_clauses(GREETING), said, strict=True):
        chunks = [chunk async for chunk in plain.synthesize(clause)]
        assert sound == SpeechChunk(
            audio=b"".join(chunk.audio for chunk in chunks),
            words=tuple(word for chunk in chunks for word in chunk.words),
        )
    assert took_s == 0
    assert voice.texts == [*cut_clauses(GREETING)]


async def test_what_is_not_held_is_said_by_the_synthesizer() -> None:
    voice = FakeSynthesizer()

    sound = await sound_of(SoundCache(voice), "Hello.")

    assert sound == await sound_of(FakeSynthesizer(), "Hello.")
    assert voice.texts == ["Hello."]


async def test_what_nobody_holds_any_more_is_forgotten(autojump_clock: MockClock) -> None:
    cache = SoundCache(FakeSynthesizer())
    async with trio.open_nursery() as nursery:
        await nursery.start(cache.hold, "Hello.")
        async with trio.open_nursery() as other:
            await other.start(cache.hold, "Hello.")
            other.cancel_scope.cancel()
        held_by_one = cache.holds("Hello.")
        nursery.cancel_scope.cancel()

    assert held_by_one
    assert not cache.holds("Hello.")
    assert cache.held_bytes == 0
    assert not cache.holders


async def test_what_is_held_already_is_not_made_again(autojump_clock: MockClock) -> None:
    voice = FakeSynthesizer()
    cache = SoundCache(voice)

    async with trio.open_nursery() as nursery:
        await nursery.start(cache.hold, "Hello.", "Goodbye.")
        await nursery.start(cache.hold, "Hello.")
        nursery.cancel_scope.cancel()

    assert voice.texts == ["Hello.", "Goodbye."]


async def test_what_does_not_fit_is_made_when_it_is_needed(autojump_clock: MockClock) -> None:
    voice = FakeSynthesizer()
    cache = SoundCache(voice, most_bytes=100)

    async with trio.open_nursery() as nursery:
        await nursery.start(cache.hold, "Hello.")
        holds = cache.holds("Hello.")
        sound = await sound_of(cache, "Hello.")
        nursery.cancel_scope.cancel()

    assert not holds
    assert sound


async def test_a_synthesizer_that_fails_is_asked_until_it_does_not(
    autojump_clock: MockClock,
) -> None:
    voice = FakeSynthesizer(failing="Hello.")
    cache = SoundCache(voice)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(cache.hold, "Hello.")
        await trio.sleep(FIRST_PAUSE_S / 2)
        voice.failing = None
        held_before = cache.holds("Hello.")
        await trio.sleep(FIRST_PAUSE_S)
        held_after = cache.holds("Hello.")
        nursery.cancel_scope.cancel()

    assert (held_before, held_after) == (False, True)


class RefusedVoice(FakeSynthesizer):
    """A voice that fails with *error*."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__()
        self.error = error
        self.asked: list[str] = []

    def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        self.asked.append(text)
        raise self.error


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (HopelessServiceError("the synthesizer refuses (401)"), "warning"),
        (ServiceError("the synthesizer failed (503)"), "info"),
    ],
)
async def test_who_will_never_speak_is_worth_a_warning(
    error: ServiceError, level: str, autojump_clock: MockClock
) -> None:
    voice = RefusedVoice(error)
    cache = SoundCache(voice)

    with capture_logs() as logs, trio.move_on_after(FIRST_PAUSE_S / 2):
        await cache.hold("Hello.")

    assert [(log["event"], log["log_level"]) for log in logs] == [
        ("sound not made in advance", level)
    ]
    assert voice.asked == ["Hello."]


@pytest.mark.parametrize(
    ("voice", "reason"),
    [
        (FakeSynthesizer(delay_s=60.0), "in time"),
        (FakeSynthesizer(character_s=0.0), "no sound"),
        (FakeSynthesizer(failing="Hello."), "told to fail"),
    ],
)
async def test_sound_that_cannot_be_made_is_an_error(
    voice: FakeSynthesizer, reason: str, autojump_clock: MockClock
) -> None:
    with pytest.raises(ServiceError, match=reason):
        await SoundCache(voice).make("Hello.")


@given(st.text())
def test_a_text_is_cut_as_that_of_a_turn_is(text: str) -> None:
    chunker = ClauseChunker()
    clauses = [clause for letter in text for clause in chunker.feed(letter)]

    said = [speakable(clause) for clause in (*clauses, *chunker.flush())]

    assert list(cut_clauses(text)) == [clause for clause in said if clause]
