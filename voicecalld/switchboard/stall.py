"""Notices when our side keeps the other party waiting in silence."""

import math
from collections.abc import Callable

import trio

# Until they are asked for patience once more.
AGAIN_S = 8.0

# Who has just been asked for patience is not asked again, whatever has failed now.
SPACE_S = 3.5


class StallWatch:
    """Calls *notice* when nothing has been heard of our turn for *stall_s*, and again later.

    ``silent_since`` tells since when nothing is heard, in seconds of Trio's clock, of which a
    moment to come is one until which there is sound; None while silence is meant.
    """

    def __init__(
        self,
        stall_s: float,
        silent_since: Callable[[float], float | None],
        notice: Callable[[], None],
    ) -> None:
        self.stall_s = stall_s
        self.silent_since = silent_since
        self.notice = notice
        self.noticed_s = -math.inf
        self.scope = trio.CancelScope()

    def start(self, nursery: trio.Nursery) -> None:
        """Watch the turn that begins, in a task of *nursery*."""
        self.stop()
        self.scope = trio.CancelScope()
        nursery.start_soon(self.run, self.scope)

    def stop(self) -> None:
        """The turn is made, or stopped."""
        self.scope.cancel()

    async def run(self, scope: trio.CancelScope) -> None:
        """Watch until *scope* is cancelled."""
        began_s = trio.current_time()
        patience_s = self.stall_s
        with scope:
            while True:
                await self.wait_silent(began_s, patience_s)
                self.excuse()
                began_s, patience_s = trio.current_time(), AGAIN_S

    def excuse(self) -> None:
        """Call *notice* now, unless that was done a moment ago."""
        now_s = trio.current_time()
        if now_s >= self.noticed_s + SPACE_S:
            self.noticed_s = now_s
            self.notice()

    async def wait_silent(self, began_s: float, patience_s: float) -> None:
        """Wait until there has been silence for *patience_s*, counted from *began_s* on."""
        silent_s = -math.inf
        while True:
            now_s = trio.current_time()
            found_s = self.silent_since(now_s)
            silent_s = max(began_s, now_s if found_s is None else found_s)
            if silent_s + patience_s <= now_s:
                return
            await trio.sleep_until(silent_s + patience_s)
