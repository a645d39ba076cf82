"""The mailbox of a call: everything that happens to it, in the order in which it happened."""

import math
from dataclasses import dataclass

import trio

from voicecalld.call.events import CallEvent, Woke

# Events come one by one from people and carriers; only a program gone wild makes so many.
MAX_UNREAD_LETTERS = 1000


class MailboxFullError(Exception):
    """More happens to a call than it can take in; never leaves the switchboard."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An event, and what to set when its commands have been obeyed."""

    event: CallEvent
    obeyed: trio.Event | None = None

    async def wait(self) -> None:
        """Wait until the event's commands have been obeyed."""
        if self.obeyed is not None:
            await self.obeyed.wait()

    def was_obeyed(self) -> None:
        """Let whoever waits go on."""
        if self.obeyed is not None:
            self.obeyed.set()


class Mailbox:
    """Many may put events into it, the call alone takes them out."""

    def __init__(self) -> None:
        self.is_closed = False
        self.failure: Exception | None = None
        self.slot, self.letters = trio.open_memory_channel[Letter](MAX_UNREAD_LETTERS)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be read."""
        return self.letters.statistics().current_buffer_used == 0

    def put(self, event: CallEvent) -> None:
        """Let the call know that *event* has happened; neither waits nor raises."""
        if not self.is_closed:
            self.post(Letter(event))

    def post(self, letter: Letter) -> None:
        """Put *letter* into the slot; if there is no room, the call has failed."""
        try:
            self.slot.send_nowait(letter)
        except trio.WouldBlock:
            self.failure = MailboxFullError("the call does not keep up with its events")
            letter.was_obeyed()

    def fail(self, error: Exception) -> None:
        """Let the call end by *error*, which was raised outside of its tasks."""
        self.failure = error
        self.put(Woke())  # so that it looks

    async def deliver(self, event: CallEvent) -> None:
        """Let the call know, and wait until it has drawn its conclusions."""
        if self.is_closed:
            return
        letter = Letter(event, trio.Event())
        self.post(letter)
        await letter.wait()

    async def take(self, wake_at_s: float | None) -> Letter:
        """The next event; `Woke` if *wake_at_s* comes first."""
        letter = Letter(Woke())
        with trio.move_on_at(math.inf if wake_at_s is None else wake_at_s):
            letter = await self.letters.receive()
        if self.failure is not None:
            letter.was_obeyed()
            raise self.failure
        return letter

    def close(self) -> None:
        """Nobody will read any more: let all who wait go on."""
        self.is_closed = True
        while True:
            try:
                self.letters.receive_nowait().was_obeyed()
            except trio.WouldBlock:
                return
