import contextlib
import pathlib
import sqlite3
import threading

import pytest
import trio
import trio.testing

import voicecalld.switchboard.journal as journal_module
from tests.switchboard.journalling import full_disk, make_entry, numbers, post_all, receive
from voicecalld.errors import JournalError
from voicecalld.switchboard.journal import open_journal
from voicecalld.switchboard.journal_rows import EntryRows, render_entry
from voicecalld.switchboard.journal_writer import MAX_GROUP_ENTRIES, Attempt


async def test_settling_says_that_the_disk_fails_and_later_nothing_is_missing(
    journal_path: pathlib.Path,
) -> None:
    async with open_journal(journal_path) as journal:
        await post_all(journal, [make_entry(1)])

        with full_disk():
            journal.post(make_entry(2))
            with pytest.raises(JournalError, match=rf"{journal_path} cannot be written: .*disk"):
                await journal.settle()
            journal.post(make_entry(3))
            with pytest.raises(JournalError, match=r"cannot be written: .*disk"):
                await journal.settle()
            assert numbers(await journal.events(0, 10)) == [1]
            failing = journal.statistics()
        journal.post(make_entry(4))
        await journal.settle()

        assert numbers(await journal.events(0, 10)) == [1, 2, 3, 4]
        assert (failing.posted, failing.written) == (3, 1)
        assert failing.failure is not None
        assert journal.statistics().failure is None


async def test_settling_succeeds_for_what_is_on_disk_even_if_the_next_entry_fails_at_once(
    journal_path: pathlib.Path,
) -> None:
    written = Attempt(through=1, events=[{"seq": 1}], failure=None)
    failed = Attempt(through=2, events=(), failure="disk full")
    with contextlib.closing(sqlite3.connect(journal_path, isolation_level=None)) as other:
        async with open_journal(journal_path) as journal, trio.open_nursery() as nursery:
            other.execute("BEGIN IMMEDIATE")  # the writer waits, and both reports are ours
            journal.post(make_entry(1))
            nursery.start_soon(journal.settle)
            await trio.testing.wait_all_tasks_blocked()

            journal._on_attempted(written)
            journal._on_attempted(failed)

            other.execute("ROLLBACK")


async def test_settling_when_everything_is_on_disk_only_lets_others_run(
    journal_path: pathlib.Path,
) -> None:
    async with open_journal(journal_path) as journal:
        await post_all(journal, [make_entry(1)])

        with trio.testing.assert_checkpoints():
            await journal.settle()


async def test_a_group_of_which_one_entry_fails_leaves_nothing_behind_and_is_written_later(
    journal_path: pathlib.Path,
) -> None:
    refuse = """
        CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.details LIKE '%2%'
        BEGIN SELECT RAISE(ABORT, 'not today'); END
    """
    with contextlib.closing(sqlite3.connect(journal_path, isolation_level=None)) as other:
        async with open_journal(journal_path) as journal:
            other.execute(refuse)
            other.execute("BEGIN IMMEDIATE")
            for number in (1, 2, 3):
                journal.post(make_entry(number))
            other.execute("ROLLBACK")
            with pytest.raises(JournalError, match="not today"):
                await journal.settle()
            while_refused = await journal.events(0, 10)
            other.execute("DROP TRIGGER refuse")
            await journal.settle()

            # The writer may have taken the first before the others were there.
            assert numbers(while_refused) in ([], [1])
            assert numbers(await journal.events(0, 10)) == [1, 2, 3]


async def test_a_long_line_is_written_in_order_in_several_groups(
    journal_path: pathlib.Path,
) -> None:
    count = 2 * MAX_GROUP_ENTRIES + 1
    with contextlib.closing(sqlite3.connect(journal_path, isolation_level=None)) as other:
        async with open_journal(journal_path) as journal:
            other.execute("BEGIN IMMEDIATE")  # the writer waits while the line grows
            for number in range(count):
                journal.post(make_entry(number))
            other.execute("ROLLBACK")
            await journal.settle()

            assert numbers(await journal.events(0, count)) == [*range(count)]
            assert 3 <= journal.statistics().transactions <= 4


