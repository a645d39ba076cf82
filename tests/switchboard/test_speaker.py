import math
from collections.abc import AsyncGenerator, Callable

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.speech_fakes import FakeSynthesizer
from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.call.playout import FRAME_S, Playout
from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.speech.base import SpeechChunk, Synthesizer
from voicecalld.switchboard.speaker import (
    MAX_QUEUED_S,
    PAUSE_S,
    SECOND_SOUND_S,
    Speaker,
    TurnOverError,
)

CHUNK = SpeechChunk(audio=SILENT_FRAME * 5)


def speaker_of(playout: Playout, synthesizer: Synthesizer) -> Speaker:
    """The voice of turn 1, which begins."""
    playout.start(1)
    return Speaker(synthesizer, playout, 1, first_sound_s=5.0, on_sound=lambda: None)


async def play(playout: Playout) -> None:
    """Send what is due, as the wheel does."""
    while True:
        playout.take(trio.current_time())
        await trio.sleep(FRAME_S)


class InterruptedVoice:
    """Does *interrupt* between its first sound and its second, without letting anybody run."""

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self.interrupt = interrupt

    async def synthesize(self, _text: str) -> AsyncGenerator[SpeechChunk, None]:
        await trio.lowlevel.checkpoint()
        yield CHUNK
        self.interrupt()
        yield CHUNK


async def test_sound_of_a_turn_that_was_stopped_does_not_get_into_the_next_one() -> None:
    playout = Playout()
    speaker = speaker_of(playout, InterruptedVoice(lambda: playout.start(2)))

    with pytest.raises(TurnOverError):
        await speaker.say("Hello.")

    assert playout.turn == 2
    assert playout.clauses == []
    assert playout.queued_s == 0


async def test_a_clause_waits_until_what_is_queued_is_short_enough(
    autojump_clock: MockClock,
) -> None:
    playout = Playout()
    speaker = speaker_of(playout, FakeSynthesizer(character_s=1.0))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(play, playout)
        await speaker.say("Aaaaaaaaaa.")  # 11 s
        asked_s = trio.current_time()
        await speaker.say("Bb.")
        waited_s = trio.current_time() - asked_s
        nursery.cancel_scope.cancel()

    assert waited_s == pytest.approx(11 - MAX_QUEUED_S, abs=0.05)


async def test_all_that_is_queued_can_be_waited_for(autojump_clock: MockClock) -> None:
    playout = Playout()
    speaker = speaker_of(playout, FakeSynthesizer(character_s=0.333))
    await speaker.say("Hello there.")  # 12 characters: a sum of frames that is not exact

    async with trio.open_nursery() as nursery:
        nursery.start_soon(play, playout)
        await speaker.wait_until_left(0.0)
        nursery.cancel_scope.cancel()

    assert trio.current_time() == pytest.approx(12 * 0.333, abs=0.05)


async def test_whoever_waits_for_the_queue_learns_that_the_turn_was_stopped(
    autojump_clock: MockClock,
) -> None:
    playout = Playout()
    speaker = speaker_of(playout, FakeSynthesizer(character_s=1.0))
    await speaker.say("Hello.")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop_after, 1.0, playout)
        with pytest.raises(TurnOverError):
            await speaker.wait_until_left(0.0)


async def stop_after(seconds: float, playout: Playout) -> None:
    await trio.sleep(seconds)
    playout.clear(trio.current_time())


# --- a voice that fails -----------------------------------------------------------------


class HoarseVoice:
    """Fails at the next of *failures*: after so many chunks; inf is a stall."""

    def __init__(self, *failures: float, is_hopeless: bool = False) -> None:
        self.failures = list(failures)
        self.error = HopelessServiceError("hoarse") if is_hopeless else ServiceError("hoarse")
        self.asked: list[str] = []

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        self.asked.append(text)
        failure = self.failures.pop(0) if self.failures else None
        if failure == math.inf:
            await trio.sleep_forever()
        chunks = [chunk async for chunk in FakeSynthesizer().synthesize(text)]
        for number, chunk in enumerate(chunks):
            if number == failure:
                raise self.error
            yield chunk


class Excuses:
    """Counts what is done before a clause is said again."""

    def __init__(self) -> None:
        self.made = 0

    def make(self) -> None:
        self.made += 1


