"""A switchboard and a journal for tests of the control socket."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import trio

from voicecalld.call.record import (
    CallLatency,
    CallRecord,
    CallState,
    Mode,
    Speaker,
    TurnLatency,
    Utterance,
)
from voicecalld.control.listener import open_control_listener
from voicecalld.control.parties import Health, Identity, RingOutcome, Service
from voicecalld.control.server import ControlServer
from voicecalld.errors import NoSuchCallError
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.rpc.json_line import Json

NOON_UNIX_S = 1_800_000_000.0

LIVING = CallRecord(
    call_id=CallId("call-1"),
    provider="mock",
    direction="outbound",
    mode=Mode.CONVERSATION,
    state=CallState.LISTENING,
    from_number="+15550000000",
    to_number="+15550100",
    started_unix_s=NOON_UNIX_S,
    provider_call_id=ProviderCallId("mock-1"),
    answered_unix_s=NOON_UNIX_S + 1.5,
)
FINISHED = dataclasses.replace(
    LIVING,
    call_id=CallId("call-0"),
    provider_call_id=ProviderCallId("mock-0"),
    state=CallState.HANGUP_USER,
    ended_unix_s=NOON_UNIX_S + 66.5,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeEvent:
    seq: int
    event: str
    unix_s: float = NOON_UNIX_S
    record: CallRecord = LIVING
    details: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeSpoken:
    heard: str
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeReply:
    text: str
    digits: str


class FakeCalls:
    """Writes down what is asked; `continue_call` waits until `reply` is set."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.finished: list[str] = []
        self.abandoned: list[str] = []
        self.error: Exception | None = None
        self.slow = trio.Event()
        self.slow.set()
        self.reply = trio.Event()
        self.words = FakeReply(text="Yes, please.", digits="1")
        self.waiting = 0
        self.most_waiting = 0
        self.bell = trio.Event()
        self.live_count = 1

    async def note(self, *what: object) -> None:
        self.asked.append(what)
        self.ring_bell()
        await self.slow.wait()
        if self.error is not None:
            raise self.error
        self.finished.append(str(what[0]))
        self.ring_bell()

    def ring_bell(self) -> None:
        """Tell the test that something has changed."""
        self.bell.set()
        self.bell = trio.Event()

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self.bell.wait()

    async def wait_waiting(self, count: int) -> None:
        await self.wait_for(lambda: self.waiting >= count)

    async def wait_abandoned(self, count: int) -> None:
        await self.wait_for(lambda: len(self.abandoned) >= count)

    async def place(
        self,
        *,
        to: PhoneNumber | None,
        message: str,
        mode: Mode | None,
        provider: str | None,
        idempotency_key: str | None,
    ) -> CallId:
        await self.note("place", to, message, mode, provider, idempotency_key)
        return CallId("call-1")

    async def continue_call(self, call_id: str, message: str) -> FakeReply:
        await self.note("continue", call_id, message)
        self.waiting += 1
        self.most_waiting = max(self.waiting, self.most_waiting)
        self.ring_bell()
        try:
            await self.reply.wait()
        except trio.Cancelled:
            self.abandoned.append(message)
            raise
        finally:
            self.waiting -= 1
            self.ring_bell()
        return self.words

    async def speak(self, call_id: str, message: str) -> FakeSpoken:
        await self.note("speak", call_id, message)
        return FakeSpoken(heard=message, interrupted=message.endswith("..."))

    async def press(self, call_id: str, digits: str) -> None:
        await self.note("press", call_id, digits)

    async def end(self, call_id: str) -> None:
        if call_id == "unknown":
            raise NoSuchCallError("no call has this id")
        await self.note("end", call_id)


