"""Writing to a socket without ever waiting: what the kernel does not take is kept, up to a bound.

So nothing that a peer does or does not do holds up a call, least of all its end.
"""

import contextlib
import socket
import struct
from typing import Final

import trio

# As much as a whole minute of sound: who is so far behind will not catch up.
MAX_BACKLOG_BYTES = 1 << 20

# Of somebody whose call is not known, to whom nothing is said but what he asks for.
STRANGER_BACKLOG_BYTES = 1 << 16

# In the kernel, before our own backlog; left to itself it would add megabytes to that bound.
KERNEL_BUFFER_BYTES = 1 << 16

# SO_LINGER with no time: what was not sent is thrown away, and the peer sees a reset.
NO_LINGER: Final = struct.pack("ii", 1, 0)


class SocketOutput:
    """What is written to a non-blocking socket; the socket is closed when that is hopeless."""

    def __init__(self, plain: socket.socket) -> None:
        self.socket = plain
        self.backlog = bytearray()
        self.most_bytes = STRANGER_BACKLOG_BYTES
        self.backed_up = trio.Event()
        self.closing = trio.Event()
        """Set when whoever waits for the socket is to look again: it is about to be closed."""
        self.is_broken = False
        """Whether the peer has gone or lags too much; nothing can be written any more."""
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)

    def write(self, data: bytes) -> bool:
        """Send *data* behind all that is waiting; False if the peer was dropped for it."""
        sent = 0
        try:
            if not self.backlog:
                sent = self.socket.send(data)
        except BlockingIOError:
            pass
        except OSError:  # or it was dropped before
            self.drop()
            return False
        if sent == len(data):
            return True
        self.backlog += data[sent:]
        self.backed_up.set()
        if len(self.backlog) > self.most_bytes:
            self.drop()
        return not self.is_broken

    def admit(self) -> None:
        """Keep from now on as much as for a call."""
        self.most_bytes = MAX_BACKLOG_BYTES

    async def run(self) -> None:
        """Send what was kept, whenever the kernel takes something, until cancelled."""
        while True:
            await self.backed_up.wait()
            self.backed_up = trio.Event()
            await self.drain()

    async def drain(self) -> None:
        """Send what was kept."""
        while self.backlog:
            try:
                await trio.lowlevel.wait_writable(self.socket)
                del self.backlog[: self.socket.send(self.backlog)]
            except (BlockingIOError, trio.ClosedResourceError):
                continue  # somebody was woken; what a drop has closed has no backlog either
            except OSError:
                self.drop()

    def drop(self) -> None:
        """Cut the connection: nothing that is still on its way counts."""
        self.is_broken = True
        self.backlog.clear()
        self.wake()
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.socket.close()

    def wake(self) -> None:
        """Let whoever waits for the socket look again: it is about to be closed."""
        self.closing.set()
        if self.socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self.socket)
