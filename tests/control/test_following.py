import pytest
import trio
import trio.testing

from tests.fakes.control_parties import FakeEvent, FakeJournal
from voicecalld.control import following
from voicecalld.control.following import follow
from voicecalld.control.parties import StoredEvent


class BusyJournal(FakeJournal):
    """Something happens whenever the past is read."""

    async def events(self, after: int, limit: int) -> tuple[FakeEvent, ...]:
        page = await super().events(after, limit)
        if self.last_seq < 12:
            self.happen("call.ringing")
        return page


@pytest.mark.parametrize("page_events", [1, 2, 100])
async def test_events_come_without_gap_or_double_even_while_the_past_is_read(
    monkeypatch: pytest.MonkeyPatch, page_events: int
) -> None:
    monkeypatch.setattr(following, "PAGE_EVENTS", page_events)
    journal = BusyJournal()
    for _ in range(5):
        journal.happen("call.ringing")
    told: list[int] = []

    async def tell(event: StoredEvent) -> None:
        told.append(event.seq)
        await trio.lowlevel.checkpoint()
        if event.seq == 16:
            nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow, journal, 2, tell)
        await journal.subscribed.wait()
        while journal.last_seq < 16:
            await trio.testing.wait_all_tasks_blocked()
            journal.happen("call.active")

    assert told == list(range(3, 17))


async def test_following_ends_when_the_journal_drops_a_slow_subscriber() -> None:
    journal = FakeJournal()
    hold = trio.Event()
    told: list[int] = []

    async def tell(event: StoredEvent) -> None:
        told.append(event.seq)
        await hold.wait()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow, journal, 0, tell)
        await journal.subscribed.wait()
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(7):
            journal.happen("call.active")
            await trio.testing.wait_all_tasks_blocked()
        hold.set()

    assert told == [1, 2, 3, 4, 5]  # one in hand and four in the queue
