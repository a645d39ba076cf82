"""One connection to a live transcriber, from its opening until it breaks or is renewed."""

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import trio

from voicecalld.errors import BadMessageError, ServiceError
from voicecalld.speech.dialogue import Dialogue, Message

READY_S = 5.0  # for a service to say that it is, once it is connected
GOODBYE_S = 0.5
QUIET_S = 4.0  # Deepgram closes after 10 s without a message, and advises 3 to 5
MOST_GARBAGE = 20

# Minutes of sound: more than a new connection can have to be told again.
MOST_UNSENT_BYTES: Final = 2 << 20


class Socket(Protocol):
    """What of `voicecalld.net.websocket_client.WebSocketClient` is needed here."""

    async def send(self, message: Message) -> None:
        """Send *message*; raises `ServiceError` if it cannot be sent."""

    async def receive(self) -> Message:
        """Wait for a message; raises `ServiceError` when the peer has closed."""


Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[Socket]]


@dataclass(slots=True)
class Outbox:
    """What is to be sent; nobody waits to put something in."""

    messages: deque[Message] = field(default_factory=deque)
    unsent_bytes: int = 0
    filled: trio.Event = field(default_factory=trio.Event)

    def put(self, messages: Iterable[Message]) -> None:
        """Have *messages* sent."""
        for message in messages:
            self.messages.append(message)
            self.unsent_bytes += len(message)
        self.filled.set()

    async def take(self) -> Message | None:
        """The next message; None: there has been none for some seconds."""
        with trio.move_on_after(QUIET_S):
            while not self.messages:
                self.filled = trio.Event()
                await self.filled.wait()
        if not self.messages:
            return None
        message = self.messages.popleft()
        self.unsent_bytes -= len(message)
        return message


class LiveConnection:
    """Carries what *dialogue* says and hears; it is used once.

    *started* is called when the service takes sound, *tell* when there may be words, and
    *is_at_rest* says whether nobody would miss the connection: it then ends after *longest_s*.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        *,
        started: Callable[["LiveConnection"], None],
        tell: Callable[[], None],
        is_at_rest: Callable[[], bool],
        longest_s: float,
    ) -> None:
        self.dialogue = dialogue
        self._started = started
        self._tell = tell
        self._is_at_rest = is_at_rest
        self._longest_s = longest_s
        self._outbox = Outbox()
        self._scope = trio.CancelScope()
        self._problem: ServiceError | None = None
        self.heard_s = trio.current_time()  # when the service sent its last message

    def post(self, messages: Iterable[Message]) -> None:
        """Have *messages* sent, in order; a service that does not read loses its connection."""
        self._outbox.put(messages)
        if self._outbox.unsent_bytes > MOST_UNSENT_BYTES:
            self._break(ServiceError("the transcriber does not take the sound as it comes"))

    async def run(self, connect: Connect) -> ServiceError | None:
        """Last; gives what ended it, None if it was old."""
        try:
            async with connect() as socket:
                try:
                    await self._make_ready(socket)
                    await self._converse(socket)
                finally:
                    with trio.move_on_after(GOODBYE_S, shield=True), suppress(ServiceError):
                        await self._say_goodbye(socket)
        except ServiceError as problem:
            return problem
        return self._problem

    async def _make_ready(self, socket: Socket) -> None:
        with trio.move_on_after(READY_S) as patience:
            for message in self.dialogue.open():
                await socket.send(message)
            while not self.dialogue.is_ready:
                with suppress(BadMessageError):
                    self.dialogue.receive(await socket.receive())
        if patience.cancelled_caught:
            raise ServiceError("the transcriber does not begin in time")

    async def _converse(self, socket: Socket) -> None:
        self._started(self)
        with self._scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read, socket)
                await self._write(socket)

    async def _read(self, socket: Socket) -> None:
        garbage = 0
        while garbage < MOST_GARBAGE:
            try:
                message = await socket.receive()
                self.heard_s = trio.current_time()
                self.dialogue.receive(message)
            except BadMessageError:
                garbage += 1
            except ServiceError as problem:
                self._break(problem)
                return
            self._tell()
        self._break(ServiceError("the transcriber sends what its protocol does not allow"))

    async def _write(self, socket: Socket) -> None:
        old_s = trio.current_time() + self._longest_s
        while trio.current_time() < old_s or not self._is_at_rest():
            message = await self._outbox.take()
            if message is None:
                self._outbox.put(self.dialogue.keep_alive())
                continue
            try:
                await socket.send(message)
            except ServiceError as problem:
                self._break(problem)
                return
        self._scope.cancel()

    def give_up(self) -> None:
        """End it, as if it were old."""
        self._scope.cancel()

    def _break(self, problem: ServiceError) -> None:
        """This connection is of no more use."""
        if self._problem is None:
            self._problem = problem
        self._scope.cancel()

    async def _say_goodbye(self, socket: Socket) -> None:
        """End the session, which some services would count on."""
        if self._problem is not None:
            return
        for message in self.dialogue.goodbye():
            await socket.send(message)
