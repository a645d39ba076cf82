"""The mailbox of a call: everything that happens to it, in the order in which it happened."""

import math
from dataclasses import dataclass

import trio

from voicecalld.call.events import CallEvent, Woke

# Events come one by one from people and carriers; only a program gone wild makes so many.
MAX_UNREAD_LETTERS = 1000


@dataclass(frozen=True, slots=True)
class Letter:
    """An event, and what to set when its commands have been obeyed."""

    event: CallEvent
    obeyed: trio.Event | None = None

    def was_obeyed(self) -> None:
        """Let whoever waits go on."""
        if self.obeyed is not None:
            self.obeyed.set()


class Mailbox:
    """Many may put events into it, the call alone takes them out."""

    def __init__(self) -> None:
        self.is_closed = False
        self.slot, self.letters = trio.open_memory_channel[Letter](MAX_UNREAD_LETTERS)

    def put(self, event: CallEvent) -> None:
        """Let the call know that *event* has happened; never waits."""
        if not self.is_closed:
            self.slot.send_nowait(Letter(event))

    async def deliver(self, event: CallEvent) -> None:
        """Let the call know, and wait until it has drawn its conclusions."""
        if self.is_closed:
            return
        obeyed = trio.Event()
        self.slot.send_nowait(Letter(event, obeyed))
        await obeyed.wait()

    async def take(self, wake_at_s: float | None) -> Letter:
        """The next event; `Woke` if *wake_at_s* comes first."""
        with trio.move_on_at(math.inf if wake_at_s is None else wake_at_s):
            return await self.letters.receive()
        return Letter(Woke())

    def close(self) -> None:
        """Nobody will read any more: let all who wait go on."""
        self.is_closed = True
        while True:
            try:
                self.letters.receive_nowait().was_obeyed()
            except trio.WouldBlock:
                return
