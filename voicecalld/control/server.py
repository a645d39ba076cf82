"""The control socket: lets in who may control the daemon, and serves each in a task of its own."""

import os
import socket
import struct
from collections.abc import Callable
from typing import Final, NoReturn

import structlog
import trio

from voicecalld.control.connection import Connection
from voicecalld.control.parties import Service
from voicecalld.errors import PermissionDeniedError
from voicecalld.rpc.jsonrpc import TOO_MANY_CONNECTIONS, Failure, render_response

MAX_CONNECTIONS: Final = 64  # far more than operators and agents of one machine
FAREWELL_S: Final = 1.0
PEER_CREDENTIALS: Final = struct.Struct("3i")  # process, user, group; source: unix(7)

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def read_peer_uid(sock: trio.socket.SocketType) -> int:
    """The user who opened the other end of a Unix socket, as the kernel knows it."""
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER_CREDENTIALS.size)
    _, uid, _ = PEER_CREDENTIALS.unpack(credentials)
    assert isinstance(uid, int)
    return uid


class ControlServer:
    """Serves everybody who connects to one listener."""

    def __init__(
        self,
        service: Service,
        *,
        peer_uid: Callable[[trio.socket.SocketType], int] = read_peer_uid,
    ) -> None:
        self.service = service
        self.peer_uid = peer_uid
        self.allowed_uids = frozenset({0, os.geteuid()})
        self.connections = 0

    async def serve(self, listener: trio.SocketListener) -> NoReturn:
        """Serve until cancelled, and close the listener.

        It may be ours (`open_control_listener`) or the service manager's. Clients can connect
        before this runs, and then wait.
        """
        await trio.serve_listeners(self.serve_client, [listener])

    async def serve_client(self, stream: trio.SocketStream) -> None:
        """Serve one connection; a bug in it, or a lack of files for it, ends no other."""
        try:
            await self.admit_client(stream)
        except* Exception:
            log.exception("control connection failed")

    async def admit_client(self, stream: trio.SocketStream) -> None:
        """Serve one connection, if it may be served."""
        refusal = self.refusal(stream)
        if refusal is not None:
            log.warning("control connection refused", reason=refusal.message)
            await say_farewell(stream, refusal)
            return
        self.connections += 1
        try:
            await Connection(stream, self.service).serve()
        finally:
            self.connections -= 1

    def refusal(self, stream: trio.SocketStream) -> Failure | None:
        """Why a connection is not served, if it is not."""
        if self.peer_uid(stream.socket) not in self.allowed_uids:
            message = "only root and the daemon's own user may control it"
            return Failure(id=None, code=PermissionDeniedError.code, message=message)
        if self.connections >= MAX_CONNECTIONS:
            return Failure(id=None, code=TOO_MANY_CONNECTIONS, message="too many connections")
        return None


async def say_farewell(stream: trio.SocketStream, refusal: Failure) -> None:
    """Tell a client why, without waiting for it, and close."""
    async with stream:
        with trio.move_on_after(FAREWELL_S):
            try:
                await stream.send_all(render_response(refusal))
            except trio.BrokenResourceError:
                return
