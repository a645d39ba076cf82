"""Leaves a service alone that fails and fails, so that nobody waits for it in vain.

Rule 1: some failures in a row, none of them old, and the service is left alone for a while.
Rule 2: then one request is let through; what comes of it decides whether the others follow.
"""

from collections import deque

MOST_FAILURES = 5
WINDOW_S = 60.0
REST_S = 10.0


class Breaker:
    """Tells whether a service may be asked; times are those of one clock, in seconds."""

    def __init__(
        self,
        *,
        most_failures: int = MOST_FAILURES,
        window_s: float = WINDOW_S,
        rest_s: float = REST_S,
    ) -> None:
        self.most_failures = most_failures
        self.window_s = window_s
        self.rest_s = rest_s
        self.failed_s: deque[float] = deque(maxlen=most_failures)  # since the last success
        self.rests_until_s: float | None = None
        self.is_trying = False

    def admits(self, now_s: float) -> bool:
        """Whether the service may be asked now; if so, what came of it must be told."""
        if self.rests_until_s is None:
            return True
        if now_s < self.rests_until_s or self.is_trying:
            return False
        self.is_trying = True
        return True

    def is_resting(self, now_s: float) -> bool:
        """Whether the service is left alone now, and nobody is let through to try it."""
        return self.rests_until_s is not None and now_s < self.rests_until_s

    def on_success(self) -> None:
        """The service has done what it was asked for."""
        self.failed_s.clear()
        self.rests_until_s = None
        self.is_trying = False

    def on_failure(self, now_s: float) -> None:
        """The service has failed."""
        self.failed_s.append(now_s)
        is_full = len(self.failed_s) == self.most_failures
        if self.is_trying or (is_full and now_s - self.failed_s[0] <= self.window_s):
            self.rests_until_s = now_s + self.rest_s
        self.is_trying = False

    def on_given_up(self) -> None:
        """Nobody has waited to see what comes of it."""
        self.is_trying = False
