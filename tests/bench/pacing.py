"""How evenly frames leave, and what a call costs, while many are spoken on at once."""

import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import trio

from tests.bench.figure import Effort, Figure, distribution, in_ms
from tests.bench.lab import Tap, open_lab, tap_of
from tests.bench.share import looking_at_shares, percentage
from tests.bench.speech import FRAME_S, cut_speech, sound_times
from voicecalld.audio.frame import FRAME_BYTES, SAMPLE_RATE_HZ
from voicecalld.audio.tones import beep
from voicecalld.call.playout import LEAD_S
from voicecalld.call.record import Mode

LEAD_FRAMES = round(LEAD_S / FRAME_S)
SETTLE_S = 0.5  # all calls are connected, their leads are sent
WORDS = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """So many calls at once, measured for so long; what runs is looked at afterwards."""

    calls: int
    measured_s: float
    looked_at_s: float = 0.0
    phones_speak: bool = False

    @property
    def name(self) -> str:
        """What it is called in the table."""
        speak = ", both sides speaking" if self.phones_speak else ""
        return f"{self.calls} calls{speak}" if self.calls > 1 else f"1 call{speak}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was measured of a plan."""

    errors_s: Sequence[float]
    frames: int
    lost: int
    cpu_s: float
    call_s: float
    shares: Counter[str]


def measure(effort: Effort) -> Sequence[Figure]:
    """Pacing, loss and cost for one call, some, and many; and with voice activity at work."""
    return [figure for plan in plans(effort) for figure in figures_of(plan)]


def plans(effort: Effort) -> Iterator[Plan]:
    """What is measured, by the effort."""
    some, many = effort.pick(20, 20, 2), effort.pick(100, 100, 3)
    lasts_s = effort.pick(60, 30, 6) / 10
    yield Plan(calls=1, measured_s=lasts_s)
    yield Plan(calls=some, measured_s=lasts_s)
    yield Plan(calls=many, measured_s=lasts_s, looked_at_s=lasts_s)
    yield Plan(calls=1, measured_s=lasts_s, phones_speak=True)
    yield Plan(calls=some, measured_s=lasts_s, looked_at_s=lasts_s, phones_speak=True)


def figures_of(plan: Plan) -> Iterator[Figure]:
    """The rows of one plan."""
    outcome = trio.run(speak, plan)
    yield distribution(
        f"pacing: error of a frame, {plan.name}",
        "ms",
        in_ms(outcome.errors_s),
        goal="p99 < 5",
        limit="How late the loop comes to a tick; against k x 20 ms behind the lead.",
    )
    yield Figure(
        name=f"pacing: frames lost, {plan.name}",
        unit="frames",
        value=outcome.lost,
        n=outcome.frames,
        goal="0",
        limit="Nothing is dropped: the carrier's end reads on.",
    )
    yield Figure(
        name=f"pacing: CPU, {plan.name}",
        unit="ms/call-second",
        value=1000 * outcome.cpu_s / outcome.call_s,
        n=plan.calls,
        limit=(
            "The speech model, in every window of 32 ms that is not quiet."
            if plan.phones_speak
            else "The loop's ticks and wake-ups, shared by the calls, then frames both ways."
        ),
    )
    if not plan.looked_at_s:
        return
    yield Figure(
        name=f"pacing: of that the mock carrier's half, {plan.name}",
        unit="%",
        value=percentage(outcome.shares, "carrier"),
        n=outcome.shares.total(),
        limit="By looks at what runs; switching tasks counts for neither side.",
    )


async def speak(plan: Plan) -> Outcome:
    """Speak on all calls at once, to the end, and measure meanwhile."""
    lasts_s = plan.measured_s + plan.looked_at_s + 2 * SETTLE_S + plan.calls * 0.01
    story = beep(440, round(1000 * lasts_s))
    words = cut_speech(WORDS) if plan.phones_speak else b""
    times = round(lasts_s * SAMPLE_RATE_HZ / len(words)) if words else 0
    step = {"say": "My side.", "when": "answered", "after_ms": 0}
    phone = {"steps": [step] if plan.phones_speak else [], "hang_up_when_done": False}
    async with open_lab(
        says={"A story.": story, "My side.": words * times},
        phone=phone,
        tapped=True,
        outbound={"notify_hangup_delay_seconds": 0},
    ) as lab:
        calls = await lab.calls(plan.calls, "A story.", Mode.NOTIFY)
        taps = [tap_of(call) for call in calls]
        await trio.sleep(SETTLE_S)
        began_s, began_cpu_s = trio.current_time(), time.process_time()
        await trio.sleep(plan.measured_s)
        ended_s, cpu_s = trio.current_time(), time.process_time() - began_cpu_s
        with looking_at_shares() as shares:
            await trio.sleep(plan.looked_at_s)
        for call in calls:
            await lab.wait_gone(call)
    expected = -(-len(story) // FRAME_BYTES) * plan.calls
    return Outcome(
        errors_s=[error_s for tap in taps for error_s in errors_of(tap, began_s, ended_s)],
        frames=expected,
        lost=expected - sum(len(sound_times(tap.to_carrier)) for tap in taps),
        cpu_s=cpu_s,
        call_s=plan.calls * (ended_s - began_s),
        shares=shares,
    )


def errors_of(tap: Tap, from_s: float, until_s: float) -> list[float]:
    """How far from its place in the rhythm each frame of one call came, in that time."""
    behind_lead = sound_times(tap.to_carrier)[LEAD_FRAMES:]
    places = [at_s - number * FRAME_S for number, at_s in enumerate(behind_lead)]
    # The call's own middle, so that one late first frame does not make all others early.
    origin_s = statistics.median(places)
    return [
        abs(place_s - origin_s)
        for place_s, at_s in zip(places, behind_lead, strict=True)
        if from_s <= at_s < until_s
    ]
