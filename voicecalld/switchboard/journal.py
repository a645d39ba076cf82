"""The journal: everything that happened to every call, safe on disk, and told to whoever listens.

Rule 1: nobody is told of an event before it is on disk.
Rule 2: posting never waits; whoever must not go on before his entries are safe settles.
Rule 3: nothing is lost silently. What cannot be written stays in line, in order; every
`Journal.settle` says so, and in the end so does `open_journal`.

An entry whose post has returned may be lost in a crash, one whose settle has returned may not.
"""

import contextlib
import json
import pathlib
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import trio

from voicecalld.call.record import CallRecord, Entry, Json
from voicecalld.errors import JournalError
from voicecalld.ids import CallId
from voicecalld.provider.http import Reply
from voicecalld.switchboard.journal_reader import JournalReader
from voicecalld.switchboard.journal_rows import (
    EntryRows,
    ReplyRow,
    Row,
    parse_record,
    render_entry,
    render_reply,
)
from voicecalld.switchboard.journal_schema import Database, open_database
from voicecalld.switchboard.journal_writer import Attempt, JournalWriter

# Tens of megabytes, minutes of a busy daemon. If so much waits, the disk has failed for long, and
# refusing loudly is better than growing until the kernel ends the daemon.
MAX_UNWRITTEN_ENTRIES = 20_000

# What ten calls have to tell in a minute. Who is further behind can ask for `Journal.events`.
MAX_UNREAD_EVENTS = 1000

# For the last group at the end: a commit takes a millisecond, or seconds on a disk in trouble.
CLOSING_GRACE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEvent:
    """An event as it is on disk; ``record`` is the call's summary after it."""

    seq: int
    event: str
    unix_s: float
    record: CallRecord
    details: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalStatistics:
    """Entries posted, those on disk, the transactions that took; why the last try failed."""

    posted: int
    written: int
    transactions: int
    failure: str | None


@dataclass(slots=True)
class Settling:
    """Somebody who waits until the first ``target`` entries are on disk."""

    target: int
    failure: str | None = None
    done: trio.Event = field(default_factory=trio.Event)


