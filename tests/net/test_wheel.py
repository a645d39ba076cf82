from collections.abc import AsyncIterator
from contextlib import ExitStack
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from voicecalld.net.wheel import MAX_LATE_S, PERIOD_S, SLOTS, Wheel

NEAR_S = 1e-6


class Ticked:
    """Remembers when it was ticked, and can take its time."""

    def __init__(self) -> None:
        self.at_s: list[float] = []

    def tick(self, now_s: float) -> None:
        self.at_s.append(now_s)


@pytest.fixture
async def wheel(nursery: trio.Nursery) -> AsyncIterator[Wheel]:
    wheel = Wheel()
    nursery.start_soon(wheel.run)
    yield wheel
    nursery.cancel_scope.cancel()


async def test_a_member_is_ticked_every_20_ms(wheel: Wheel, autojump_clock: MockClock) -> None:
    member = Ticked()

    with wheel.turning(member):
        await trio.sleep(10 * PERIOD_S + NEAR_S)

    spaces = [after - before for before, after in zip(member.at_s, member.at_s[1:], strict=False)]
    assert spaces == pytest.approx([PERIOD_S] * 10)


async def test_a_member_is_not_ticked_outside_of_its_block(
    wheel: Wheel, autojump_clock: MockClock
) -> None:
    member = Ticked()
    with wheel.turning(member):
        await trio.sleep(PERIOD_S)
    ticks = len(member.at_s)

    await trio.sleep(1)

    assert len(member.at_s) == ticks


def test_a_member_is_let_go_when_its_block_fails() -> None:
    wheel = Wheel()

    with pytest.raises(ValueError, match="broken"), wheel.turning(Ticked()):
        raise ValueError("broken")

    assert not any(wheel.slots)


async def test_the_wheel_sleeps_while_it_has_no_member_and_is_punctual_when_one_joins(
    wheel: Wheel, autojump_clock: MockClock
) -> None:
    await trio.sleep(100.001)
    member = Ticked()
    joined_s = trio.current_time()

    with wheel.turning(member):
        await trio.sleep(PERIOD_S)

    assert member.at_s[0] - joined_s < PERIOD_S
    assert wheel.late_s == pytest.approx(0.0, abs=NEAR_S)


async def test_members_are_spread_over_the_period(wheel: Wheel, autojump_clock: MockClock) -> None:
    members = [Ticked() for _ in range(2 * SLOTS)]

    with ExitStack() as stack:
        for member in members:
            stack.enter_context(wheel.turning(member))
        await trio.sleep(PERIOD_S + NEAR_S)

    firsts = sorted({round(member.at_s[0] % PERIOD_S, 6) for member in members})
    assert len(firsts) == SLOTS


async def test_a_late_wheel_catches_up_so_that_no_tick_is_lost(
    wheel: Wheel, autojump_clock: MockClock
) -> None:
    member = Ticked()

    with wheel.turning(member):
        await trio.sleep(PERIOD_S + NEAR_S)
        autojump_clock.jump(0.2)  # the loop was busy
        await trio.sleep(PERIOD_S)

    lasted_s = member.at_s[-1] - member.at_s[0]
    assert len(member.at_s) == pytest.approx(lasted_s / PERIOD_S + 1, abs=1)


async def test_after_a_long_stall_there_is_no_burst_of_ticks(
    wheel: Wheel, autojump_clock: MockClock
) -> None:
    member = Ticked()

    with wheel.turning(member):
        await trio.sleep(PERIOD_S + NEAR_S)
        before = len(member.at_s)
        autojump_clock.jump(MAX_LATE_S + 60)  # the machine was suspended
        await trio.sleep(PERIOD_S + NEAR_S)

    assert len(member.at_s) - before <= 3


async def test_the_lag_of_the_last_tick_is_known(wheel: Wheel, autojump_clock: MockClock) -> None:
    with wheel.turning(Ticked()):
        await trio.sleep(PERIOD_S + NEAR_S)
        due_s = trio.current_time()

        wheel.tick({}, due_s - 0.5)

    assert wheel.late_s == pytest.approx(0.5)


class Looking:
    """Remembers when it looked, and may have enough of it."""

    def __init__(self, looks: int, wheel: Wheel) -> None:
        self.at_s: list[float] = []
        self.looks = looks
        self.wheel = wheel

    def look(self, _until_s: float) -> None:
        self.at_s.append(trio.current_time())
        if len(self.at_s) == self.looks:
            self.wheel.remove_watcher(self)


async def test_a_watcher_looks_at_every_step_also_without_members(
    wheel: Wheel, autojump_clock: MockClock
) -> None:
    await trio.sleep(1)
    watcher = Looking(9, wheel)

    wheel.add_watcher(watcher)
    await trio.sleep(1)

    spaces = [after - before for before, after in pairwise(watcher.at_s)]
    assert spaces == pytest.approx([PERIOD_S / SLOTS] * 8)


async def test_a_watcher_that_has_gone_looks_no_more_while_the_wheel_turns(
    wheel: Wheel, autojump_clock: MockClock
) -> None:
    watcher = Looking(3, wheel)
    wheel.add_watcher(watcher)

    with wheel.turning(Ticked()):
        await trio.sleep(1)
    wheel.remove_watcher(watcher)

    assert len(watcher.at_s) == 3


async def test_a_watcher_looks_when_the_members_of_a_step_have_been_ticked(
    wheel: Wheel, autojump_clock: MockClock
) -> None:
    order: list[str] = []

    class Both:
        def look(self, _until_s: float) -> None:
            order.append("look")

        def tick(self, _now_s: float) -> None:
            order.append("tick")

    both = Both()
    wheel.add_watcher(both)
    with wheel.turning(both):
        await trio.sleep(PERIOD_S)
    wheel.remove_watcher(both)

    assert order[order.index("tick") + 1] == "look"
    assert order.count("look") >= SLOTS


async def test_a_watcher_is_told_when_the_next_step_is_due_however_late_this_one_is(
    autojump_clock: MockClock,
) -> None:
    told: list[float] = []

    class Told:
        def look(self, until_s: float) -> None:
            told.append(until_s)

    wheel = Wheel()
    wheel.add_watcher(Told())
    await trio.sleep(10)
    due_s = trio.current_time() - 0.1

    wheel.tick({}, due_s)

    assert told == [pytest.approx(due_s + PERIOD_S / SLOTS)]
