"""Plays: what happens on one call, and what is remembered of it; all plays go on at once.

They take as long as talking takes, and hardly any work.
"""

import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import trio

from tests.carriers.callee import Callee, build_callee
from tests.carriers.carrier import SimulatedCarrier
from tests.carriers.faults import Faults
from tests.carriers.ledger import CallEntry, WebhookEntry
from tests.scenarios.carriers import OURS, Carrier
from tests.scenarios.stage import Stage
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.exchange.party import is_loud

PLAY_S = 45.0
WELL = Faults()
LISTENS = build_callee(hang_up_when_done=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A call that has ended; ``answers`` are what the daemon has answered while it went on."""

    call_id: str
    events: list[Any]
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A call that is over, as the daemon and the carrier remember it.

    ``entries`` are all calls that the carrier has seen to the same number.
    """

    call: Any
    words: list[tuple[str, str]]
    turns: list[Any]
    events: list[Any]
    entry: CallEntry
    entries: list[CallEntry]
    order: Any
    webhooks: list[WebhookEntry]
    requests: list[str]
    was_rejected: bool
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where one play happens: nobody else has its *number*."""

    stage: Stage
    row: Carrier
    carrier: SimulatedCarrier
    number: str

    async def call(
        self,
        message: str,
        callee: Callee = LISTENS,
        mode: str = "conversation",
        faults: Faults = WELL,
    ) -> str:
        """Place a call with this carrier; gives its id."""
        self.carrier.callees[self.number] = callee
        if faults is not WELL:
            self.carrier.spoil(self.number, faults)
        return await self.stage.place(message, mode, self.number, provider=self.row.name)

    async def hold(self, call_id: str, **answers: Any) -> Over:
        """Wait for the end of a call."""
        events = await self.stage.wait_event(call_id, "call.ended")
        return Over(call_id=call_id, events=events, answers=answers)

    async def look_back(self, over: Over) -> Held:
        """What is remembered of a call, when the carrier has told everything about it."""
        stage, ledger = self.stage, self.carrier.ledger
        call = (await stage.ask("voicecall.status", callId=over.call_id))["call"]
        entry = next(entry for entry in ledger.calls if entry.call == call["providerCallId"])
        return Held(
            call=call,
            words=await stage.words(over.call_id),
            turns=(await stage.ask("voicecall.latency", callId=over.call_id))["turns"],
            events=over.events,
            entry=entry,
            entries=[other for other in ledger.calls if other.to == entry.to],
            order=self.carrier.orders[entry.call],
            webhooks=[hook for hook in ledger.webhooks if hook.call == entry.call],
            requests=[request for request in ledger.requests if entry.call in request],
            was_rejected=self.row.is_rejected(ledger, entry.call),
            answers=over.answers,
        )

    def give_up(self) -> None:
        """End the calls of this play at the carrier, however they are."""
        rest: Any = self.carrier
        for entry in self.carrier.ledger.open_calls:
            if entry.to == self.number:
                rest._rest.calls[entry.call].end("completed")


Play: TypeAlias = Callable[[Scene], Awaitable[Over]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What is played in a file of tests, with ``more`` in the settings of each daemon.

    There is one for each carrier, or one for all of them if they ``share_daemon``.
    Calls begin with a lot of work, so each carrier begins ``apart_s`` after the one before.
    """

    plays: Callable[[Carrier], Mapping[str, Play]]
    more: str = ""
    share_daemon: bool = False
    apart_s: float = 0.7


def outbound(
    message: str,
    callee: Callee = LISTENS,
    mode: str = "conversation",
    faults: Faults = WELL,
) -> Play:
    """Call somebody, and wait until it is over."""

    async def play(scene: Scene) -> Over:
        return await scene.hold(await scene.call(message, callee, mode, faults))

    return play


def inbound(from_: str, callee: Callee = LISTENS) -> Play:
    """Be called, and wait until it is over."""

    async def play(scene: Scene) -> Over:
        return await scene.hold(scene.carrier.ring(from_, OURS, callee=callee).call)

    return play


@dataclass(slots=True)
class Played(Mapping[str, Held]):
    """What became of each play; who asks for one that went wrong gets its error."""

    held: dict[str, Held] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    failure: Exception | None = None  # of the carrier, or of all

    def __getitem__(self, name: str) -> Held:
        """What is remembered of a play."""
        if name in self.held:
            return self.held[name]
        raise self.errors.get(name) or self.failure or KeyError(name)

    def __iter__(self) -> Iterator[str]:
        """The plays that went well."""
        return iter(self.held)

    def __len__(self) -> int:
        """How many went well."""
        return len(self.held)

    def check(self) -> None:
        """Raise what went wrong with the carrier."""
        if self.failure is not None:
            raise self.failure


async def play_all(
    stages: Mapping[str, Stage],
    rows: Mapping[str, Carrier],
    programme: Programme,
) -> Mapping[str, Played]:
    """Let all plays of *programme* happen at once, with each carrier on a stage of its own."""
    played = {name: Played() for name in stages}

    async def perform(name: str, after_s: float) -> None:
        await trio.sleep(after_s)
        try:
            await play_with(stages[name], rows[name], programme.plays(rows[name]), played[name])
        except Exception as error:  # noqa: BLE001 - the tests that want it raise it
            played[name].failure = error

    async with trio.open_nursery() as nursery:
        for number, name in enumerate(stages):
            nursery.start_soon(perform, name, number * programme.apart_s)
    return played


async def play_with(
    stage: Stage,
    row: Carrier,
    plays: Mapping[str, Play],
    played: Played,
) -> None:
    """Let all *plays* happen at once with one carrier."""
    over: dict[str, Over] = {}

    async def perform(name: str, scene: Scene) -> None:
        try:
            with trio.fail_after(PLAY_S):
                over[name] = await plays[name](scene)
        except Exception as error:  # noqa: BLE001 - the test that wants it raises it
            played.errors[name] = error
            scene.give_up()

    async with stage.simulated(row, LISTENS) as carrier:
        scenes = {
            name: Scene(stage=stage, row=row, carrier=carrier, number=f"+120655510{number:02}")
            for number, name in enumerate(plays)
        }
        async with trio.open_nursery() as nursery:
            for name, scene in scenes.items():
                nursery.start_soon(perform, name, scene)
        await carrier.settle()
        for name, ended in over.items():
            played.held[name] = await scenes[name].look_back(ended)


def loud_s(entry: CallEntry) -> float:
    """How long the callee has heard something."""
    sound = bytes(entry.heard)
    frames = (sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES))
    return sum(map(is_loud, frames)) * 0.02


def silence_at_end_s(entry: CallEntry) -> float:
    """How long the callee has heard nothing before the end of the call."""
    sound = bytes(entry.heard)
    frames = [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]
    return 0.02 * sum(1 for _ in itertools.takewhile(is_quiet, reversed(frames)))


def is_quiet(frame: bytes) -> bool:
    return not is_loud(frame)
