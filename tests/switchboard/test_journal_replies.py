import contextlib
import pathlib
import sqlite3
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import voicecalld.switchboard.journal_writer as writer_module
from tests.switchboard.journal_values import replies, texts
from tests.switchboard.journalling import full_disk, make_entry, numbers, post_all, receive
from voicecalld.errors import JournalError
from voicecalld.provider.http import Reply
from voicecalld.switchboard.journal import open_journal


@settings(max_examples=50)
@given(key=texts, reply=replies, unix_s=st.floats(0, 4e9))
async def test_whatever_a_webhook_was_answered_with_is_recalled_byte_by_byte(
    key: str, reply: Reply, unix_s: float
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with open_journal(pathlib.Path(directory, "journal.db")) as journal:
            journal.remember(key, reply, unix_s)
            await journal.settle()

            assert await journal.recall(key, unix_s) == reply
            assert await journal.recall(key + "x", unix_s) is None


async def test_a_reply_survives_a_restart_and_is_forgotten_when_it_is_old(
    journal_path: pathlib.Path,
) -> None:
    async with open_journal(journal_path) as journal:
        journal.remember("key", Reply(body=b"yes"), 1000.0)

    async with open_journal(journal_path) as journal:
        assert await journal.recall("key", 1000.0) == Reply(body=b"yes")
        assert await journal.recall("key", 1000.5) is None


async def test_a_key_that_is_answered_again_has_the_newer_answer(
    journal_path: pathlib.Path,
) -> None:
    async with open_journal(journal_path) as journal:
        journal.remember("key", Reply(body=b"old"), 1.0)
        journal.remember("key", Reply(body=b"new"), 2.0)
        await journal.settle()

        assert await journal.recall("key", 0.0) == Reply(body=b"new")


async def test_a_reply_is_no_event_and_keeps_its_place_among_them(
    journal_path: pathlib.Path,
) -> None:
    async with open_journal(journal_path) as journal, contextlib.AsyncExitStack() as stack:
        channel = stack.enter_context(journal.subscribe())
        journal.post(make_entry(1))
        journal.remember("key", Reply(), 1.0)
        await journal.settle()
        journal.remember("another", Reply(), 1.0)
        await journal.settle()
        await post_all(journal, [make_entry(2)])

        assert numbers(await receive(channel, 2)) == [1, 2]
        assert journal.last_seq == 2
        assert journal.statistics().written == 4


async def test_a_reply_that_cannot_be_written_is_not_recalled_and_comes_to_disk_later(
    journal_path: pathlib.Path,
) -> None:
    async with open_journal(journal_path) as journal:
        await post_all(journal, [make_entry(1)])
        with full_disk():
            journal.remember("key", Reply(), 1.0)
            with pytest.raises(JournalError, match="cannot be written"):
                await journal.settle()
            assert await journal.recall("key", 0.0) is None
        await journal.settle()

        assert await journal.recall("key", 0.0) == Reply()


async def test_a_closed_journal_takes_no_reply(journal_path: pathlib.Path) -> None:
    async with open_journal(journal_path) as journal:
        pass

    with pytest.raises(JournalError, match="closed"):
        journal.remember("key", Reply(), 1.0)


def replies_kept(journal_path: pathlib.Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(journal_path)) as database:
        return [key for (key,) in database.execute("SELECT key FROM replies ORDER BY rowid")]


async def test_replies_of_yesterday_are_removed(
    journal_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "REPLIES_BETWEEN_LOOKS", 4)
    day_s = writer_module.REPLY_LIFETIME_S

    async with open_journal(journal_path) as journal:
        for number, unix_s in enumerate((0.0, 1.0, 1.0 + day_s / 2, 1.0 + day_s)):
            journal.remember(f"key {number}", Reply(), unix_s)

    assert replies_kept(journal_path) == ["key 1", "key 2", "key 3"]


@pytest.mark.parametrize("pace_s", [0.0, 1.0])  # also when the clock stands still
async def test_no_more_replies_are_kept_than_fit(
    pace_s: float, journal_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "REPLIES_BETWEEN_LOOKS", 5)
    monkeypatch.setattr(writer_module, "MAX_REPLIES", 7)

    async with open_journal(journal_path) as journal:
        for number in range(100):
            journal.remember(f"key {number}", Reply(), number * pace_s)

    assert replies_kept(journal_path) == [f"key {number}" for number in range(93, 100)]
