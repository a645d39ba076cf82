"""As many of ElevenLabs' WebSockets as the texts need that are spoken at the same moment."""

import math
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TypeAlias

import trio

from voicecalld.errors import ServiceError
from voicecalld.net.websocket_client import WebSocketClient
from voicecalld.speech.elevenlabs_socket import Context, Line
from voicecalld.speech.speakable import Piece

# So many contexts ElevenLabs allows on one socket, and closes it for one more. Those that nobody
# listens to count until it has said their last.
MOST_AT_ONCE = 5

# For a hundred texts at the same moment, which is more than most accounts may ask for.
MOST_LINES = 20

# Until a line that nobody needs is closed, but for the first: the next text shall find that open.
IDLE_S = 60.0

OpenSocket: TypeAlias = Callable[[], AbstractAsyncContextManager[WebSocketClient]]


class Trunk:
    """A line that is opened when it is needed, also after it broke, and who has a place on it."""

    def __init__(self, nursery: trio.Nursery, open_socket: OpenSocket, *, idle_s: float) -> None:
        self.nursery = nursery
        self.open_socket = open_socket
        self.idle_s = idle_s
        self.holders: set[object] = set()
        self.line: Line | None = None
        self.opening = trio.Lock()

    async def find_line(self) -> Line:
        """The line, open.

        Raises:
            ServiceError: it cannot be opened.
        """
        async with self.opening:
            if self.line is None or not self.line.is_open:
                self.line = await self.nursery.start(self.hold_line)
            return self.line

    async def hold_line(self, *, task_status: trio.TaskStatus[Line]) -> None:
        """Hold the line open for as long as it can be used.

        Raises:
            ServiceError: it cannot be opened. Later only those are told who use it.
        """
        async with self.open_socket() as socket:
            await Line(socket, idle_s=self.idle_s).run(task_status=task_status)


class Lines:
    """All lines of one account; their tasks live in the *nursery*."""

    def __init__(
        self,
        nursery: trio.Nursery,
        open_socket: OpenSocket,
        *,
        most_at_once: int = MOST_AT_ONCE,
        most_lines: int = MOST_LINES,
    ) -> None:
        self.nursery = nursery
        self.most_at_once = most_at_once
        self.places = trio.CapacityLimiter(most_at_once * most_lines)
        self.trunks = tuple(
            Trunk(nursery, open_socket, idle_s=IDLE_S if number else math.inf)
            for number in range(most_lines)
        )

    async def warm(self) -> None:
        """Open the first line for the next text if it is not open; never raises."""
        with suppress(ServiceError):
            await self.trunks[0].find_line()

    @asynccontextmanager
    async def open_context(self, piece: Piece, begin_s: float) -> AsyncGenerator[Context, None]:
        """A context for *piece*; the end of the block, which waits for nothing, leaves it."""
        place = object()  # not the task's: one task may listen to two texts at once
        trunk = await self.take(place)
        try:
            line = await trunk.find_line()
        except BaseException:
            self.give_back(place, trunk)
            raise
        context = line.enter(piece, begin_s)
        try:
            await line.ask(context)
            yield context
        finally:
            line.leave(context)
            if context.is_done.is_set():
                self.give_back(place, trunk)
            else:
                self.nursery.start_soon(self.stop, line, context, place, trunk)

    async def stop(self, line: Line, context: Context, place: object, trunk: Trunk) -> None:
        """Have the service stop speaking *context*; it has its *place* until then."""
        await line.stop(context)
        self.give_back(place, trunk)

    async def take(self, place: object) -> Trunk:
        """Take a *place* on the first trunk that has one, when there is one."""
        await self.places.acquire_on_behalf_of(place)
        trunk = next(one for one in self.trunks if len(one.holders) < self.most_at_once)
        trunk.holders.add(place)
        return trunk

    def give_back(self, place: object, trunk: Trunk) -> None:
        """Somebody else may have the *place*."""
        trunk.holders.remove(place)
        self.places.release_on_behalf_of(place)
