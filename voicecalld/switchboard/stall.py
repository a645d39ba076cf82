"""Notices when our side keeps the other party waiting in silence."""

import math
from collections.abc import Callable

import trio

# Until they are asked for patience once more.
AGAIN_S = 8.0

# Who has just been asked for patience is not asked again, whatever has failed now.
SPACE_S = 3.5

# An answer that comes at once needs no apology before it, however late it was asked for. With the
# 2.5 s after which silence is usually noticed it makes less than three.
CHANCE_S = 0.4


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
        self.nursery: trio.Nursery | None = None  # of the turn that is watched
        self.scope = trio.CancelScope()

    def start(self, nursery: trio.Nursery, since_s: float | None = None) -> None:
        """Watch the turn that begins, in a task of *nursery*.

        Somebody has waited for it *since_s* of Trio's clock, and may have been asked for patience
        meanwhile; without that, silence counts from now on.
        """
        self.nursery = nursery
        began_s = now_s = trio.current_time()
        if since_s is not None:
            again_s = self.noticed_s + AGAIN_S if self.noticed_s > since_s else now_s + CHANCE_S
            began_s = max(since_s, again_s - self.stall_s)
        self.watch(nursery, began_s)

    def watch(self, nursery: trio.Nursery, began_s: float) -> None:
        """Count silence from *began_s* on, or from when something was heard last."""
        self.stop()
        self.scope = trio.CancelScope()
        nursery.start_soon(self.run, self.scope, began_s)

    def stop(self) -> None:
        """The turn is made, or stopped."""
        self.scope.cancel()

    async def run(self, scope: trio.CancelScope, began_s: float) -> None:
        """Watch until *scope* is cancelled, and count silence from *began_s* on."""
        patience_s = self.stall_s
        with scope:
            while True:
                await self.wait_silent(began_s, patience_s)
                self.excuse()
                began_s, patience_s = trio.current_time(), AGAIN_S

    def excuse(self) -> None:
        """Call *notice* now, unless that was done a moment ago: then in time, if it is silent."""
        now_s = trio.current_time()
        if now_s >= self.noticed_s + SPACE_S:
            self.noticed_s = now_s
            self.notice()
        elif self.nursery is not None and not self.scope.cancel_called:
            self.watch(self.nursery, -math.inf)

    async def wait_silent(self, began_s: float, patience_s: float) -> None:
        """Wait until there has been silence for *patience_s*, counted from *began_s* on.

        Who has just been asked for patience is given some first.
        """
        while True:
            now_s = trio.current_time()
            found_s = self.silent_since(now_s)
            silent_s = max(began_s, now_s if found_s is None else found_s)
            due_s = max(silent_s + patience_s, self.noticed_s + SPACE_S)
            if due_s <= now_s:
                return
            await trio.sleep_until(due_s)
