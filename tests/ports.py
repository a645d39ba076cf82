"""Ports for servers that come later, or never."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port that nobody else is given, and that whoever knows it can listen at.

    Until somebody does so, all are refused there: of a port that was only free a moment ago one
    could not say so, with hundreds of sockets of other tests around.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        assert isinstance(port, int)
        yield port