class FakeJournal:
    """Remembers two calls, and the events that a test gives it."""

    def __init__(self) -> None:
        self.records = [LIVING, FINISHED]
        self.stored: list[FakeEvent] = []
        self.subscribers: set[trio.MemorySendChannel[FakeEvent]] = set()
        self.subscribed = trio.Event()
        self.said: tuple[Utterance, ...] = (
            Utterance(speaker=Speaker.BOT, text="Hello! How can I", unix_s=NOON_UNIX_S + 2,
                      interrupted=True),
            Utterance(speaker=Speaker.USER, text="Hi.", unix_s=NOON_UNIX_S + 4),
        )  # fmt: skip
        self.turns: tuple[TurnLatency, ...] = (
            TurnLatency(turn=1, unix_s=NOON_UNIX_S + 5, endpoint_s=0.7, first_frame_s=0.8),
            TurnLatency(turn=2, unix_s=NOON_UNIX_S + 9, endpoint_s=0.7, first_frame_s=0.9),
        )

        self.recent: tuple[CallLatency, ...] = ()  # of several calls, if a test has them
        self.asked_recent = (0, 0)

    @property
    def last_seq(self) -> int:
        return self.stored[-1].seq if self.stored else 0

    async def settle(self) -> None:
        await trio.lowlevel.checkpoint()

    async def call(self, call_or_provider_id: str) -> CallRecord | None:
        await trio.lowlevel.checkpoint()
        for record in self.records:
            if call_or_provider_id in {record.call_id, record.provider_call_id}:
                return record
        return None

    async def calls(self, limit: int) -> tuple[CallRecord, ...]:
        await trio.lowlevel.checkpoint()
        return tuple(self.records[:limit])

    async def open_calls(self) -> tuple[CallRecord, ...]:
        await trio.lowlevel.checkpoint()
        return (LIVING,)

    async def utterances(self, call_id: CallId) -> tuple[Utterance, ...]:
        await trio.lowlevel.checkpoint()
        return self.said if call_id == FINISHED.call_id else ()

    async def latencies(self, last: int, call_id: CallId) -> tuple[TurnLatency, ...]:
        await trio.lowlevel.checkpoint()
        return self.turns[-last:] if call_id in {FINISHED.call_id, LIVING.call_id} else ()

    async def recent_latencies(self, calls: int, turns: int) -> tuple[CallLatency, ...]:
        await trio.lowlevel.checkpoint()
        self.asked_recent = (calls, turns)
        return self.recent or tuple(
            CallLatency(call_id=FINISHED.call_id, provider=FINISHED.provider, latency=turn)
            for turn in self.turns
        )

    async def events(self, after: int, limit: int) -> tuple[FakeEvent, ...]:
        await trio.lowlevel.checkpoint()
        return tuple(event for event in self.stored if event.seq > after)[:limit]

    async def events_of(
        self, call_id: CallId, names: Collection[str], limit: int
    ) -> tuple[FakeEvent, ...]:
        await trio.lowlevel.checkpoint()
        return tuple(
            event
            for event in self.stored
            if event.record.call_id == call_id and event.event in names
        )[:limit]

    @contextlib.contextmanager
    def subscribe(self) -> Iterator[trio.MemoryReceiveChannel[FakeEvent]]:
        send, receive = trio.open_memory_channel[FakeEvent](4)
        self.subscribers.add(send)
        self.subscribed.set()
        try:
            yield receive
        finally:
            self.subscribers.discard(send)
            send.close()
            receive.close()

    def happen(self, event: str, **details: Json) -> None:
        """Store an event and tell it, dropping subscribers who are behind."""
        happened = FakeEvent(seq=self.last_seq + 1, event=event, details=details)
        self.stored.append(happened)
        for subscriber in tuple(self.subscribers):
            try:
                subscriber.send_nowait(happened)
            except trio.WouldBlock:
                self.subscribers.discard(subscriber)
                subscriber.close()


class FakeRinger:
    """A mock carrier whose calls are over at once."""

    def __init__(self, journal: FakeJournal) -> None:
        self.journal = journal
        self.rung: list[dict[str, str | None]] = []
        self.error: Exception | None = None
        self.outcome = RingOutcome(accepted=True, provider_call_id="mock-0")

    async def __call__(
        self,
        *,
        from_: str,
        to: PhoneNumber | None,
        say: str | None,
        wav: str | None,
        script: str | None,
        record: str | None,
    ) -> RingOutcome:
        await trio.lowlevel.checkpoint()
        if self.error is not None:
            raise self.error
        self.rung.append(
            {"from": from_, "to": to, "say": say, "wav": wav, "script": script, "record": record}
        )
        self.journal.happen("call.ringing")
        self.journal.stored[-1] = dataclasses.replace(self.journal.stored[-1], record=FINISHED)
        self.journal.happen("call.other")
        return self.outcome


class Office:
    """Everything behind a control socket, with the socket's path."""

    def __init__(self, path: Path, *, mock: bool = True) -> None:
        self.path = path
        self.calls = FakeCalls()
        self.journal = FakeJournal()
        self.ringer = FakeRinger(self.journal)
        self.health = Health()
        self.service = Service(
            calls=self.calls,
            journal=self.journal,
            identity=Identity(
                version="1.2.3", pid=42,
                provider="mock" if mock else "twilio", carriers=("mock" if mock else "twilio",),
                socket=str(path), started_unix_s=NOON_UNIX_S,
            ),
            clock=lambda: NOON_UNIX_S + 90.5,
            ring=self.ringer if mock else None,
            health=lambda: self.health,
        )  # fmt: skip
        self.server = ControlServer(self.service)

    async def serve(
        self, listener: trio.SocketListener, *, task_status: trio.TaskStatus[None]
    ) -> None:
        task_status.started()  # the listener takes connections already
        await self.server.serve(listener)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve the socket meanwhile; a test that hangs fails after some seconds."""
        with trio.fail_after(60):
            async with (
                open_control_listener(self.path) as listener,
                trio.open_nursery() as nursery,
            ):
                await nursery.start(self.serve, listener)
                yield
                nursery.cancel_scope.cancel()
