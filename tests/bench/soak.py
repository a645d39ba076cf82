"""What a thousand calls leave behind in the daemon that held them."""

from collections.abc import Sequence

import trio

from tests.bench.figure import Effort, Figure
from tests.bench.lab import Lab, open_lab
from tests.bench.process import Holdings, take_stock
from voicecalld.audio.tones import beep
from voicecalld.call.record import Mode

AT_ONCE = 20
KIB = 1024


def measure(effort: Effort) -> Sequence[Figure]:
    """The growth of everything that should not grow."""
    calls = effort.pick(1000, 200, 2)
    before, after = trio.run(hold_calls, effort.pick(200, 100, 2), calls)
    return (
        Figure(
            name=f"soak: tasks left by {calls} calls",
            unit="tasks",
            value=after.tasks - before.tasks,
            n=calls,
            goal="0",
            limit="One nursery a call.",
        ),
        Figure(
            name=f"soak: descriptors left by {calls} calls",
            unit="descriptors",
            value=after.descriptors - before.descriptors,
            n=calls,
            goal="0",
            limit="A mock call has none of its own.",
        ),
        Figure(
            name="soak: memory left by a call",
            unit="KiB resident",
            value=(after.resident_bytes - before.resident_bytes) / KIB / calls,
            n=calls,
            limit="The answers to its webhooks, kept against replays (10 000 at most).",
        ),
    )


async def hold_calls(first: int, calls: int) -> tuple[Holdings, Holdings]:
    """Hold so many short calls, some at a time; what was held before and after.

    The *first* calls do not count: everything that is made once is made for them.
    """
    async with open_lab(
        says={"Hello.": beep(440, 40)}, outbound={"notify_hangup_delay_seconds": 0}
    ) as lab:
        await hold_some(lab, first)
        before = await take_quiet_stock(lab)
        await hold_some(lab, calls)
        return before, await take_quiet_stock(lab)


async def hold_some(lab: Lab, calls: int) -> None:
    """Hold so many calls, never more than `AT_ONCE` at a time."""
    room = trio.CapacityLimiter(AT_ONCE)

    async def hold_one() -> None:
        async with room:
            await lab.wait_gone(await lab.call("Hello.", Mode.NOTIFY))

    async with trio.open_nursery() as nursery:
        for _ in range(calls):
            nursery.start_soon(hold_one)


async def take_quiet_stock(lab: Lab) -> Holdings:
    """Take stock when the carrier's half of the last call has gone, too."""
    await lab.hang_up_all()
    lab.carrier.webhooks_s.clear()
    lab.exits.at_s.clear()
    return take_stock()
