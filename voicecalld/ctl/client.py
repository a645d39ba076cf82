"""A connection to the daemon's control socket, which waits for each answer."""

import contextlib
import socket
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Final, Self

from voicecalld.errors import NoDaemonError, RefusedError
from voicecalld.rpc.json_line import JsonObject, parse_json, render_line

CONNECT_S: Final = 5.0  # only a daemon that hangs lets anybody wait here


class Client:
    """A connected client; leaving its context ends whatever the daemon still waits for."""

    def __init__(self, connected: socket.socket, path: str) -> None:
        self.socket = connected
        self.path = path
        self.lines = connected.makefile("rb")
        self.requests = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.lines.close()
        self.socket.close()

    def call(self, method: str, params: JsonObject) -> JsonObject:
        """The result of *method*.

        Raises:
            RefusedError: the daemon refused, or could not do it.
            NoDaemonError: the daemon has gone away.
        """
        self.requests += 1
        request_id = self.requests
        line = render_line(
            {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        )
        # A daemon that closed the connection may have said why before.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(line)
        while True:
            match self.receive():
                case {"id": answered, "result": dict(result)} if answered == request_id:
                    return result
                case {"error": {"code": int(code), "message": str(message)}}:
                    raise RefusedError(message, code=code)
                case _:
                    continue  # an event

    def events(self) -> Iterator[JsonObject]:
        """What the daemon tells after a subscription, for ever; raises `NoDaemonError`."""
        while True:
            match self.receive():
                case {"method": "voicecall.event", "params": dict(event)}:
                    yield event
                case _:
                    continue

    def receive(self) -> JsonObject:
        """The next thing that the daemon says."""
        try:
            line = self.lines.readline()
        except ConnectionResetError:
            line = b""
        if not line.endswith(b"\n"):
            raise NoDaemonError(f"the daemon at {self.path} has gone away")
        try:
            return parse_message(line)
        except ValueError as error:
            raise NoDaemonError(f"not voicecalld, but something else at {self.path}") from error


def parse_message(line: bytes) -> JsonObject:
    """Read a line of the daemon's; a `ValueError` if it speaks no JSON-RPC 2.0."""
    document = parse_json(line)
    if not isinstance(document, dict) or document.get("jsonrpc") != "2.0":
        raise ValueError("not JSON-RPC 2.0")
    return document


def connect(paths: Sequence[str]) -> Client:
    """A client of the first daemon that answers at one of *paths*.

    Raises:
        NoDaemonError: there is none.
        RefusedError: there may be one, but this user may not reach it.
    """
    denied: list[str] = []
    for path in paths:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connected.settimeout(CONNECT_S)
        try:
            connected.connect(path)
        except PermissionError:
            denied.append(path)
            connected.close()
        except OSError:
            connected.close()
        else:
            connected.settimeout(None)
            return Client(connected, path)
    if denied:
        raise RefusedError(f"only its own user and root may use the socket {denied[0]}")
    raise NoDaemonError(
        f"no daemon answers at {' or '.join(paths)};"
        " start one with `voicecalld` or `systemctl start voicecalld`"
    )
