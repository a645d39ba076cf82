"""How long a turn takes beyond the silence that ends the caller's: all that is our own doing."""

from collections.abc import Sequence

import trio

from tests.bench.figure import Effort, Figure, distribution, in_ms
from tests.bench.lab import LOOK_S, Tap, open_lab, tap_of
from tests.bench.speech import begins, cut_speech, last_before, moments_of, sound_times
from voicecalld.audio.activity import SpeechStopped
from voicecalld.audio.tones import beep
from voicecalld.call.record import Mode

# Above the 224 ms that voice activity itself takes to be sure, so that it never decides.
ENDPOINT_MS = 300

SENTENCES = ("What time is it?", "How are you today?", "Where are you?", "Thank you very much.")
SIDE_BY_SIDE = 8
PAUSE_S = 0.4  # more than between two frames of one answer, less than between two answers


def measure(effort: Effort) -> Sequence[Figure]:
    """The overhead, from two ends of the caller's speech: its sound's, and the detector's."""
    rounds, at_once = effort.pick(3, 1, 1), effort.pick(SIDE_BY_SIDE, 4, 1)
    overheads = trio.run(listen, rounds, at_once, effort.pick(4, 4, 1))
    from_detector, from_sound = zip(*overheads, strict=True)
    return (
        distribution(
            "turn: end of speech to first frame, less the silence",
            "ms",
            in_ms(from_detector),
            goal="p99 <= 30",
            limit=f"The loop's timer, and the tasks of agent and voice; {SIDE_BY_SIDE} calls at"
            f" once, an endpoint silence of {ENDPOINT_MS} ms.",
        ),
        distribution(
            "turn: the same from the last voiced frame",
            "ms",
            in_ms(from_sound),
            limit="The detector's windows of 32 ms, and what it takes for speech behind a word.",
        ),
    )


async def listen(
    rounds: int, at_once: int, questions: int, apart_s: float = LOOK_S
) -> list[tuple[float, float]]:
    """Hold some rounds of calls; the overheads of every turn in them, in seconds."""
    speech = {text: cut_speech(text) for text in SENTENCES}
    says = {**speech, "Hello.": beep(440, 300), "Yes.": beep(440, 300)}
    sentences = SENTENCES[:questions]
    phone = {"steps": [{"say": text, "after_ms": 0} for text in sentences]}
    turn = {"endpoint_silence_ms": ENDPOINT_MS}
    overheads: list[tuple[float, float]] = []
    async with open_lab(says=says, answer="Yes.", phone=phone, tapped=True, turn=turn) as lab:
        for _ in range(rounds):
            calls = await lab.calls(at_once, "Hello.", Mode.CONVERSATION, apart_s)
            taps = [tap_of(call) for call in calls]
            for call in calls:
                await lab.wait_gone(call)
            overheads += [overhead for tap in taps for overhead in overheads_of(tap)]
    return overheads


def overheads_of(tap: Tap) -> list[tuple[float, float]]:
    """The overheads of one call's answers, from the end that was detected and the true one."""
    stopped = moments_of(SpeechStopped, tap)
    voiced = sound_times(tap.to_daemon)
    _opening, *answers = begins(sound_times(tap.to_carrier), PAUSE_S)
    silence_s = ENDPOINT_MS / 1000
    return [
        (
            first_frame_s - last_before(stopped, first_frame_s) - silence_s,
            first_frame_s - last_before(voiced, first_frame_s) - silence_s,
        )
        for first_frame_s in answers
    ]