class Journal(JournalReader):
    """An open journal. Only `open_journal` makes one; all methods belong to Trio's thread."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.reader)
        self._path = database.path
        self._token = trio.lowlevel.current_trio_token()
        self._writer = JournalWriter(
            database.writer,
            attempted=lambda attempt: self._call_soon(lambda: self._on_attempted(attempt)),
            ended=lambda: self._call_soon(self._on_ended),
        )
        self._closed = trio.Event()
        self._last_seq = database.last_seq
        self._posted = 0
        self._written = 0
        self._transactions = 0
        self._failure: str | None = None
        self._settling: list[Settling] = []
        self._subscribers: set[trio.MemorySendChannel[JournalEvent]] = set()
        self._writer.start()

    @property
    def last_seq(self) -> int:
        """The number of the newest event that is known to be on disk; 0 if there is none."""
        return self._last_seq

    def statistics(self) -> JournalStatistics:
        """How much was posted to this journal since it was opened, and what became of it."""
        return JournalStatistics(
            posted=self._posted,
            written=self._written,
            transactions=self._transactions,
            failure=self._failure,
        )

    def post(self, entry: Entry) -> None:
        """Have *entry* written after all that were posted before; never waits.

        Raises:
            JournalError: the journal is closed, or could not be written for very long.
            ValueError: a number is infinite, not a number, or an integer beyond 64 bits.
            TypeError: the details are not JSON.
        """
        self._put(render_entry(entry))

    def remember(self, key: str, reply: Reply, unix_s: float) -> None:
        """Have it written, after all that was posted before, that *reply* answers *key*.

        Raises:
            JournalError: the journal is closed, or could not be written for very long.
        """
        self._put(render_reply(key, reply, unix_s))

    def _put(self, rows: EntryRows | ReplyRow) -> None:
        if self._closed.is_set():
            raise JournalError("the journal is closed")
        if self._posted - self._written >= MAX_UNWRITTEN_ENTRIES:
            raise JournalError(f"too many entries wait to be written: {self._failure}")
        self._writer.put(rows)
        self._posted += 1

    async def settle(self) -> None:
        """Wait until everything posted so far is on disk.

        Raises:
            JournalError: it cannot be written now. It stays in line and will be tried again.
        """
        settling = Settling(target=self._posted)
        if settling.target <= self._written:
            await trio.lowlevel.checkpoint()
            return
        if self._closed.is_set():
            raise JournalError("the journal is closed")
        self._settling.append(settling)
        try:
            await settling.done.wait()
        finally:
            self._settling.remove(settling)
        if settling.failure is not None:
            raise JournalError(f"the journal {self._path} cannot be written: {settling.failure}")

    async def events(self, after: int, limit: int) -> tuple[JournalEvent, ...]:
        """At most *limit* events, the first of those with a greater number than *after*."""
        query = "SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
        return await self.read(parse_event, query, after, limit)

    async def events_of(
        self, call_id: CallId, names: Collection[str], limit: int
    ) -> tuple[JournalEvent, ...]:
        """At most *limit* events of a call with one of *names*, the first of them."""
        query = """
            SELECT * FROM events WHERE call_id = ? AND event IN (SELECT value FROM json_each(?))
            ORDER BY seq LIMIT ?
        """
        return await self.read(parse_event, query, call_id, json.dumps([*names]), limit)

    @contextlib.contextmanager
    def subscribe(self) -> Iterator[trio.MemoryReceiveChannel[JournalEvent]]:
        """A channel of all events from now on, in order, each after it is on disk.

        A subscriber that leaves too many unread gets those and then the channel's end, as it does
        when the journal is closed. One that wants older events as well subscribes first, then asks
        for `events`, and skips the numbers that come twice.
        """
        send, receive = trio.open_memory_channel[JournalEvent](MAX_UNREAD_EVENTS)
        self._subscribers.add(send)
        try:
            with send, receive:
                yield receive
        finally:
            self._subscribers.discard(send)

    async def close(self) -> None:
        """Try to write what waits, and end the thread; only `open_journal` does it."""
        self._writer.stop()
        await self._closed.wait()

    def _call_soon(self, function: Callable[[], None]) -> None:
        # The run may be over, if the thread was left behind on a disk that did not answer.
        with contextlib.suppress(trio.RunFinishedError):
            self._token.run_sync_soon(function)

    def _on_attempted(self, attempt: Attempt) -> None:
        self._failure = attempt.failure
        if attempt.failure is None:
            self._written = attempt.through
            self._transactions += 1
            if attempt.events:
                self._last_seq = attempt.events[-1]["seq"]
                self._tell(attempt.events)
        self._release(attempt.through)

    def _tell(self, rows: Sequence[Row]) -> None:
        if not self._subscribers:
            return
        events = [parse_event(row) for row in rows]
        for subscriber in tuple(self._subscribers):
            if not deliver(subscriber, events):
                self._subscribers.discard(subscriber)
                subscriber.close()

    def _release(self, through: int) -> None:
        for settling in self._settling:
            if settling.target <= through:
                # What is on disk stays there, whatever has failed since.
                settling.failure = self._failure if settling.target > self._written else None
                settling.done.set()

    def _on_ended(self) -> None:
        # Nothing is unwritten here unless the last try failed, or a bug has ended the thread.
        if self._written < self._posted:
            self._failure = self._failure or "its writer has ended"
            self._release(self._posted)
        for subscriber in self._subscribers:
            subscriber.close()
        self._subscribers.clear()
        self._closed.set()


@contextlib.asynccontextmanager
async def open_journal(path: pathlib.Path) -> AsyncIterator[Journal]:
    """Open the journal file at *path*; it and its directories are made if they are missing.

    At the end, also of a cancelled block, what was posted is written first.

    Raises:
        StartError: another daemon uses the file, a newer one has made it, or it cannot be written.
        JournalError: at the end, something could not be written.
    """
    database = await trio.to_thread.run_sync(open_database, path)
    journal = Journal(database)
    try:
        yield journal
    finally:
        with trio.move_on_after(CLOSING_GRACE_S, shield=True):
            await journal.close()
            await trio.to_thread.run_sync(database.close, abandon_on_cancel=True)
        check_all_written(journal.statistics(), database.path)


def check_all_written(statistics: JournalStatistics, path: pathlib.Path) -> None:
    """Raise `JournalError` if a posted entry is not on disk, in the file at *path*."""
    unwritten = statistics.posted - statistics.written
    if unwritten > 0:
        reason = statistics.failure or "the disk does not answer"
        raise JournalError(
            f"{unwritten} of the journal's entries could not be written to {path}: {reason}"
        )


def deliver(
    subscriber: trio.MemorySendChannel[JournalEvent], events: Sequence[JournalEvent]
) -> bool:
    """Whether all *events* found room, and the subscriber still reads."""
    try:
        for event in events:
            subscriber.send_nowait(event)
    except (trio.WouldBlock, trio.BrokenResourceError):
        return False
    return True


def parse_event(row: Row) -> JournalEvent:
    """The event in a row of the table events."""
    return JournalEvent(
        seq=row["seq"],
        event=row["event"],
        unix_s=row["unix_s"],
        record=parse_record(json.loads(row["record"])),
        details=json.loads(row["details"]),
    )