async def test_a_failed_write_is_tried_again_without_being_asked_for(
    journal_path: pathlib.Path,
) -> None:
    async with open_journal(journal_path) as journal:
        with journal.subscribe() as channel:
            with full_disk():
                journal.post(make_entry(1))
                with pytest.raises(JournalError):
                    await journal.settle()

            assert numbers(await receive(channel, 1)) == [1]


async def test_nobody_hears_of_an_event_that_is_not_on_disk(journal_path: pathlib.Path) -> None:
    async with open_journal(journal_path) as journal:
        with journal.subscribe() as channel:
            with full_disk():
                journal.post(make_entry(1))
                with pytest.raises(JournalError):
                    await journal.settle()
                with pytest.raises(trio.WouldBlock):
                    channel.receive_nowait()
                assert journal.last_seq == 0
            await post_all(journal, [make_entry(2)])

            heard = await receive(channel, 2)

        assert numbers(heard) == [1, 2]
        assert tuple(heard) == await journal.events(0, 10)


async def test_what_cannot_be_written_at_the_end_is_not_lost_silently(
    journal_path: pathlib.Path,
) -> None:
    async def end_on_a_full_disk(disk: contextlib.ExitStack) -> None:
        async with open_journal(journal_path) as journal:
            await post_all(journal, [make_entry(1)])
            disk.enter_context(full_disk())
            journal.post(make_entry(2))
            journal.post(make_entry(3))

    with (
        contextlib.ExitStack() as disk,
        pytest.raises(JournalError, match=r"2 of the journal's entries .*: .*disk"),
    ):
        await end_on_a_full_disk(disk)

    async with open_journal(journal_path) as journal:
        assert numbers(await journal.events(0, 10)) == [1]


async def test_a_journal_that_could_not_be_written_for_long_refuses_more(
    journal_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MAX_UNWRITTEN_ENTRIES", 3)
    async with open_journal(journal_path) as journal:
        with full_disk():
            for number in (1, 2, 3):
                journal.post(make_entry(number))
            with pytest.raises(JournalError, match="too many entries wait"):
                journal.post(make_entry(4))
        await journal.settle()
        await post_all(journal, [make_entry(5)])

        assert numbers(await journal.events(0, 10)) == [1, 2, 3, 5]


async def test_a_disk_that_does_not_answer_does_not_keep_the_journal_open(
    journal_path: pathlib.Path, autojump_clock: trio.testing.MockClock
) -> None:
    async def end_behind(other: sqlite3.Connection) -> None:
        async with open_journal(journal_path) as journal:
            other.execute("BEGIN IMMEDIATE")  # whoever would write now waits
            journal.post(make_entry(1))

    with contextlib.closing(sqlite3.connect(journal_path, isolation_level=None)) as other:
        told = rf"1 of .* written to {journal_path}: the disk does not answer"
        with pytest.raises(JournalError, match=told):
            await end_behind(other)
        other.execute("ROLLBACK")
        for thread in threading.enumerate():
            if thread.name == "journal writer":
                thread.join()

        assert other.execute("SELECT count(*) FROM events").fetchone() == (1,)


async def test_a_bug_in_the_writer_leaves_nobody_waiting(
    journal_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[type[BaseException] | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_type))
    rows = render_entry(make_entry(1))
    # SQLite's own errors are failures of the disk; this one is raised before SQLite is asked.
    bad = EntryRows(
        call=rows.call | {"started_unix_s": 2**63}, event={}, utterance=None, latency=None
    )

    async def meet_a_bug() -> None:
        async with open_journal(journal_path) as journal:
            journal._writer.put(bad)
            journal.post(make_entry(1))
            with pytest.raises(JournalError, match="its writer has ended"):
                await journal.settle()
            with pytest.raises(JournalError, match="closed"):
                journal.post(make_entry(2))
            with pytest.raises(JournalError, match="closed"):
                await journal.settle()

    with pytest.raises(JournalError, match="its writer has ended"):
        await meet_a_bug()

    assert raised == [OverflowError]
