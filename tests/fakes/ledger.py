"""A journal that keeps everything in memory, so that time in a test may jump."""

import trio

from voicecalld.call.record import LIVE_STATES, CallRecord, Entry
from voicecalld.errors import JournalError


class Ledger:
    """Entries as they were posted; ``broken`` is raised by `settle`, ``full`` fails `post` too."""

    def __init__(self, *entries: Entry) -> None:
        self.entries: list[Entry] = list(entries)
        self.broken: Exception | None = None
        self.good_settles = 0  # so many more, before it breaks
        self.full = False

    def post(self, entry: Entry) -> None:
        if self.full:
            raise JournalError("too many entries wait to be written")
        self.entries.append(entry)

    async def settle(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.broken is not None:
            self.good_settles -= 1
            if self.good_settles < 0:
                raise self.broken
        if self.full:
            raise JournalError("the journal cannot be written")

    def latest(self) -> dict[str, CallRecord]:
        return {entry.record.call_id: entry.record for entry in self.entries}

    async def call(self, call_or_provider_id: str) -> CallRecord | None:
        await trio.lowlevel.checkpoint()
        for record in self.latest().values():
            if call_or_provider_id in (record.call_id, record.provider_call_id):
                return record
        return None

    async def call_for_key(self, idempotency_key: str) -> CallRecord | None:
        await trio.lowlevel.checkpoint()
        for record in self.latest().values():
            if record.idempotency_key == idempotency_key:
                return record
        return None

    async def open_calls(self) -> tuple[CallRecord, ...]:
        await trio.lowlevel.checkpoint()
        return tuple(record for record in self.latest().values() if record.state in LIVE_STATES)
