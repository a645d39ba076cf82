import trio
import trio.testing
from trio.testing import MockClock

from voicecalld.exchange.wheel import SLOTS, Wheel


class Member:
    """Notes when it is ticked, and can make one tick take long."""

    def __init__(self) -> None:
        self.ticks: list[tuple[float, float]] = []

    def tick(self, now_s: float) -> None:
        self.ticks.append((round(trio.current_time(), 6), round(now_s, 6)))


async def test_members_are_spread_over_the_20_ms(autojump_clock: MockClock) -> None:
    wheel = Wheel()
    members = [Member() for _ in range(SLOTS + 1)]

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wheel.run)
        await trio.sleep(1.0)
        for member in members:
            wheel.add(member)
        await trio.sleep(0.039)
        nursery.cancel_scope.cancel()

    assert [member.ticks[0][0] for member in members] == [1.0, 1.005, 1.01, 1.015, 1.0]
    assert [tick[0] for tick in members[1].ticks] == [1.005, 1.025]


async def test_an_empty_wheel_wakes_nobody_and_begins_anew(autojump_clock: MockClock) -> None:
    wheel = Wheel()
    first, second = Member(), Member()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wheel.run)
        wheel.add(first)
        await trio.sleep(0.05)
        wheel.remove(first)
        wheel.remove(first)
        await trio.sleep(1.0)
        wheel.add(second)
        await trio.sleep(0.03)
        nursery.cancel_scope.cancel()

    assert len(first.ticks) == 3
    assert [at_s for at_s, _ in second.ticks] == [1.05, 1.07]


async def test_a_short_stall_is_caught_up(mock_clock: MockClock) -> None:
    wheel = Wheel()
    member = Member()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wheel.run)
        await trio.testing.wait_all_tasks_blocked()
        wheel.add(member)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(0.1)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert [planned_s for _, planned_s in member.ticks] == [0.0, 0.02, 0.04, 0.06, 0.08, 0.1]


async def test_a_long_stall_is_skipped(mock_clock: MockClock) -> None:
    wheel = Wheel()
    member = Member()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wheel.run)
        await trio.testing.wait_all_tasks_blocked()
        wheel.add(member)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(5.0)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    # The tick that was being waited for, and then the present.
    assert [planned_s for _, planned_s in member.ticks] == [0.0, 0.02, 5.0]
