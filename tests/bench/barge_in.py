"""How long after the caller has spoken for long enough our voice stops."""

from collections.abc import Sequence

import trio

from tests.bench.figure import Effort, Figure, distribution, in_ms
from tests.bench.lab import LOOK_S, Tap, open_lab, tap_of, wait_until
from tests.bench.speech import (
    FRAME_S,
    clear_times,
    cut_speech,
    last_before,
    moments_of,
    sound_times,
)
from voicecalld.audio.activity import SpeechSustained
from voicecalld.audio.tones import beep
from voicecalld.call.record import Mode

BARGE_IN_MS = 240
SIDE_BY_SIDE = 10
INTERRUPTION = "Wait a moment, please."


def measure(effort: Effort) -> Sequence[Figure]:
    """The delay of the clear behind the detector's verdict, and behind the sound itself."""
    rounds, at_once = effort.pick(6, 2, 1), effort.pick(SIDE_BY_SIDE, 5, 1)
    delays = trio.run(interrupt, rounds, at_once)
    from_verdict, from_sound = zip(*delays, strict=True)
    return (
        distribution(
            f"barge-in: {BARGE_IN_MS} ms of speech to clear",
            "ms",
            in_ms(from_verdict),
            goal="p99 <= 20",
            limit="The verdict waits for the end of a frame, and for a step of the mailbox.",
        ),
        distribution(
            "barge-in: the same from the first voiced frame",
            "ms",
            in_ms(from_sound),
            limit="What the detector hears as voice, in whole windows of 32 ms.",
        ),
    )


async def interrupt(
    rounds: int, at_once: int, apart_s: float = LOOK_S
) -> list[tuple[float, float]]:
    """Be interrupted in some rounds of calls; the delays of all of them, in seconds."""
    says = {INTERRUPTION: cut_speech(INTERRUPTION), "Hello.": beep(440, 4000)}
    steps = [{"say": INTERRUPTION, "when": "agent-speaks", "after_ms": 300}]
    turn = {"barge_in_speech_ms": BARGE_IN_MS}
    delays: list[tuple[float, float]] = []
    async with open_lab(says=says, phone={"steps": steps}, tapped=True, turn=turn) as lab:
        for _ in range(rounds):
            calls = await lab.calls(at_once, "Hello.", Mode.CONVERSATION, apart_s)
            taps = [tap_of(call) for call in calls]
            await wait_cleared(taps)
            await lab.hang_up_all()
            delays += [delays_of(tap) for tap in taps]
    return delays


async def wait_cleared(taps: Sequence[Tap]) -> None:
    """Wait until all calls have been interrupted."""
    await wait_until(lambda: all(clear_times(tap) for tap in taps))


def delays_of(tap: Tap) -> tuple[float, float]:
    """The delays of one call's clear: behind the verdict, and behind the true begin."""
    cleared_s = clear_times(tap)[0]
    verdict_s = last_before(moments_of(SpeechSustained, tap), cleared_s)
    # A frame comes when it is over: the first one's sound began 20 ms before.
    sounded_s = sound_times(tap.to_daemon)[0] - FRAME_S
    return cleared_s - verdict_s, cleared_s - sounded_s - BARGE_IN_MS / 1000
