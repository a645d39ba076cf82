"""A two-way stream of text messages, such as a WebSocket, and one that stays in memory."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import trio

from voicecalld.errors import StreamBrokenError

# A peer that has not read 20 s of audio is not listening; a WebSocket's bound is in bytes.
MAX_UNREAD_MESSAGES = 1000

# Why a stream is closed; RFC 6455, section 7.4.1, and the registry that it opened.
NORMAL_CLOSURE = 1000
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


class MessageChannel(Protocol):
    """One end of a message stream; sending never waits, so a cancelled call is gone at once."""

    def send(self, message: str) -> None:
        """Hand *message* over.

        Raises:
            StreamBrokenError: the peer has gone, or has stopped reading.
        """

    async def receive(self) -> Sequence[str]:
        """Wait for messages and take all that are there; none at all: the peer has closed."""

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        """Say goodbye to the peer, with a *code* that says why; closing twice is harmless."""


class MessageStream(MessageChannel, Protocol):
    """Our end of one: it can hand messages over by itself, which saves a task switch for each."""

    async def deliver(self, take: Callable[[Sequence[str]], None]) -> None:
        """Call *take* with messages as they come, until the peer has closed.

        *take* must not wait. What it raises is raised here.
        """


class MemoryStream:
    """One end of a pair made by `open_memory_streams`."""

    def __init__(self) -> None:
        self.peer: MemoryStream = self
        self.inbox: deque[str] = deque()
        self.closed = False
        self.close_code: int | None = None
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

    async def deliver(self, take: Callable[[Sequence[str]], None]) -> None:
        """Call *take* with messages as they come, until the peer has closed."""
        while messages := await self.receive():
            take(messages)

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        """Say goodbye to the peer, with a *code* that says why; closing twice is harmless."""
        if not self.closed:
            self.close_code = code
        self.closed = True
        self.peer.arrived.set()
        self.arrived.set()


def open_memory_streams() -> tuple[MemoryStream, MemoryStream]:
    """Two ends: what is sent into one is received from the other."""
    ours, theirs = MemoryStream(), MemoryStream()
    ours.peer, theirs.peer = theirs, ours
    return ours, theirs
