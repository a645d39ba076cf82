"""A customer on a real socket, and a callee who beeps and listens whether it comes back."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
from websockets.trio.server import Server, ServerConnection, serve

from tests.carriers.callee import Callee, build_callee
from tests.carriers.ledger import CallEntry
from voicecalld.audio.tones import beep

SOUND = beep(440, 400)
LONGEST_S = 60.0  # when a test hangs


@asynccontextmanager
async def open_customer(
    handler: Callable[[ServerConnection], Awaitable[None]], **options: Any
) -> AsyncIterator[tuple[str, int]]:
    """A customer whose media streams go to *handler*; gives its address."""
    async with trio.open_nursery() as nursery:

        async def run(task_status: trio.TaskStatus[Server]) -> None:
            await serve(
                handler, 0, host="127.0.0.1", compression=None, task_status=task_status, **options
            )

        server = await nursery.start(run)
        yield server.listeners[0].socket.getsockname()
        nursery.cancel_scope.cancel()


def build_listener(*then: dict[str, Any]) -> Callee:
    """Somebody who beeps, presses a key when that has come back, and does what is to do *then*."""
    return build_callee(
        {"wav": "beep", "when": "answered", "after_ms": 200},
        {"press": "1", "when": "answered", "after_ms": 900},
        *then,
        sounds={"beep": SOUND},
        answers_after_ms=0,
    )


def check_echo(entry: CallEntry) -> None:
    """The call of a listener was as it should be."""
    assert SOUND in entry.said
    assert SOUND in entry.heard
    assert entry.pressed == "1"
    assert entry.streams[0].close_code == 1000
