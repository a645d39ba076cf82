"""How long it takes until an entry is on disk."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import trio

from tests.bench.figure import Effort, Figure, distribution, in_ms
from voicecalld.call.record import CallRecord, CallState, Entry, Mode
from voicecalld.ids import CallId
from voicecalld.switchboard.journal import Journal, open_journal

WRITERS = 20

RECORD = CallRecord(
    call_id=CallId("call-0"),
    provider="mock",
    direction="outbound",
    mode=Mode.CONVERSATION,
    state=CallState.LISTENING,
    from_number="+15550000000",
    to_number="+15550100",
    started_unix_s=1_800_000_000.0,
)


def measure(effort: Effort) -> Sequence[Figure]:
    """The time from posting to being safe, for one writer and for many at once."""
    count = effort.pick(500, 100, 5)
    alone_s, together_s = trio.run(write, count)
    return (
        distribution(
            "journal: post and settle, one at a time",
            "ms",
            in_ms(alone_s),
            limit="One sync of the disk, and the way to the writer's thread and back.",
        ),
        distribution(
            f"journal: the same, {WRITERS} at a time",
            "ms",
            in_ms(together_s),
            limit="Two syncs at most: those that wait share the next one.",
        ),
    )


async def write(count: int) -> tuple[list[float], list[float]]:
    """How long each of *count* entries took alone, and when others were written as well."""
    with tempfile.TemporaryDirectory(prefix="voicecalld-bench-") as state:
        async with open_journal(Path(state) / "journal.sqlite3") as journal:
            alone_s: list[float] = []
            together_s: list[float] = []
            await write_in_turn(journal, 0, count, alone_s)
            async with trio.open_nursery() as nursery:
                for writer in range(1, WRITERS + 1):
                    nursery.start_soon(
                        write_in_turn, journal, writer, -(-count // WRITERS), together_s
                    )
    return alone_s, together_s


async def write_in_turn(journal: Journal, writer: int, count: int, took_s: list[float]) -> None:
    """Write *count* entries of one call, each when the one before is safe."""
    record = replace(RECORD, call_id=CallId(f"call-{writer}"))
    entry = Entry(event="call.listening", unix_s=record.started_unix_s, record=record)
    for _ in range(count):
        began_s = trio.current_time()
        journal.post(entry)
        await journal.settle()
        took_s.append(trio.current_time() - began_s)
