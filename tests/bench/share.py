"""Whose code the processor's time goes to, by looking now and then at what is running."""

import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

# Processor time between two looks; the kernel does not look more often than every 4 ms.
LOOK_S = 0.005

SIDES: Mapping[str, str] = {
    "voicecalld.exchange": "carrier",
    "voicecalld.switchboard": "daemon",
}
"""Packages, and whose they are."""

LOOP = "loop"


@contextmanager
def looking_at_shares(owners: Mapping[str, str] = SIDES) -> Iterator[Counter[str]]:
    """Counts inside the block, by owner, what was running at each look; main thread only."""
    counts: Counter[str] = Counter()

    def look(_number: int, frame: FrameType | None) -> None:
        counts[owner_of(frame, owners)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, LOOK_S, LOOK_S)
    try:
        yield counts
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def owner_of(frame: FrameType | None, owners: Mapping[str, str] = SIDES) -> str:
    """The innermost owner on the stack: what both sides use counts for who called it."""
    while frame is not None:
        package = ".".join(frame.f_globals.get("__name__", "").split(".")[:2])
        if package in owners:
            return owners[package]
        frame = frame.f_back
    return LOOP


def percentage(counts: Counter[str], owner: str) -> float:
    """The share of *owner*; none of nothing."""
    return 100 * counts[owner] / max(1, counts.total())
