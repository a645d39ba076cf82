"""Whom the control socket works for: switchboard, journal and mock carrier, as it sees them."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

import trio

from voicecalld.call.record import CallLatency, CallRecord, Mode, TurnLatency, Utterance
from voicecalld.ids import CallId, PhoneNumber
from voicecalld.net.service_guard import ServiceHealth, ServiceState
from voicecalld.rpc.json_line import Json


class Spoken(Protocol):
    """What became of a message."""

    @property
    def heard(self) -> str:
        """The words that the other party heard."""

    @property
    def interrupted(self) -> bool:
        """Whether they cut it short."""


class Reply(Protocol):
    """What the other party answered."""

    @property
    def text(self) -> str:
        """What they said."""

    @property
    def digits(self) -> str:
        """The keys that they pressed."""


class Calls(Protocol):
    """All living calls; every method may raise a `RequestError`."""

    @property
    def live_count(self) -> int:
        """How many there are."""

    async def place(
        self,
        *,
        to: PhoneNumber | None,
        message: str,
        mode: Mode | None,
        provider: str | None,
        idempotency_key: str | None,
    ) -> CallId:
        """Place a call."""

    async def continue_call(self, call_id: str, message: str) -> Reply:
        """Say something, and wait for the other party's next words."""

    async def speak(self, call_id: str, message: str) -> Spoken:
        """Say something, and wait until it was heard."""

    async def press(self, call_id: str, digits: str) -> None:
        """Press keys."""

    async def end(self, call_id: str) -> None:
        """Hang up."""


class StoredEvent(Protocol):
    """An event that is on disk, under a number that only ever grows."""

    @property
    def seq(self) -> int:
        """Its number."""

    @property
    def event(self) -> str:
        """Its name."""

    @property
    def unix_s(self) -> float:
        """When it happened."""

    @property
    def record(self) -> CallRecord:
        """The call after it."""

    @property
    def details(self) -> Mapping[str, Json]:
        """Its own members."""


class Reader(Protocol):
    """What is remembered of calls."""

    @property
    def last_seq(self) -> int:
        """The number of the latest event; 0 before the first."""

    async def settle(self) -> None:
        """Wait until all that has happened can be read."""

    async def call(self, call_or_provider_id: str) -> CallRecord | None:
        """One call."""

    async def calls(self, limit: int) -> tuple[CallRecord, ...]:
        """The latest calls, newest first."""

    async def open_calls(self) -> tuple[CallRecord, ...]:
        """The calls that are not over."""

    async def utterances(self, call_id: CallId) -> tuple[Utterance, ...]:
        """What was said, in order."""

    async def latencies(self, last: int, call_id: CallId) -> tuple[TurnLatency, ...]:
        """The latest turns of a call, newest last."""

    async def recent_latencies(self, calls: int, turns: int) -> tuple[CallLatency, ...]:
        """The turns of the latest calls, at most so many, newest last."""

    async def events(self, after: int, limit: int) -> tuple[StoredEvent, ...]:
        """The first events with a greater number than *after*."""

    async def events_of(
        self, call_id: CallId, names: Collection[str], limit: int
    ) -> tuple[StoredEvent, ...]:
        """The first events of a call with one of *names*."""

    def subscribe(self) -> AbstractContextManager[trio.MemoryReceiveChannel[StoredEvent]]:
        """Everything that happens from now on; closed for a subscriber who cannot keep up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingOutcome:
    """What became of a call by the mock carrier's caller, now that it is over."""

    accepted: bool
    provider_call_id: str | None = None
    reason: str = ""


class Ringer(Protocol):
    """The mock carrier's way to call us."""

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
        """Ring, talk, and return when the call is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the daemon tells about itself.

    ``carriers`` are all that calls can be placed with, ``provider`` is the default among them.
    Unless they are inside, ``address`` is where they are listened for, and ``webhooks`` are the
    URLs that they call. ``config`` is the file with the settings; empty if there is none.
    """

    version: str
    pid: int
    provider: str
    carriers: tuple[str, ...]
    socket: str
    started_unix_s: float
    address: str = ""
    webhooks: Mapping[str, str] = field(default_factory=dict)
    config: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the daemon's parts are doing.

    ``services`` are those that speak, listen and think; ``refused`` counts for each carrier the
    webhooks in its name that were not let in.
    """

    services: Mapping[str, ServiceHealth] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    journal_failure: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong, as far as is known."""
        services = self.services.values()
        return not self.journal_failure and all(one.state is ServiceState.OK for one in services)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that the methods need; *clock* gives the wall time, *ring* is the mock's."""

    calls: Calls
    journal: Reader
    identity: Identity
    clock: Callable[[], float]
    ring: Ringer | None = None
    health: Callable[[], Health] = Health
