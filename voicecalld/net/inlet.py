"""One look at all sockets that are read all the time, instead of a wait for each.

To wait for a socket, be woken and wait again costs more than to read a frame from it. So those of
calls are looked at together, at every step of the wheel, which turns anyway while there are calls:
what has come is read 5 ms later, and nobody waits who would have to be woken.

Our own frames are due at a certain moment, theirs are not: so reading takes what time a step has
left. With more calls each is read less often, several frames together, which is cheaper.
"""

import select
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import trio

from voicecalld.net.wheel import Wheel

# So many sockets are read between two looks at the clock. The kernel sees to it that all have
# their turn: whoever was read goes to the end of its list.
LEAST_AT_ONCE = 4

# Of all readers so many parts take turns when there is no time at all: everybody within 500 ms.
MOST_LOOKS = 100

# A step should have something left for the tasks of the program; seen with 600 calls.
SPARE_S = 0.0005


class Reader(Protocol):
    """Whoever reads a socket."""

    def read_now(self) -> None:
        """Read what is there; must neither wait nor raise."""


class Inlet:
    """Tells readers when there is something to be read; its descriptor goes when it does."""

    def __init__(self, wheel: Wheel, now_s: Callable[[], float] = trio.current_time) -> None:
        self.wheel = wheel
        self.now_s = now_s
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

    def look(self, until_s: float) -> None:
        """Let those read who have something to read, the longest waiting first, up to *until_s*.

        Some read even when it has passed.
        """
        at_once = max(LEAST_AT_ONCE, 1 + len(self.readers) // MOST_LOOKS)
        for _ in range(0, len(self.readers), at_once):
            ready = self.epoll.poll(0, at_once)
            for number, _ in ready:
                reader = self.readers.get(number)
                if reader is not None:  # else it has gone since
                    reader.read_now()
            if len(ready) < at_once or self.now_s() > until_s - SPARE_S:
                return
