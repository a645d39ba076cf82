"""The TCP port that carriers reach us at."""

import ipaddress
import socket
from typing import Final

import trio

from voicecalld.errors import StartError

BACKLOG: Final = 1024  # who waits in it has been let in by the kernel, and costs us nothing


async def open_listener(bind: str, port: int) -> trio.SocketListener:
    """A listener at the address *bind*; the system chooses the port if it is 0.

    Raises:
        StartError: nobody can listen there.
    """
    await trio.lowlevel.checkpoint()
    is_v6 = ipaddress.ip_address(bind).version == 6
    sock = socket.socket(socket.AF_INET6 if is_v6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Else a daemon that starts again would wait for the last connections of its predecessor.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_v6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # "::" is everything
        sock.bind((bind, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise StartError(
            f"cannot listen at {bind}, port {port}, which serve.bind and serve.port name: "
            f"{error.strerror or error}"
        ) from error
    return trio.SocketListener(trio.socket.from_stdlib_socket(sock))