async def say(voice: HoarseVoice, text: str, excuses: Excuses) -> Playout:
    """What is queued of *text*."""
    playout = Playout()
    playout.start(1)
    speaker = Speaker(
        voice, playout, 1, first_sound_s=5.0, on_sound=lambda: None, before_second=excuses.make
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(play, playout)
        try:
            await speaker.say(text)
        finally:
            nursery.cancel_scope.cancel()
    return playout


async def test_a_clause_that_fails_at_once_is_said_again_without_a_word(
    autojump_clock: MockClock,
) -> None:
    voice, excuses = HoarseVoice(0), Excuses()
    began_s = trio.current_time()

    playout = await say(voice, "Hello there.", excuses)

    assert voice.asked == ["Hello there."] * 2
    assert [clause.text for clause in playout.clauses] == ["Hello there."]
    assert excuses.made == 0
    assert trio.current_time() - began_s == pytest.approx(PAUSE_S, abs=0.05)


async def test_a_clause_without_sound_for_long_is_said_again_after_an_excuse(
    autojump_clock: MockClock,
) -> None:
    voice, excuses = HoarseVoice(math.inf), Excuses()

    playout = await say(voice, "Hello there.", excuses)

    assert voice.asked == ["Hello there."] * 2
    assert [clause.text for clause in playout.clauses] == ["Hello there."]
    assert excuses.made == 1


async def test_a_voice_that_wants_to_be_left_alone_for_a_moment_is(
    autojump_clock: MockClock,
) -> None:
    voice = HoarseVoice(0)
    voice.error = ServiceError("busy", retry_after_s=0.9)
    began_s = trio.current_time()

    await say(voice, "Hello there.", Excuses())

    assert len(voice.asked) == 2
    assert trio.current_time() - began_s == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize(
    "failures", [(0, 0), (0, math.inf), (math.inf, 0), (4, 0), (4, 4), (0, 4)]
)
async def test_no_clause_costs_more_than_two_requests(
    failures: tuple[float, float], autojump_clock: MockClock
) -> None:
    voice = HoarseVoice(*failures, 0, 0)

    with pytest.raises(ExceptionGroup) as raised:
        await say(voice, "Hello there, dear friend.", Excuses())

    assert raised.group_contains(HopelessServiceError)
    assert len(voice.asked) == 2


async def test_of_a_clause_that_breaks_off_the_rest_is_said_when_the_beginning_was_heard(
    autojump_clock: MockClock,
) -> None:
    voice, excuses = HoarseVoice(4), Excuses()

    playout = await say(voice, "Hello there, dear friend.", excuses)

    assert voice.asked == ["Hello there, dear friend.", "there, dear friend."]
    assert [clause.text for clause in playout.clauses] == ["Hello", "there, dear friend."]


async def test_a_clause_that_breaks_off_behind_its_last_word_is_said(
    autojump_clock: MockClock,
) -> None:
    class LateFailure(HoarseVoice):
        async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
            for chunk in [chunk async for chunk in super().synthesize(text)]:
                yield chunk
            raise self.error

    voice = LateFailure()

    await say(voice, "Hello", Excuses())

    assert voice.asked == ["Hello"]


async def test_a_voice_that_stalls_twice_has_failed_for_good(autojump_clock: MockClock) -> None:
    voice, excuses = HoarseVoice(math.inf, math.inf), Excuses()
    began_s = trio.current_time()

    with pytest.raises(ExceptionGroup) as raised:
        await say(voice, "Hello.", excuses)

    assert raised.group_contains(HopelessServiceError, match="in time")
    took_s = trio.current_time() - began_s
    assert took_s == pytest.approx(5.0 + PAUSE_S + SECOND_SOUND_S, abs=0.1)


async def test_a_voice_that_would_fail_again_is_not_asked_again(
    autojump_clock: MockClock,
) -> None:
    voice, excuses = HoarseVoice(0, is_hopeless=True), Excuses()

    with pytest.raises(ExceptionGroup) as raised:
        await say(voice, "Hello.", excuses)

    assert raised.group_contains(HopelessServiceError)
    assert (len(voice.asked), excuses.made) == (1, 0)


@pytest.mark.parametrize(
    ("voice", "left"),
    [
        (HoarseVoice(4, is_hopeless=True), "there, dear friend."),
        (HoarseVoice(4, 4), "dear friend."),
        (HoarseVoice(0, 0), "Hello there, dear friend."),
    ],
    ids=["at once", "again", "unheard"],
)
async def test_of_a_clause_that_fails_for_good_what_was_not_made_is_left(
    voice: HoarseVoice, left: str, autojump_clock: MockClock
) -> None:
    playout = Playout()
    speaker = speaker_of(playout, voice)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(play, playout)
        with pytest.raises(HopelessServiceError):
            await speaker.say("Hello there, dear friend.")
        nursery.cancel_scope.cancel()

    assert speaker.left == left
    assert " ".join([clause.text for clause in playout.clauses] + [left]) == (
        "Hello there, dear friend."
    )
