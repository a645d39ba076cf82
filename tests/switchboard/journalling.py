"""Entries for a journal, a disk that takes none, and a program that posts until it is killed."""

import contextlib
import itertools
import pathlib
import random
import resource
import sys
from collections.abc import Iterator, Sequence

import trio

from voicecalld.call.record import CallRecord, CallState, Entry, Mode, TurnLatency, Utterance
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.switchboard.journal import Journal, JournalEvent, open_journal


def make_record(
    call_id: str = "call-1",
    *,
    state: CallState = CallState.SPEAKING,
    started_unix_s: float = 1_700_000_000.25,
    provider_call_id: str | None = None,
    idempotency_key: str | None = None,
) -> CallRecord:
    return CallRecord(
        call_id=CallId(call_id),
        provider="mock",
        direction="outbound",
        mode=Mode.CONVERSATION,
        state=state,
        from_number="+15550000000",
        to_number="+15550100",
        started_unix_s=started_unix_s,
        provider_call_id=None if provider_call_id is None else ProviderCallId(provider_call_id),
        idempotency_key=idempotency_key,
    )


def make_entry(
    number: int = 1,
    *,
    record: CallRecord | None = None,
    utterance: Utterance | None = None,
    latency: TurnLatency | None = None,
) -> Entry:
    """An entry that can be told from others by its *number*."""
    return Entry(
        event="call.speech",
        unix_s=1_700_000_000.0 + number,
        record=record or make_record(),
        details={"number": number},
        utterance=utterance,
        latency=latency,
    )


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Let the kernel refuse every write to a file, as it does when a disk is full or broken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def numbers(events: Sequence[JournalEvent]) -> list[object]:
    return [event.details["number"] for event in events]


async def receive(
    channel: trio.MemoryReceiveChannel[JournalEvent], count: int
) -> list[JournalEvent]:
    return [await channel.receive() for _ in range(count)]


async def post_all(journal: Journal, entries: Sequence[Entry]) -> None:
    for entry in entries:
        journal.post(entry)
    await journal.settle()


async def post_until_killed(path: pathlib.Path, chance: random.Random) -> None:
    """Post entries whose numbers are theirs in the journal; say which are settled."""
    async with open_journal(path) as journal:
        first = journal.last_seq + 1
        for number in itertools.count(first):
            journal.post(make_entry(number))
            if number == first or chance.random() < 0.3:
                await journal.settle()
                sys.stdout.write(f"{number}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    seeded = random.Random(sys.argv[2])  # noqa: S311 - it chooses moments, not secrets
    trio.run(post_until_killed, pathlib.Path(sys.argv[1]), seeded)
