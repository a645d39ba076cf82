from collections.abc import AsyncGenerator, Callable

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.speech_fakes import FakeSynthesizer
from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.call.playout import FRAME_S, Playout
from voicecalld.speech.base import SpeechChunk, Synthesizer
from voicecalld.switchboard.speaker import MAX_QUEUED_S, Speaker, TurnOverError

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
