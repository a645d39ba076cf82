"""A two-way stream of text messages, such as a WebSocket, and one that stays in memory."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

import trio

from voicecalld.errors import StreamBrokenError

# A peer that has not read 20 s of audio is not listening; a WebSocket's bound is in bytes.
MAX_UNREAD_MESSAGES = 1000


class MessageStream(Protocol):
    """One end of a message stream; sending never waits, so a cancelled call is gone at once."""

    def send(self, message: str) -> None:
        """Hand *message* over.

        Raises:
            StreamBrokenError: the peer has gone, or has stopped reading.
        """

    async def receive(self) -> Sequence[str]:
        """Wait for messages and take all that are there; none at all: the peer has closed."""

    def close(self) -> None:
        """Say goodbye to the peer; closing twice is harmless."""


class MemoryStream:
    """One end of a pair made by `open_memory_streams`."""

    def __init__(self) -> None:
        self.peer: MemoryStream = self
        self.inbox: deque[str] = deque()
        self.closed = False
        self.arrived = trio.Event()

    def send(self, message: str) -> None:
        """Put *message* into the peer's inbox."""
        if self.closed or self.peer.closed:
            raise StreamBrokenError("the peer has closed the stream")
        if len(self.peer.inbox) >= MAX_UNREAD_MESSAGES:
            raise StreamBrokenError("the peer does not read")
        self.peer.inbox.append(message)
        self.peer.arrived.set()

    async def receive(self) -> Sequence[str]:
        """Wait for messages and take all that are there; none at all: the peer has closed."""
        if not self.inbox and not self.peer.closed and not self.closed:
            self.arrived = trio.Event()
            await self.arrived.wait()
        else:
            await trio.lowlevel.checkpoint()
        messages = tuple(self.inbox)
        self.inbox.clear()
        return messages

    def close(self) -> None:
        """Say goodbye to the peer; closing twice is harmless."""
        self.closed = True
        self.peer.arrived.set()
        self.arrived.set()


def open_memory_streams() -> tuple[MemoryStream, MemoryStream]:
    """Two ends: what is sent into one is received from the other."""
    ours, theirs = MemoryStream(), MemoryStream()
    ours.peer, theirs.peer = theirs, ours
    return ours, theirs
