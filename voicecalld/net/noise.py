"""What anybody can make us say, as often as he likes: it is told now and then, with its number."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Final

QUIET_S: Final = 10.0
"""Between two lines about the same thing."""


class Noise:
    """Counts what is refused; its size is that of the set of reasons, which are ours."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.now_s = now_s
        self.counts: Counter[str] = Counter()
        self.untold: Counter[str] = Counter()
        self.told_at_s: dict[str, float] = {}

    def count(self, reason: str) -> int:
        """Count one more of *reason*; how many are to be told of now, which may be none."""
        self.counts[reason] += 1
        self.untold[reason] += 1
        now_s = self.now_s()
        if now_s - self.told_at_s.get(reason, -math.inf) < QUIET_S:
            return 0
        self.told_at_s[reason] = now_s
        return self.untold.pop(reason)
