"""How many calls one processor carries, with a carrier's media streams on real sockets.

Door, WebSocket, codec, voice activity, playout, journal are the real ones, on a processor of their
own if there are two. Both sides speak all the time; theirs is the quiet noise of a line.
"""

import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import trio

from tests.bench.figure import Effort, Figure
from tests.bench.media_carriers import CARRIERS
from tests.bench.media_lab import SENTENCE, SENTENCE_S, open_telephone
from tests.bench.media_load import (
    Door,
    Load,
    Result,
    Ticket,
    build_load,
    running_load,
    split_processors,
)
from tests.bench.process import resident_bytes
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.call.record import Mode
from voicecalld.ids import PhoneNumber
from voicecalld.switchboard.actor import Call
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.stream_talk import StreamTalk

CALLEE = PhoneNumber("+15550100")
MIB = 1024 * 1024

# Between two streams. Calls that begin in a storm speak in step for as long as they last.
RAMP_S = 0.01
MOST_GAP_ERROR_MS = 10.0

# How many calls there should be, and by how many times more or less are tried next.
GOAL = 600
STEP = 1.08

# Of the processor time that a call takes; the rest is for what is no call's.
USABLE_SHARE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """So many calls for so long, and what was measured."""

    calls: int
    cpu_s: float
    wall_s: float
    bytes_of_call: float
    unheard: int
    result: Result

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time for each second of each call."""
        return 1000 * self.cpu_s / (self.calls * self.wall_s)

    @property
    def affordable_calls(self) -> int:
        """How many calls would take all of a processor, if each took what these do."""
        return round(USABLE_SHARE * 1000 / self.cpu_ms)

    @property
    def is_good(self) -> bool:
        """Whether nobody has heard that there were so many."""
        result = self.result
        lost = result.lost + result.blocked + result.silent + self.unheard
        return lost == 0 and result.error_p99_ms < MOST_GAP_ERROR_MS


def measure(carrier: str, effort: Effort) -> Sequence[Figure]:
    """The most calls with *carrier* that nobody notices, and what they take."""
    ours, others = split_processors()
    if effort is Effort.LEAST:
        ours = others = ours | others  # then the load sleeps, and leaves more to other tests
    os.sched_setaffinity(0, ours)
    measured_s = effort.pick(50, 30, 3) / 10
    with tempfile.TemporaryDirectory(prefix="voicecalld-bench-") as folder:
        program = build_load(Path(folder))

        def hold(calls: int) -> Trial:
            return trio.run(hold_calls, program, carrier, calls, measured_s, others)

        first = hold(effort.pick(300, 300, 3))
        best = find_most(hold, first, tries=effort.pick(5, 1, 0))
    return list(figures_of(carrier, first, best))


def find_most(hold: Callable[[int], Trial], first: Trial, *, tries: int) -> Trial:
    """The largest good trial, searched for upwards or downwards from `GOAL`.

    What *first* cost tells little: the more calls, the less each takes. It is *first* if none of
    so many *tries* is good.
    """
    best, calls = first, GOAL
    for _ in range(tries):
        trial = hold(calls)
        trial = trial if trial.is_good else hold(calls)  # a neighbour may have spoilt it
        if trial.is_good:
            best = trial
        elif best is not first:
            break
        calls = round(calls * (STEP if trial.is_good else 1 / STEP))
        if best is not first and calls <= best.calls:
            break
    return best


def figures_of(carrier: str, first: Trial, best: Trial) -> Iterator[Figure]:
    """The rows: what a call with *carrier* takes by itself, and how many there can be."""
    media, name = f"{carrier} media", f"{best.calls} calls"
    result = best.result
    yield Figure(
        name=f"{media}: calls at once on one processor",
        unit="calls",
        value=best.calls if best.is_good else 0,
        n=result.measured,
        goal=">= 600",
        limit="The processor; a neighbour on the same one counts as well.",
    )
    yield Figure(
        name=f"{media}: calls that the CPU time of one processor allows",
        unit="calls",
        value=best.affordable_calls,
        n=best.calls,
        goal=">= 600",
        limit="The send of each frame, then decoding theirs, voice activity, playout.",
    )
    yield Figure(
        name=f"{media}: error of the time between two frames, {name}",
        unit="ms",
        value=result.error_p50_ms,
        p99=result.error_p99_ms,
        n=result.measured,
        goal="p99 < 10",
        limit="How late the loop comes to a tick, and the carrier to its socket.",
    )
    yield Figure(
        name=f"{media}: frames lost both ways, {name}",
        unit="frames",
        value=result.lost + result.blocked + best.unheard,
        n=result.received + result.sent,
        goal="0",
        limit="Nothing is dropped while the other side reads.",
    )
    yield Figure(
        name=f"{media}: first frame behind the start of a stream, {name}",
        unit="ms",
        value=result.first_p50_ms,
        p99=result.first_p99_ms,
        n=best.calls,
        limit="The token, the record, the first sentence; while other streams open, too.",
    )
    for trial in (first, best) if best is not first else (best,):
        yield Figure(
            name=f"{media}: CPU, {trial.calls} calls",
            unit="ms/call-second",
            value=trial.cpu_ms,
            n=trial.calls,
            goal="<= 1.67",
            limit="Processor time of all threads; it counts also when neighbours take the rest.",
        )
    yield Figure(
        name=f"{media}: memory of a call, {first.calls} calls",
        unit="MiB",
        value=first.bytes_of_call / MIB,
        n=first.calls,
        goal="<= 0.5",
        limit="A dozen tasks, and five seconds of sound that wait.",
    )


async def hold_calls(
    program: Path, name: str, calls: int, measured_s: float, processors: set[int]
) -> Trial:
    """Speak on so many calls with the carrier *name* at once, and measure meanwhile."""
    lasts_s = 2 * measured_s + 2 * calls * RAMP_S + 10
    sentences = round(lasts_s / SENTENCE_S)
    story = " ".join(SENTENCE.format(number) for number in range(sentences))
    async with open_telephone(calls, name) as (switchboard, carriers, path):
        before_bytes = resident_bytes()
        tickets = await place_calls(switchboard, calls, story)
        gc.collect()
        gc.freeze()  # as the daemon does
        door = Door(
            carrier=CARRIERS[name],
            url=carriers.carriers[name].links.stream_url,
            port=carriers.listener.socket.getsockname()[1],
            path=path,
        )
        async with running_load(
            program,
            door,
            tickets,
            ramp_s=RAMP_S,
            measured_s=measured_s,
            processors=processors,
        ) as load:
            return await watch(load, tuple(switchboard.calls.values()), before_bytes)


async def watch(load: Load, calls: Sequence[Call], before_bytes: int) -> Trial:
    """Measure from where the load says that it begins, to where it ends."""
    await load.wait_for("began")
    began_s, began_cpu_s = trio.current_time(), time.process_time()
    await load.wait_for("ended")
    wall_s, cpu_s = trio.current_time() - began_s, time.process_time() - began_cpu_s
    bytes_of_call = (resident_bytes() - before_bytes) / len(calls)
    result = await load.read_result()
    return Trial(
        calls=len(calls),
        cpu_s=cpu_s,
        wall_s=wall_s,
        bytes_of_call=bytes_of_call,
        unheard=result.sent - sum(map(fed_bytes, calls)) // FRAME_BYTES,
        result=result,
    )


def fed_bytes(call: Call) -> int:
    """How much of the other party's sound *call* has been given."""
    assert isinstance(call.talk, StreamTalk)
    return call.talk.pump.fed_bytes


async def place_calls(switchboard: Switchboard, count: int, story: str) -> list[Ticket]:
    """Place so many calls; gives what their streams have to show."""

    async def place() -> None:
        await switchboard.place(
            to=CALLEE, message=story, mode=Mode.CONVERSATION, idempotency_key=None
        )

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(place)
    services = switchboard.services
    return [
        Ticket(
            call=str(call.notes.record.provider_call_id),
            token=services.tokens.mint(services.carrier.name, call_id),
        )
        for call_id, call in switchboard.calls.items()
    ]
