"""What can be asked of the journal: calls, what was said on them, how long answers took.

An answer holds at least everything that was settled before the question.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

import trio

from voicecalld.call.record import (
    LIVE_STATES,
    CallLatency,
    CallRecord,
    TurnLatency,
    Utterance,
)
from voicecalld.errors import JournalError
from voicecalld.ids import CallId
from voicecalld.provider.http import Reply
from voicecalld.switchboard.journal_rows import (
    Column,
    Row,
    parse_call_latency,
    parse_latency,
    parse_record,
    parse_reply,
    parse_utterance,
    storable,
)

Parsed = TypeVar("Parsed")


class JournalReader:
    """The reading half of a journal, on a database connection of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # One, because a connection does one thing at a time; and not Trio's common limiter, so
        # that other work in threads does not hold up a reader.
        self._reading = trio.CapacityLimiter(1)

    async def call(self, call_or_provider_id: str) -> CallRecord | None:
        """The call with this id, ours or else the carrier's; the newest if that was reused."""
        query = """
            SELECT * FROM calls WHERE call_id = ?1 OR provider_call_id = ?1
            ORDER BY call_id = ?1 DESC, started_unix_s DESC, rowid DESC LIMIT 1
        """
        return first(await self.read(parse_record, query, call_or_provider_id))

    async def calls(self, limit: int) -> tuple[CallRecord, ...]:
        """At most *limit* calls, those that started last, newest first."""
        query = "SELECT * FROM calls ORDER BY started_unix_s DESC, rowid DESC LIMIT ?"
        return await self.read(parse_record, query, limit)

    async def open_calls(self) -> tuple[CallRecord, ...]:
        """The calls that are not over, newest first."""
        query = """
            SELECT * FROM calls WHERE state IN (SELECT value FROM json_each(?))
            ORDER BY started_unix_s DESC, rowid DESC
        """
        return await self.read(parse_record, query, json.dumps(sorted(LIVE_STATES)))

    async def call_for_key(self, idempotency_key: str) -> CallRecord | None:
        """The first call that was posted with this key."""
        query = "SELECT * FROM calls WHERE idempotency_key = ?"
        return first(await self.read(parse_record, query, idempotency_key))

    async def recall(self, key: str, since_unix_s: float) -> Reply | None:
        """How the webhook with the replay key *key* was answered, if that was lately."""
        query = "SELECT * FROM replies WHERE key = ? AND unix_s >= ?"
        found = await self.read(parse_reply, query, key, since_unix_s)
        return found[0] if found else None

    async def utterances(self, call_id: CallId) -> tuple[Utterance, ...]:
        """What was said on a call, in the order in which it was posted."""
        query = "SELECT * FROM utterances WHERE call_id = ? ORDER BY seq"
        return await self.read(parse_utterance, query, call_id)

    async def latencies(self, last: int, call_id: CallId) -> tuple[TurnLatency, ...]:
        """The last *last* turns of a call, newest last."""
        query = "SELECT * FROM latency WHERE call_id = ? ORDER BY seq DESC LIMIT ?"
        return (await self.read(parse_latency, query, call_id, last))[::-1]

    async def recent_latencies(self, calls: int, turns: int) -> tuple[CallLatency, ...]:
        """The turns of the last *calls* calls that had any, at most *turns*, newest last."""
        query = """
            SELECT latency.*, calls.provider FROM latency JOIN calls USING (call_id)
            WHERE call_id IN (
                SELECT call_id FROM calls
                WHERE EXISTS (SELECT 1 FROM latency WHERE latency.call_id = calls.call_id)
                ORDER BY started_unix_s DESC, rowid DESC LIMIT ?
            )
            ORDER BY seq DESC LIMIT ?
        """
        return (await self.read(parse_call_latency, query, calls, turns))[::-1]

    async def read(
        self, parse: Callable[[Row], Parsed], query: str, *parameters: Column
    ) -> tuple[Parsed, ...]:
        """Ask the database, in a thread.

        Raises:
            JournalError: it cannot be read, or is closed.
        """

        def fetch() -> tuple[Parsed, ...]:
            rows = self._connection.execute(query, [storable(value) for value in parameters])
            return tuple(parse(dict(row)) for row in rows)

        try:
            return await trio.to_thread.run_sync(fetch, limiter=self._reading)
        except sqlite3.Error as error:
            raise JournalError(f"the journal cannot be read: {error}") from error


def first(found: Sequence[CallRecord]) -> CallRecord | None:
    """The only call that was found, if any was."""
    return found[0] if found else None
