"""Entries for a journal, and a program that posts them until it is killed."""

import itertools
import pathlib
import random
import sys

import trio

from voicecalld.call.record import CallRecord, CallState, Entry, Mode, TurnLatency, Utterance
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.switchboard.journal import open_journal


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
