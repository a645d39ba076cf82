"""One look at all sockets that are read all the time, instead of a wait for each.

To wait for a socket, be woken and wait again costs more than to read a frame from it. So those of
calls are looked at together, at every step of the wheel, which turns anyway while there are calls:
what has come is read 5 ms later, if it is not too much, and nobody waits who would have to be
woken.
"""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from voicecalld.net.wheel import Wheel

# Of those that have something, so many are read at one step and the rest at the next: whoever
# speaks is not kept waiting. The kernel sees to it that all have their turn. From 320 calls on
# frames are read later, two together, which is cheaper: within 40 ms at six hundred.
READERS_AT_ONCE = 80


class Reader(Protocol):
    """Whoever reads a socket."""

    def read_now(self) -> None:
        """Read what is there; must neither wait nor raise."""


class Inlet:
    """Tells readers when there is something to be read; its descriptor goes when it does."""

    def __init__(self, wheel: Wheel) -> None:
        self.wheel = wheel
        self.epoll = select.epoll()
        self.readers: dict[int, Reader] = {}

    @contextmanager
    def reading(self, plain: socket.socket, reader: Reader) -> Iterator[None]:
        """Let *reader* read from the socket *plain* inside the block."""
        number = plain.fileno()
        self.epoll.register(number, select.EPOLLIN)
        self.readers[number] = reader
        self.wheel.add_watcher(self)
        try:
            yield
        finally:
            if (
                self.readers.get(number) is reader
            ):  # else it was closed, and another has its number
                del self.readers[number]
            if not self.readers:
                self.wheel.remove_watcher(self)
            if plain.fileno() == number:  # else the kernel has forgotten it when it was closed
                self.epoll.unregister(number)

    def look(self) -> None:
        """Let those read who have something to read, and have waited longest."""
        for number, _ in self.epoll.poll(0, READERS_AT_ONCE):
            reader = self.readers.get(number)
            if reader is not None:  # else it has gone since
                reader.read_now()
