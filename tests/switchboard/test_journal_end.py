import contextlib
import pathlib
import random
import sqlite3
import subprocess
import sys

import pytest
import trio
import trio.testing

from tests.switchboard.journalling import make_entry, numbers, post_all
from voicecalld.errors import JournalError, StartError
from voicecalld.switchboard.journal import JournalStatistics, open_journal

ROOT = pathlib.Path(__file__).parents[2]


# --- when the journal is closed -------------------------------------------------------


async def test_a_cancelled_block_writes_what_was_posted(journal_path: pathlib.Path) -> None:
    with trio.CancelScope() as scope:
        async with open_journal(journal_path) as journal:
            for number in range(100):
                journal.post(make_entry(number))
            scope.cancel()
            await trio.lowlevel.checkpoint()

    assert scope.cancelled_caught
    assert journal.statistics().written == 100
    async with open_journal(journal_path) as journal:
        assert numbers(await journal.events(0, 1000)) == list(range(100))


async def test_a_cancelled_block_can_still_settle_while_it_cleans_up(
    journal_path: pathlib.Path,
) -> None:
    with trio.CancelScope() as scope:
        async with open_journal(journal_path) as journal:
            scope.cancel()
            with trio.move_on_after(60, shield=True):
                await post_all(journal, [make_entry(1)])
            assert journal.last_seq == 1
            await trio.lowlevel.checkpoint()

    assert scope.cancelled_caught


async def test_an_error_leaves_the_block_as_it_is(journal_path: pathlib.Path) -> None:
    with pytest.raises(StartError, match="a socket is in use"):
        async with open_journal(journal_path):
            raise StartError("a socket is in use")


async def test_a_journal_is_used_by_one_daemon_at_a_time(journal_path: pathlib.Path) -> None:
    async with open_journal(journal_path) as journal:
        with pytest.raises(StartError, match=f"{journal_path} is in use by another voicecalld"):
            async with open_journal(journal_path):
                pass
        await post_all(journal, [make_entry(1)])

    async with open_journal(journal_path) as journal:
        assert journal.last_seq == 1


async def test_a_closed_journal_refuses_everything(journal_path: pathlib.Path) -> None:
    async with open_journal(journal_path) as journal:
        await post_all(journal, [make_entry(1)])

    with pytest.raises(JournalError, match="closed"):
        journal.post(make_entry(2))
    with pytest.raises(JournalError, match="closed"):
        await journal.calls(1)
    assert journal.statistics() == JournalStatistics(
        posted=1, written=1, transactions=1, failure=None
    )


async def test_a_closed_journal_leaves_one_file_and_its_lock(journal_path: pathlib.Path) -> None:
    async with open_journal(journal_path) as journal:
        await post_all(journal, [make_entry(1)])

    assert {file.name for file in journal_path.parent.iterdir()} == {
        "journal.db",
        "journal.db.lock",
    }


# --- many at once, and sudden death ---------------------------------------------------


def test_no_settled_entry_is_lost_when_the_daemon_is_killed(journal_path: pathlib.Path) -> None:
    chance = random.Random(1876)  # noqa: S311 - it chooses moments, not secrets

    for life in range(10):
        last_settled = live_and_die(journal_path, seed=life, settles=chance.randint(1, 40))

        with contextlib.closing(sqlite3.connect(journal_path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            kept = [seq for (seq,) in database.execute("SELECT seq FROM events ORDER BY seq")]
            told = database.execute("SELECT details ->> 'number' FROM events ORDER BY seq")
            assert [number for (number,) in told] == kept == [*range(1, len(kept) + 1)]
        assert len(kept) >= last_settled


def live_and_die(journal_path: pathlib.Path, *, seed: int, settles: int) -> int:
    """Run the program until it has settled so often, kill it, and return what it said last."""
    command = [sys.executable, "-m", "tests.switchboard.journalling", str(journal_path), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        said = [program.stdout.readline() for _ in range(settles)]
        program.kill()
        said += program.stdout.readlines()
    return int(said[-1])
