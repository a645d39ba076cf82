"""What a live call adds to the memory of the daemon, with the speech model and without."""

import tracemalloc
from collections.abc import Sequence

import trio

from tests.bench.figure import Effort, Figure
from tests.bench.lab import Lab, open_lab
from tests.bench.process import take_stock
from tests.bench.speech import cut_speech
from voicecalld.audio.activity import SileroModel
from voicecalld.audio.tones import beep
from voicecalld.call.record import Mode
from voicecalld.switchboard.services import ModelPool

KIB = 1024
MIB = 1024 * KIB
GOAL = "<= 0.5"

# The caller says a word meanwhile, as a model takes its memory when it first has to judge.
SAYS = {"A story.": beep(440, 200), "Yes.": cut_speech("Yes.")}
STEP = {"say": "Yes.", "when": "answered", "after_ms": 300}
PHONE = {"steps": [STEP], "hang_up_when_done": False}


# How long after the last word: within the time for which a call keeps its model, and behind it.
SPEAKING_S = 1
RESTING_S = 8


class DeafModel(SileroModel):
    """Takes no memory and hears nothing."""

    def __init__(self) -> None:
        """No detector is loaded."""

    def probability(self, _window_pcm16k: bytes) -> float:
        return 0.0

    def rest(self) -> None:
        """There is nothing to forget."""


class DeafPool(ModelPool):
    """Models that hear nothing."""

    def __init__(self) -> None:
        self.idle: list[SileroModel] = []

    def take(self) -> SileroModel:
        return DeafModel()


def measure(effort: Effort) -> Sequence[Figure]:
    """The growth for each call, and the part of it in Python's objects."""
    calls = effort.pick(100, 100, 3)
    # First without, since a model that was loaded leaves traces.
    deaf_bytes = trio.run(grow, DeafPool(), calls, SPEAKING_S)
    resting_bytes = trio.run(grow, ModelPool(), calls, effort.pick(RESTING_S, RESTING_S, 1))
    hearing_bytes = trio.run(grow, ModelPool(), calls, SPEAKING_S)
    ours_bytes, carrier_bytes = trio.run(trace, calls)
    return (
        Figure(
            name=f"memory: a call whose party is silent, at {calls} calls",
            unit="MiB resident",
            value=resting_bytes / MIB,
            n=calls,
            goal=GOAL,
            limit="Their speech models were given back after five seconds of silence.",
        ),
        Figure(
            name=f"memory: a call whose party speaks, at {calls} calls",
            unit="MiB resident",
            value=hearing_bytes / MIB,
            n=calls,
            limit="The speech model, one for each who speaks, as it keeps its memory inside.",
        ),
        Figure(
            name="memory: a call without its speech model",
            unit="MiB resident",
            value=deaf_bytes / MIB,
            n=calls,
            limit="Tasks, channels and queues of both halves: ours and the mock carrier's.",
        ),
        Figure(
            name="memory: Python objects of a call",
            unit="KiB",
            value=ours_bytes / KIB,
            n=calls,
            limit="As tracemalloc counts them, also what the libraries make for us.",
        ),
        Figure(
            name="memory: Python objects of the mock carrier",
            unit="KiB",
            value=carrier_bytes / KIB,
            n=calls,
            limit="Those that were made by its own lines of code.",
        ),
    )


async def grow(models: ModelPool, calls: int, silence_s: float) -> float:
    """By how many resident bytes each of *calls* makes the process grow, *silence_s* later."""
    async with open_lab(says=SAYS, phone=PHONE, models=models) as lab:
        await warm_up(lab)
        before = take_stock()
        await listen(lab, calls)
        await trio.sleep(silence_s)
        return (take_stock().resident_bytes - before.resident_bytes) / calls


async def trace(calls: int) -> tuple[float, float]:
    """How many bytes of Python's objects each call takes: all but the carrier's, the carrier's."""
    async with open_lab(says=SAYS, phone=PHONE, models=DeafPool()) as lab:
        tracemalloc.start()
        await listen(lab, calls)
        take_stock()
        snapshot = tracemalloc.take_snapshot()
        tracemalloc.stop()
    everything = sum(trace.size for trace in snapshot.traces)
    carrier = snapshot.filter_traces([tracemalloc.Filter(True, "*/voicecalld/exchange/*")])
    carrier_bytes = sum(trace.size for trace in carrier.traces)
    return (everything - carrier_bytes) / calls, carrier_bytes / calls


async def warm_up(lab: Lab) -> None:
    """Let everything be made that is made once."""
    await listen(lab, 2)
    await lab.hang_up_all()


async def listen(lab: Lab, calls: int) -> None:
    """Bring so many calls to where the other party is listened to."""
    await lab.calls(calls, "A story.", Mode.CONVERSATION)
    await trio.sleep(1)  # both sides have said what they had to say
