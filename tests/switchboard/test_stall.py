import math

import pytest
import trio
from trio.testing import MockClock

from voicecalld.switchboard.stall import AGAIN_S, CHANCE_S, SPACE_S, StallWatch


class Silence:
    """A line on which something is heard until ``until_s``, and the watch over it."""

    def __init__(self) -> None:
        self.until_s: float | None = -math.inf
        self.noticed_s: list[float] = []
        self.began_s = trio.current_time()
        self.watch = StallWatch(2.5, self.silent_since, self.notice)

    def silent_since(self, _now_s: float) -> float | None:
        return self.until_s

    def notice(self) -> None:
        self.noticed_s.append(trio.current_time() - self.began_s)


async def test_silence_from_the_beginning_is_noticed_and_later_again(
    autojump_clock: MockClock,
) -> None:
    silence = Silence()

    async with trio.open_nursery() as nursery:
        silence.watch.start(nursery)
        await trio.sleep(2.5 + AGAIN_S + 0.1)
        silence.watch.stop()

    assert silence.noticed_s == [2.5, 2.5 + AGAIN_S]


async def test_silence_counts_from_the_end_of_what_is_heard(autojump_clock: MockClock) -> None:
    silence = Silence()

    async with trio.open_nursery() as nursery:
        silence.watch.start(nursery)
        await trio.sleep(1.0)
        silence.until_s = silence.began_s + 4.0
        await trio.sleep(6.0)
        silence.watch.stop()

    assert silence.noticed_s == [6.5]


async def test_who_has_waited_before_the_turn_began_waits_no_longer_for_that(
    autojump_clock: MockClock,
) -> None:
    silence = Silence()

    async with trio.open_nursery() as nursery:
        silence.watch.start(nursery, silence.began_s - 1.5)
        await trio.sleep(2.0)
        silence.watch.stop()

    assert silence.noticed_s == [1.0]


@pytest.mark.parametrize("waited_s", [2.3, 60.0])
async def test_an_answer_has_a_chance_to_come_at_once_however_long_it_was_waited_for(
    waited_s: float, autojump_clock: MockClock
) -> None:
    silence = Silence()

    async with trio.open_nursery() as nursery:
        silence.watch.start(nursery, silence.began_s - waited_s)
        await trio.sleep(2.0)
        silence.watch.stop()

    assert silence.noticed_s == pytest.approx([CHANCE_S])


async def test_who_was_asked_for_patience_before_the_turn_began_is_not_soon_asked_again(
    autojump_clock: MockClock,
) -> None:
    silence = Silence()

    async with trio.open_nursery() as nursery:
        silence.watch.excuse()
        await trio.sleep(5.0)
        silence.watch.start(nursery, silence.began_s - 2.5)
        await trio.sleep(6.0)
        silence.watch.stop()

    assert silence.noticed_s == [0.0, AGAIN_S]


async def test_silence_that_is_meant_does_not_count(autojump_clock: MockClock) -> None:
    silence = Silence()
    silence.until_s = None

    async with trio.open_nursery() as nursery:
        silence.watch.start(nursery)
        await trio.sleep(60.0)
        silence.watch.stop()

    assert silence.noticed_s == []


async def test_a_turn_that_is_made_is_watched_no_more(autojump_clock: MockClock) -> None:
    silence = Silence()

    async with trio.open_nursery() as nursery:
        silence.watch.start(nursery)
        await trio.sleep(1.0)
        silence.watch.start(nursery)  # the next turn
        await trio.sleep(2.0)
        silence.watch.stop()
        await trio.sleep(60.0)

    assert silence.noticed_s == []


async def test_what_is_tried_again_is_excused_unless_that_was_done_a_moment_ago(
    autojump_clock: MockClock,
) -> None:
    silence = Silence()

    silence.watch.excuse()
    await trio.sleep(SPACE_S - 0.1)
    silence.watch.excuse()
    await trio.sleep(0.1)
    silence.watch.excuse()

    assert silence.noticed_s == [0.0, SPACE_S]


async def test_what_is_not_excused_at_once_is_excused_when_there_is_silence_again(
    autojump_clock: MockClock,
) -> None:
    silence = Silence()

    async with trio.open_nursery() as nursery:
        silence.watch.start(nursery)
        await trio.sleep(2.6)
        silence.until_s = trio.current_time() + 1.4  # so long it takes to say so
        silence.watch.excuse()
        await trio.sleep(5.0)
        silence.watch.stop()

    assert silence.noticed_s == pytest.approx([2.5, 4.0 + 2.5])


async def test_nothing_is_excused_later_in_a_turn_that_is_over(
    autojump_clock: MockClock,
) -> None:
    silence = Silence()

    async with trio.open_nursery() as nursery:
        silence.watch.start(nursery)
        await trio.sleep(2.6)
        silence.watch.stop()
        silence.watch.excuse()
        await trio.sleep(60.0)

    assert silence.noticed_s == [2.5]
