import contextlib
import pathlib

from tests.switchboard.journalling import make_entry, numbers, post_all, receive
from voicecalld.switchboard.journal import MAX_UNREAD_EVENTS, open_journal


async def test_a_subscriber_hears_everything_from_then_on(journal_path: pathlib.Path) -> None:
    async with open_journal(journal_path) as journal:
        await post_all(journal, [make_entry(1)])
        with journal.subscribe() as one, journal.subscribe() as other:
            await post_all(journal, [make_entry(number) for number in (2, 3, 4)])

            assert numbers(await receive(one, 3)) == [2, 3, 4]
            assert numbers(await receive(other, 3)) == [2, 3, 4]


async def test_a_subscriber_too_slow_to_keep_up_is_cut_off_and_harms_nobody(
    journal_path: pathlib.Path,
) -> None:
    half = MAX_UNREAD_EVENTS // 2 + 1
    async with open_journal(journal_path) as journal:
        with journal.subscribe() as slow, journal.subscribe() as quick:
            heard = []
            for burst in (range(half), range(half, 2 * half)):
                await post_all(journal, [make_entry(number) for number in burst])
                heard += await receive(quick, half)
            missed = [event async for event in slow]

    assert numbers(heard) == [*range(2 * half)]
    # It reads what had found room, and then the end.
    assert numbers(missed) == [*range(MAX_UNREAD_EVENTS)]


async def test_a_subscriber_that_has_left_harms_nobody(journal_path: pathlib.Path) -> None:
    async with open_journal(journal_path) as journal:
        with journal.subscribe() as closed, journal.subscribe() as channel:
            with journal.subscribe():
                pass
            closed.close()
            await post_all(journal, [make_entry(1)])

            assert numbers(await receive(channel, 1)) == [1]


async def test_a_subscriber_hears_the_last_words_and_then_that_the_journal_is_closed(
    journal_path: pathlib.Path,
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with open_journal(journal_path) as journal:
            channel = stack.enter_context(journal.subscribe())
            journal.post(make_entry(1))

        assert numbers([event async for event in channel]) == [1]
