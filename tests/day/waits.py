"""The time for which our side waits for its services: the only time that an answer may take."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import trio


class Waits:
    """From when to when services have kept us waiting, in the order of the ends."""

    def __init__(self, spans: Iterable[tuple[float, float]] = ()) -> None:
        self.spans = list(spans)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A service takes its time inside the block."""
        began_s = trio.current_time()
        try:
            yield
        finally:
            self.spans.append((began_s, trio.current_time()))

    def idle_s(self, began_s: float, ended_s: float) -> float:
        """How much of the time between is of no service's making."""
        idle_s, reached_s = 0.0, began_s
        for begin_s, end_s in sorted(self.spans):
            idle_s += max(0.0, min(begin_s, ended_s) - reached_s)
            reached_s = max(reached_s, min(end_s, ended_s))
        return idle_s + max(0.0, ended_s - reached_s)
