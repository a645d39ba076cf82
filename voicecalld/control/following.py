"""A subscriber's events: the stored ones first, then those that happen, without gap or double."""

from collections.abc import Awaitable, Callable
from typing import Final

from voicecalld.control.parties import Reader, StoredEvent

PAGE_EVENTS: Final = 100  # some 50 kB: little memory, few queries


async def follow(
    journal: Reader, after: int, tell: Callable[[StoredEvent], Awaitable[None]]
) -> None:
    """Tell every event with a greater number than *after*, in order.

    Returns when the journal drops this subscriber, who was too slow.
    """
    # Most of the past is told before the subscription, whose queue is short.
    after = await replay(journal, after, tell)
    with journal.subscribe() as happening:
        after = await replay(journal, after, tell)
        async for event in happening:
            # What was stored between the subscription and the end of the replay comes twice.
            if event.seq > after:
                await tell(event)


async def replay(
    journal: Reader, after: int, tell: Callable[[StoredEvent], Awaitable[None]]
) -> int:
    """Tell the stored events after number *after*; the number of the last one told."""
    while page := await journal.events(after, PAGE_EVENTS):
        for event in page:
            await tell(event)
        after = page[-1].seq
    return after
