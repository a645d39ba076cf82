"""A journal that keeps everything in memory, so that time in a test may jump."""

import trio

from voicecalld.call.record import LIVE_STATES, CallRecord, Entry
from voicecalld.errors import JournalError
from voicecalld.provider.http import Reply


class Ledger:
    """``entries`` as they were posted, ``on_disk`` those of them that somebody has settled.

    Only the latter can be read. ``broken`` is raised by `settle`, ``full`` fails `post` too, and
    events of ``refuses`` fail in `post` alone. A settle takes *delay_s*.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.on_disk: list[Entry] = []
        self.broken: Exception | None = None
        self.good_settles = 0  # so many more, before it breaks
        self.full = False
        self.replies: dict[str, tuple[float, Reply]] = {}
        self.refuses: set[str] = set()
        self.delay_s = 0.0

    def restore(self, *entries: Entry) -> None:
        """Have *entries* on disk, as an earlier daemon would have left them."""
        self.entries += entries
        self.on_disk += entries

    @property
    def events_on_disk(self) -> list[str]:
        return [entry.event for entry in self.on_disk]

    def post(self, entry: Entry) -> None:
        if self.full or entry.event in self.refuses:
            raise JournalError("too many entries wait to be written")
        self.entries.append(entry)

    def remember(self, key: str, reply: Reply, unix_s: float) -> None:
        if self.full:
            raise JournalError("too many entries wait to be written")
        self.replies[key] = (unix_s, reply)

    async def recall(self, key: str, since_unix_s: float) -> Reply | None:
        await trio.lowlevel.checkpoint()
        unix_s, reply = self.replies.get(key, (0.0, None))
        return reply if unix_s >= since_unix_s else None

    async def settle(self) -> None:
        posted = len(self.entries)
        await trio.sleep(self.delay_s)
        if self.broken is not None:
            self.good_settles -= 1
            if self.good_settles < 0:
                raise self.broken
        if self.full:
            raise JournalError("the journal cannot be written")
        self.on_disk += self.entries[len(self.on_disk) : posted]

    def latest(self) -> dict[str, CallRecord]:
        """The calls as they were posted."""
        return {entry.record.call_id: entry.record for entry in self.entries}

    def readable(self) -> tuple[CallRecord, ...]:
        """The calls as they are on disk."""
        return tuple({entry.record.call_id: entry.record for entry in self.on_disk}.values())

    async def call(self, call_or_provider_id: str) -> CallRecord | None:
        await trio.lowlevel.checkpoint()
        for record in self.readable():
            if call_or_provider_id in (record.call_id, record.provider_call_id):
                return record
        return None

    async def call_for_key(self, idempotency_key: str) -> CallRecord | None:
        await trio.lowlevel.checkpoint()
        for record in self.readable():
            if record.idempotency_key == idempotency_key:
                return record
        return None

    async def open_calls(self) -> tuple[CallRecord, ...]:
        await trio.lowlevel.checkpoint()
        return tuple(record for record in self.readable() if record.state in LIVE_STATES)
