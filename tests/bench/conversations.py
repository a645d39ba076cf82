"""Fifty conversations at once on one processor: what a single one takes must hold for them, too.

The mock carrier's telephones, which also speak and listen, are on the same processor.
"""

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence

import trio

from tests.bench import barge_in, turn
from tests.bench.figure import Effort, Figure, distribution, in_ms
from tests.bench.media_load import split_processors
from tests.bench.share import LOOP, looking_at_shares, percentage

AT_ONCE = 50

# People do not begin to speak at the same moment.
APART_S = 0.1

PARTS: Mapping[str, str] = {
    "voicecalld.exchange": "the other party's telephones",
    "voicecalld.audio": "voice activity",
    "voicecalld.switchboard": "the rest of the daemon",
}


def measure(effort: Effort) -> Sequence[Figure]:
    """The delays of `turn` and `barge-in` with so many conversations, and where the time goes."""
    if effort is not Effort.LEAST:
        ours, _others = split_processors()
        os.sched_setaffinity(0, ours)
    at_once = effort.pick(AT_ONCE, AT_ONCE, 1)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    with looking_at_shares(PARTS) as shares:
        overheads = trio.run(turn.listen, 1, at_once, effort.pick(4, 2, 1), APART_S)
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    delays = trio.run(barge_in.interrupt, effort.pick(2, 1, 1), at_once, APART_S)
    return (
        distribution(
            f"{at_once} conversations: end of speech to first frame, less the silence",
            "ms",
            in_ms([from_detector for from_detector, _from_sound in overheads]),
            goal="p99 <= 30",
            limit="As of one, and waiting for those who are served at that moment.",
        ),
        distribution(
            f"{at_once} conversations: {barge_in.BARGE_IN_MS} ms of speech to clear",
            "ms",
            in_ms([from_verdict for from_verdict, _from_sound in delays]),
            goal="p99 <= 20",
            limit="Likewise.",
        ),
        Figure(
            name=f"{at_once} conversations: the processor is busy",
            unit="% of the time",
            value=100 * cpu_s / wall_s,
            n=at_once,
            limit=describe(shares),
        ),
    )


def describe(shares: Counter[str]) -> str:
    """Where the time of the processor goes."""
    parts = [*PARTS.values(), LOOP]
    return "Of it: " + ", ".join(f"{percentage(shares, part):.0f} % {part}" for part in parts)
