"""How long after a hang-up the last task of the call has gone."""

from collections.abc import Sequence

import trio

from tests.bench.figure import Effort, Figure, distribution, in_ms
from tests.bench.lab import Lab, open_lab
from voicecalld.audio.tones import beep
from voicecalld.call.events import EndReason, HungUp
from voicecalld.call.record import Mode
from voicecalld.switchboard.actor import Call

OTHERS = 50
AT_ONCE = 10
GOAL = "p99 <= 50"


def measure(effort: Effort) -> Sequence[Figure]:
    """The delay when the call is the only one, and when others go on speaking meanwhile."""
    alone_s = trio.run(hang_up_alone, effort.pick(100, 20, 1))
    others = effort.pick(OTHERS, OTHERS, 2)
    among_s = trio.run(hang_up_among, others, effort.pick(100, 20, 1))
    return (
        distribution(
            "hang-up: event to last task gone, one call",
            "ms",
            in_ms(alone_s),
            goal=GOAL,
            limit="The journal's sync to disk: a call is not gone before its end is written.",
        ),
        distribution(
            f"hang-up: the same with {others} calls speaking",
            "ms",
            in_ms(among_s),
            goal=GOAL,
            limit="The same, and the turns that the others' frames take in between.",
        ),
    )


async def hang_up_alone(count: int) -> list[float]:
    """The delays of so many calls, one after another, in seconds."""
    async with open_lab(says={"Hello.": beep(440, 5000)}) as lab:
        return [await hang_up(lab, await speaking(lab)) for _ in range(count)]


async def hang_up_among(others: int, count: int) -> list[float]:
    """The delays of so many calls, while *others* are spoken on; in seconds."""
    delays: list[float] = []
    says = {"Hello.": beep(440, 5000), "A long story.": beep(440, 120_000)}
    async with open_lab(says=says) as lab:
        await lab.calls(others, "A long story.", Mode.CONVERSATION)
        while len(delays) < count:
            calls = await lab.calls(min(AT_ONCE, count), "Hello.", Mode.CONVERSATION)
            delays += [await hang_up(lab, call) for call in calls]
    return delays


async def speaking(lab: Lab) -> Call:
    """A call in which we speak."""
    call = await lab.call("Hello.", Mode.CONVERSATION)
    await trio.sleep(0.05)
    return call


async def hang_up(lab: Lab, call: Call) -> float:
    """Let the other party hang up: the carrier knows it, so nothing is asked of it."""
    told_s = trio.current_time()
    call.tell(HungUp(reason=EndReason.HANGUP_USER))
    gone_s = await lab.wait_gone(call)
    await lab.forget(call)
    return gone_s - told_s
