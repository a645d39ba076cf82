"""A client of the control socket without manners."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import trio


class LineClient:
    """Speaks whatever bytes a test wants, and reads lines."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.unread = b""

    async def send(self, *documents: object) -> None:
        lines = b"".join(json.dumps(document).encode() + b"\n" for document in documents)
        await self.stream.send_all(lines)

    async def receive_line(self) -> bytes:
        """The next line, or what there was before the end."""
        while b"\n" not in self.unread:
            try:
                received = await self.stream.receive_some(65536)
            except trio.BrokenResourceError:
                received = b""
            if not received:
                return self.unread
            self.unread += received
        line, self.unread = self.unread.split(b"\n", 1)
        return line

    async def receive(self) -> Any:
        return json.loads(await self.receive_line())

    async def ask(self, method: str, **params: object) -> Any:
        """The result of a request, or its error."""
        await self.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        answer = await self.receive()
        return answer.get("result", answer.get("error"))


@contextlib.asynccontextmanager
async def connected(path: Path) -> AsyncIterator[LineClient]:
    """A connection to the socket at *path*."""
    async with await trio.open_unix_socket(path) as stream:
        yield LineClient(stream)
