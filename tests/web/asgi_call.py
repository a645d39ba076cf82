"""Asks an ASGI application as an HTTP server does, without one."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

import trio
from hypercorn.typing import ASGIReceiveEvent, ASGISendEvent, HTTPScope
from quart_trio import QuartTrio

from voicecalld.web.client_address import PEER_EXTENSION

PROOF = (b"x-signature", b"genuine")


@dataclass(kw_only=True)
class Asked:
    """A request; a body that ``is_endless`` never says that it has ended."""

    method: str = "POST"
    path: bytes = b"/voice/webhook"
    query: bytes = b""
    headers: Iterable[tuple[bytes, bytes]] = (PROOF,)
    body: Iterable[bytes] = (b"a=b",)
    is_endless: bool = False
    client: str | None = "203.0.113.1"
    peer: str | None = None


@dataclass
class Answered:
    """The answer to it."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def note(self, event: ASGISendEvent) -> None:
        """Take a part of the answer."""
        if event["type"] == "http.response.start":
            assert not self.status
            self.status = event["status"]
            self.headers = {
                bytes(name).decode().lower(): bytes(value).decode()
                for name, value in event["headers"]
            }
        elif event["type"] == "http.response.body":
            self.body += event["body"]


def build_scope(asked: Asked) -> HTTPScope:
    """What an HTTP server tells of *asked*."""
    extensions: dict[str, dict[str, Any]] = {}
    if asked.peer is not None:
        extensions[PEER_EXTENSION] = {"address": asked.peer}
    scope = {
        "type": "http",
        "asgi": {"spec_version": "2.1", "version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": unquote(asked.path.decode("latin-1")),
        "raw_path": asked.path,
        "query_string": asked.query,
        "root_path": "",
        "headers": [(b"host", b"evil.example"), *asked.headers],
        "client": None if asked.client is None else (asked.client, 0),
        "server": ("127.0.0.1", 3334),
        "state": {},
        "extensions": extensions,
    }
    return cast("HTTPScope", scope)


async def ask(app: QuartTrio, asked: Asked, *, gone_after_s: float | None = None) -> Answered:
    """The answer of *app* to *asked*, whose sender may go away meanwhile."""
    parts = [{"type": "http.request", "body": part, "more_body": True} for part in asked.body]
    if not asked.is_endless:
        parts.append({"type": "http.request", "body": b"", "more_body": False})
    answered = Answered()

    async def receive() -> ASGIReceiveEvent:
        if parts:
            await trio.lowlevel.checkpoint()
            return cast("ASGIReceiveEvent", parts.pop(0))
        await trio.sleep(math.inf if gone_after_s is None else gone_after_s)
        return cast("ASGIReceiveEvent", {"type": "http.disconnect"})

    async def send(event: ASGISendEvent) -> None:
        await trio.lowlevel.checkpoint()
        answered.note(event)

    await app(build_scope(asked), receive, send)
    return answered
