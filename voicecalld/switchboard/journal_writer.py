"""The thread that writes the journal: the entries that wait become one transaction.

A sync to disk costs the same for one entry as for a hundred, so the longer a commit takes, the
more entries share the next one. An entry whose commit failed stays first in line.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from voicecalld.switchboard.journal_rows import EntryRows, ReplyRow, Row

# A failed write is tried again with the next entry, or after this time if none comes: a disk that
# is full now may not be full soon, and the last entry of the day is worth as much as any.
RETRY_S = 0.5

# The events of one transaction are told at once. This is half of what a subscriber may leave
# unread, so that one who keeps up is not cut off when a slow disk has caught up.
MAX_GROUP_ENTRIES = 500

# A key belongs to the first call that came with it, so that of two requests with one key, both
# written before either was looked for, only one finds its own call under the key.
UPSERT_CALL = """
INSERT INTO calls VALUES (
    :call_id, :provider, :direction, :mode, :state, :from_number, :to_number, :started_unix_s,
    :provider_call_id, :answered_unix_s, :ended_unix_s,
    CASE WHEN EXISTS (
        SELECT 1 FROM calls WHERE idempotency_key = :idempotency_key AND call_id <> :call_id
    ) THEN NULL ELSE :idempotency_key END,
    :end_cause
)
ON CONFLICT (call_id) DO UPDATE SET
    provider = excluded.provider,
    direction = excluded.direction,
    mode = excluded.mode,
    state = excluded.state,
    from_number = excluded.from_number,
    to_number = excluded.to_number,
    started_unix_s = excluded.started_unix_s,
    provider_call_id = excluded.provider_call_id,
    answered_unix_s = excluded.answered_unix_s,
    ended_unix_s = excluded.ended_unix_s,
    idempotency_key = excluded.idempotency_key,
    end_cause = excluded.end_cause
"""
INSERT_EVENT = """
INSERT INTO events (call_id, event, unix_s, record, details)
VALUES (:call_id, :event, :unix_s, :record, :details)
"""
INSERT_UTTERANCE = """
INSERT INTO utterances VALUES (
    :seq, :call_id, :speaker, :text, :unix_s, :interrupted, :ended_unix_s
)
"""
INSERT_LATENCY = """
INSERT INTO latency VALUES (
    :seq, :call_id, :turn, :unix_s, :endpoint_s, :transcript_s, :first_text_s, :first_audio_s,
    :first_frame_s, :first_mark_s, :speech_ended_unix_s, :first_clause_s
)
"""
INSERT_REPLY = """
INSERT OR REPLACE INTO replies VALUES (:key, :unix_s, :status, :content_type, :body)
"""
FORGET_OLD_REPLIES = "DELETE FROM replies WHERE unix_s < ?"
# A reply has the next number after the greatest; one that is written again has a new one.
FORGET_MOST_REPLIES = "DELETE FROM replies WHERE rowid <= (SELECT max(rowid) FROM replies) - ?"

# No carrier's signature is older when it first comes, and none sends a webhook again so late.
REPLY_LIFETIME_S = 24 * 3600.0

# A hundred megabytes at most, and more than a day of a busy daemon.
MAX_REPLIES = 100_000

# Old ones are looked for this often: it takes a moment, and the table is bounded all the same.
REPLIES_BETWEEN_LOOKS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one transaction.

    Args:
        through: how many entries, counted from the first ever handed over, are now on disk; or if
            it failed, how many have had to wait for it.
        events: the rows of the table events that are now on disk; none if it failed.
        failure: why it failed; None if it did not.
    """

    through: int
    events: Sequence[Row]
    failure: str | None


class JournalWriter:
    """A thread that owns a database connection.

    ``attempted`` is called in that thread after each transaction, and ``ended`` as its last act,
    even if a bug ended it.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        attempted: Callable[[Attempt], None],
        ended: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._attempted = attempted
        self._ended = ended
        self._inbox: deque[EntryRows | ReplyRow] = deque()
        self._unwritten: list[EntryRows | ReplyRow] = []
        self._taken = 0
        self._woken = threading.Event()
        self._stopping = False
        # A daemon: a disk that never answers must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="journal writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, rows: EntryRows | ReplyRow) -> None:
        """Have *rows* written after everything that was put before."""
        self._inbox.append(rows)
        self._woken.set()

    def stop(self) -> None:
        """Have the thread try once more what is not yet written, and end."""
        self._stopping = True
        self._woken.set()

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._woken.wait(RETRY_S if self._unwritten else None)
                self._woken.clear()
                self._write_waiting()
            # Something may have been put between the last look and the stop.
            self._write_waiting()
        finally:
            self._ended()

    def _write_waiting(self) -> None:
        while self._inbox:
            self._unwritten.append(self._inbox.popleft())
            self._taken += 1
        written = True
        while self._unwritten and written:
            written = self._write_some()

    def _write_some(self) -> bool:
        group = self._unwritten[:MAX_GROUP_ENTRIES]
        try:
            events = write_group(self._connection, group)
        except sqlite3.Error as error:
            self._attempted(Attempt(through=self._taken, events=(), failure=str(error)))
            return False
        del self._unwritten[: len(group)]
        through = self._taken - len(self._unwritten)
        self._attempted(Attempt(through=through, events=events, failure=None))
        return True


def write_group(
    connection: sqlite3.Connection, group: Sequence[EntryRows | ReplyRow]
) -> Sequence[Row]:
    """Write *group* in one transaction, all or nothing; return its rows of the table events."""
    events: list[Row] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for rows in group:
            match rows:
                case EntryRows():
                    events.append(write_entry(connection, rows))
                case ReplyRow():
                    write_reply(connection, rows)
                case _:
                    assert_never(rows)
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.rollback()
        raise
    return events


def write_reply(connection: sqlite3.Connection, rows: ReplyRow) -> None:
    """Write one reply, and now and then forget old ones."""
    number = connection.execute(INSERT_REPLY, rows.row).lastrowid or 0
    if number % REPLIES_BETWEEN_LOOKS == 0:
        connection.execute(FORGET_OLD_REPLIES, (rows.row["unix_s"] - REPLY_LIFETIME_S,))
        connection.execute(FORGET_MOST_REPLIES, (MAX_REPLIES,))


def write_entry(connection: sqlite3.Connection, rows: EntryRows) -> Row:
    """Write one entry, and return its row of the table events, numbered."""
    connection.execute(UPSERT_CALL, rows.call)
    seq = connection.execute(INSERT_EVENT, rows.event).lastrowid
    place = {"seq": seq, "call_id": rows.call["call_id"]}
    if rows.utterance is not None:
        connection.execute(INSERT_UTTERANCE, rows.utterance | place)
    if rows.latency is not None:
        connection.execute(INSERT_LATENCY, rows.latency | place)
    return rows.event | place
