import contextlib
import math
import pathlib
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

import voicecalld.switchboard.journal as journal_module
import voicecalld.switchboard.journal_writer as writer_module
from tests.switchboard.journalling import make_entry, make_record
from voicecalld.call.record import (
    LIVE_STATES,
    CallRecord,
    CallState,
    Entry,
    Mode,
    Speaker,
    TurnLatency,
    Utterance,
)
from voicecalld.errors import JournalError, StartError
from voicecalld.ids import CallId
from voicecalld.provider.http import Reply
from voicecalld.switchboard.journal import (
    MAX_UNREAD_EVENTS,
    Journal,
    JournalEvent,
    JournalStatistics,
    open_journal,
)
from voicecalld.switchboard.journal_rows import EntryRows, render_entry
from voicecalld.switchboard.journal_writer import MAX_GROUP_ENTRIES, Attempt

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "journal.db"


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Let the kernel refuse every write to a file, as it does when a disk is full or broken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def numbers(events: Sequence[JournalEvent]) -> list[object]:
    return [event.details["number"] for event in events]


async def receive(
    channel: trio.MemoryReceiveChannel[JournalEvent], count: int
) -> list[JournalEvent]:
    return [await channel.receive() for _ in range(count)]


async def post_all(journal: Journal, entries: Sequence[Entry]) -> None:
    for entry in entries:
        journal.post(entry)
    await journal.settle()


# --- what was posted can be read ------------------------------------------------------

texts = st.text() | st.sampled_from(
    ["👩‍👩‍👧 hi", "مرحبا \u202e", "\x00", "a\x00b", "", "'; --", "\n"]
)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | texts,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(texts, values, max_size=3),
    max_leaves=5,
)
entries = st.builds(
    Entry,
    event=texts,
    unix_s=finite,
    record=st.builds(
        CallRecord,
        call_id=texts.map(CallId),
        provider=texts,
        direction=texts,
        mode=st.sampled_from(Mode),
        state=st.sampled_from(CallState),
        from_number=texts,
        to_number=texts,
        started_unix_s=finite,
        provider_call_id=st.none() | texts,
        answered_unix_s=st.none() | finite,
        ended_unix_s=st.none() | finite,
        idempotency_key=st.none() | texts,
    ),
    details=st.dictionaries(texts, json_values, max_size=3),
    utterance=st.none()
    | st.builds(
        Utterance,
        speaker=st.sampled_from(Speaker),
        text=texts,
        unix_s=finite,
        interrupted=st.booleans(),
    ),
    latency=st.none()
    | st.builds(
        TurnLatency,
        turn=st.integers(-(2**63), 2**63 - 1),
        unix_s=finite,
        endpoint_s=st.none() | finite,
        transcript_s=st.none() | finite,
        first_text_s=st.none() | finite,
        first_audio_s=st.none() | finite,
        first_frame_s=st.none() | finite,
        first_mark_s=st.none() | finite,
    ),
)


@settings(max_examples=50)
@given(entry=entries)
async def test_whatever_is_posted_is_read_back_the_same(entry: Entry) -> None:
    record = entry.record
    with tempfile.TemporaryDirectory() as directory:
        async with open_journal(pathlib.Path(directory, "journal.db")) as journal:
            await post_all(journal, [entry])

            assert await journal.call(record.call_id) == record
            assert await journal.calls(10) == (record,)
            assert await journal.utterances(record.call_id) == (
                () if entry.utterance is None else (entry.utterance,)
            )
            assert await journal.latencies(10) == (
                () if entry.latency is None else (entry.latency,)
            )
            assert await journal.events(after=0, limit=10) == (
                JournalEvent(
                    seq=1,
                    event=entry.event,
                    unix_s=entry.unix_s,
                    record=record,
                    details=entry.details,
                ),
            )


async def test_a_call_is_what_its_last_entry_says(path: pathlib.Path) -> None:
    ringing = make_record(state=CallState.RINGING, provider_call_id="CA1", idempotency_key="k")
    ended = replace(ringing, state=CallState.BUSY, ended_unix_s=9.0)

    async with open_journal(path) as journal:
        await post_all(journal, [make_entry(1, record=ringing), make_entry(2, record=ended)])

        assert await journal.calls(10) == (ended,)
        assert [event.record for event in await journal.events(0, 10)] == [ringing, ended]


async def test_calls_come_newest_first_by_their_start(path: pathlib.Path) -> None:
    starts = {"b": 2.0, "d": 4.0, "a": 1.0, "c": 3.0, "c-too": 3.0}
    posted = [make_entry(record=make_record(id_, started_unix_s=s)) for id_, s in starts.items()]

    async with open_journal(path) as journal:
        await post_all(journal, posted)

        assert [call.call_id for call in await journal.calls(4)] == ["d", "c-too", "c", "b"]


async def test_a_call_is_found_by_the_carriers_id_too(path: pathlib.Path) -> None:
    # The carrier used CA1 twice, and once took the name of a call of ours.
    old = make_record("old", started_unix_s=1.0, provider_call_id="CA1")
    new = make_record("new", started_unix_s=2.0, provider_call_id="CA1")
    odd = make_record("odd", started_unix_s=3.0, provider_call_id="old")

    async with open_journal(path) as journal:
        await post_all(journal, [make_entry(record=record) for record in (new, old, odd)])

        assert await journal.call("CA1") == new
        assert await journal.call("old") == old
        assert await journal.call("odd") == odd
        assert await journal.call("CA2") is None


async def test_open_calls_are_those_in_a_live_state(path: pathlib.Path) -> None:
    posted = [make_entry(record=make_record(state, state=state)) for state in CallState]

    async with open_journal(path) as journal:
        await post_all(journal, posted)
        found = await journal.open_calls()

    assert {call.state for call in found} == LIVE_STATES
    assert len(found) == len(LIVE_STATES)


async def test_a_key_belongs_to_the_first_call_that_came_with_it(path: pathlib.Path) -> None:
    first = make_record("first", idempotency_key="key")
    second = make_record("second", idempotency_key="key")
    ended = replace(first, state=CallState.COMPLETED)

    async with open_journal(path) as journal:
        await post_all(journal, [make_entry(record=record) for record in (first, second, ended)])

        assert await journal.call_for_key("key") == ended
        assert await journal.call("second") == replace(second, idempotency_key=None)
        assert await journal.call_for_key("another") is None


async def test_utterances_are_those_of_one_call_in_order(path: pathlib.Path) -> None:
    said = [Utterance(speaker=Speaker.BOT, text=str(i), unix_s=9.0 - i) for i in range(6)]
    posted = [
        make_entry(i, record=make_record(f"call-{i % 2}"), utterance=utterance)
        for i, utterance in enumerate(said)
    ]

    async with open_journal(path) as journal:
        await post_all(journal, posted)

        assert await journal.utterances(CallId("call-1")) == tuple(said[1::2])
        assert await journal.utterances(CallId("call-2")) == ()


async def test_latencies_are_the_last_ones_newest_last(path: pathlib.Path) -> None:
    turns = [TurnLatency(turn=i, unix_s=float(i)) for i in range(6)]
    posted = [
        make_entry(i, record=make_record(f"call-{i % 2}"), latency=turn)
        for i, turn in enumerate(turns)
    ]

    async with open_journal(path) as journal:
        await post_all(journal, posted)

        assert [turn.turn for turn in await journal.latencies(3)] == [3, 4, 5]
        assert [turn.turn for turn in await journal.latencies(2, CallId("call-0"))] == [2, 4]


async def test_events_are_numbered_on_when_the_journal_is_opened_again(
    path: pathlib.Path,
) -> None:
    async with open_journal(path) as journal:
        assert journal.last_seq == 0
        await post_all(journal, [make_entry(number) for number in (1, 2, 3)])
        assert journal.last_seq == 3

    async with open_journal(path) as journal:
        assert journal.last_seq == 3
        await post_all(journal, [make_entry(4)])
        found = await journal.events(after=1, limit=2)
        rest = await journal.events(after=3, limit=2)

    assert [event.seq for event in found] == numbers(found) == [2, 3]
    assert [event.seq for event in rest] == numbers(rest) == [4]


async def test_text_that_cannot_be_stored_is_repaired_when_posted_and_when_asked_for(
    path: pathlib.Path,
) -> None:
    async with open_journal(path) as journal, contextlib.AsyncExitStack() as stack:
        channel = stack.enter_context(journal.subscribe())
        await post_all(journal, [make_entry(record=make_record("half \ud83d"))])

        assert (await channel.receive()).record.call_id == "half �"
        assert await journal.call("half \ud83d") == make_record("half �")


async def test_an_entry_that_cannot_be_stored_is_refused_and_harms_no_other(
    path: pathlib.Path,
) -> None:
    async with open_journal(path) as journal:
        journal.post(make_entry(1))
        with pytest.raises(ValueError, match="not a finite number"):
            journal.post(replace(make_entry(2), unix_s=math.nan))
        await post_all(journal, [make_entry(3)])

        assert numbers(await journal.events(0, 10)) == [1, 3]


# --- how webhooks were answered -------------------------------------------------------

replies = st.builds(
    Reply, status=st.integers(100, 599), content_type=texts, body=st.binary(max_size=1000)
)


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
    path: pathlib.Path,
) -> None:
    async with open_journal(path) as journal:
        journal.remember("key", Reply(body=b"yes"), 1000.0)

    async with open_journal(path) as journal:
        assert await journal.recall("key", 1000.0) == Reply(body=b"yes")
        assert await journal.recall("key", 1000.5) is None


async def test_a_key_that_is_answered_again_has_the_newer_answer(path: pathlib.Path) -> None:
    async with open_journal(path) as journal:
        journal.remember("key", Reply(body=b"old"), 1.0)
        journal.remember("key", Reply(body=b"new"), 2.0)
        await journal.settle()

        assert await journal.recall("key", 0.0) == Reply(body=b"new")


async def test_a_reply_is_no_event_and_keeps_its_place_among_them(path: pathlib.Path) -> None:
    async with open_journal(path) as journal, contextlib.AsyncExitStack() as stack:
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
    path: pathlib.Path,
) -> None:
    async with open_journal(path) as journal:
        await post_all(journal, [make_entry(1)])
        with full_disk():
            journal.remember("key", Reply(), 1.0)
            with pytest.raises(JournalError, match="cannot be written"):
                await journal.settle()
            assert await journal.recall("key", 0.0) is None
        await journal.settle()

        assert await journal.recall("key", 0.0) == Reply()


async def test_a_closed_journal_takes_no_reply(path: pathlib.Path) -> None:
    async with open_journal(path) as journal:
        pass

    with pytest.raises(JournalError, match="closed"):
        journal.remember("key", Reply(), 1.0)


def replies_kept(path: pathlib.Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return [key for (key,) in database.execute("SELECT key FROM replies ORDER BY rowid")]


async def test_replies_of_yesterday_are_removed(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "REPLIES_BETWEEN_LOOKS", 4)
    day_s = writer_module.REPLY_LIFETIME_S

    async with open_journal(path) as journal:
        for number, unix_s in enumerate((0.0, 1.0, 1.0 + day_s / 2, 1.0 + day_s)):
            journal.remember(f"key {number}", Reply(), unix_s)

    assert replies_kept(path) == ["key 1", "key 2", "key 3"]


@pytest.mark.parametrize("pace_s", [0.0, 1.0])  # also when the clock stands still
async def test_no_more_replies_are_kept_than_fit(
    pace_s: float, path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "REPLIES_BETWEEN_LOOKS", 5)
    monkeypatch.setattr(writer_module, "MAX_REPLIES", 7)

    async with open_journal(path) as journal:
        for number in range(100):
            journal.remember(f"key {number}", Reply(), number * pace_s)

    assert replies_kept(path) == [f"key {number}" for number in range(93, 100)]


# --- when the disk fails --------------------------------------------------------------


async def test_settling_says_that_the_disk_fails_and_later_nothing_is_missing(
    path: pathlib.Path,
) -> None:
    async with open_journal(path) as journal:
        await post_all(journal, [make_entry(1)])

        with full_disk():
            journal.post(make_entry(2))
            with pytest.raises(JournalError, match=r"cannot be written: .*disk"):
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
    path: pathlib.Path,
) -> None:
    written = Attempt(through=1, events=[{"seq": 1}], failure=None)
    failed = Attempt(through=2, events=(), failure="disk full")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        async with open_journal(path) as journal, trio.open_nursery() as nursery:
            other.execute("BEGIN IMMEDIATE")  # the writer waits, and both reports are ours
            journal.post(make_entry(1))
            nursery.start_soon(journal.settle)
            await trio.testing.wait_all_tasks_blocked()

            journal._on_attempted(written)
            journal._on_attempted(failed)

            other.execute("ROLLBACK")


async def test_settling_when_everything_is_on_disk_only_lets_others_run(
    path: pathlib.Path,
) -> None:
    async with open_journal(path) as journal:
        await post_all(journal, [make_entry(1)])

        with trio.testing.assert_checkpoints():
            await journal.settle()


async def test_a_group_of_which_one_entry_fails_leaves_nothing_behind_and_is_written_later(
    path: pathlib.Path,
) -> None:
    refuse = """
        CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.details LIKE '%2%'
        BEGIN SELECT RAISE(ABORT, 'not today'); END
    """
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        async with open_journal(path) as journal:
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


async def test_a_long_line_is_written_in_order_in_several_groups(path: pathlib.Path) -> None:
    count = 2 * MAX_GROUP_ENTRIES + 1
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        async with open_journal(path) as journal:
            other.execute("BEGIN IMMEDIATE")  # the writer waits while the line grows
            for number in range(count):
                journal.post(make_entry(number))
            other.execute("ROLLBACK")
            await journal.settle()

            assert numbers(await journal.events(0, count)) == [*range(count)]
            assert 3 <= journal.statistics().transactions <= 4


async def test_a_failed_write_is_tried_again_without_being_asked_for(path: pathlib.Path) -> None:
    async with open_journal(path) as journal:
        with journal.subscribe() as channel:
            with full_disk():
                journal.post(make_entry(1))
                with pytest.raises(JournalError):
                    await journal.settle()

            assert numbers(await receive(channel, 1)) == [1]


async def test_nobody_hears_of_an_event_that_is_not_on_disk(path: pathlib.Path) -> None:
    async with open_journal(path) as journal:
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


async def test_what_cannot_be_written_at_the_end_is_not_lost_silently(path: pathlib.Path) -> None:
    async def end_on_a_full_disk(disk: contextlib.ExitStack) -> None:
        async with open_journal(path) as journal:
            await post_all(journal, [make_entry(1)])
            disk.enter_context(full_disk())
            journal.post(make_entry(2))
            journal.post(make_entry(3))

    with (
        contextlib.ExitStack() as disk,
        pytest.raises(JournalError, match=r"2 of the journal's entries .*: .*disk"),
    ):
        await end_on_a_full_disk(disk)

    async with open_journal(path) as journal:
        assert numbers(await journal.events(0, 10)) == [1]


async def test_a_journal_that_could_not_be_written_for_long_refuses_more(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MAX_UNWRITTEN_ENTRIES", 3)
    async with open_journal(path) as journal:
        with full_disk():
            for number in (1, 2, 3):
                journal.post(make_entry(number))
            with pytest.raises(JournalError, match="too many entries wait"):
                journal.post(make_entry(4))
        await journal.settle()
        await post_all(journal, [make_entry(5)])

        assert numbers(await journal.events(0, 10)) == [1, 2, 3, 5]


async def test_a_disk_that_does_not_answer_does_not_keep_the_journal_open(
    path: pathlib.Path, autojump_clock: trio.testing.MockClock
) -> None:
    async def end_behind(other: sqlite3.Connection) -> None:
        async with open_journal(path) as journal:
            other.execute("BEGIN IMMEDIATE")  # whoever would write now waits
            journal.post(make_entry(1))

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        with pytest.raises(JournalError, match=r"1 of .*: the disk does not answer"):
            await end_behind(other)
        other.execute("ROLLBACK")
        for thread in threading.enumerate():
            if thread.name == "journal writer":
                thread.join()

        assert other.execute("SELECT count(*) FROM events").fetchone() == (1,)


async def test_a_bug_in_the_writer_leaves_nobody_waiting(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[type[BaseException] | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_type))
    rows = render_entry(make_entry(1))
    # SQLite's own errors are failures of the disk; this one is raised before SQLite is asked.
    bad = EntryRows(
        call=rows.call | {"started_unix_s": 2**63}, event={}, utterance=None, latency=None
    )

    async def meet_a_bug() -> None:
        async with open_journal(path) as journal:
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


# --- when the journal is closed -------------------------------------------------------


async def test_a_cancelled_block_writes_what_was_posted(path: pathlib.Path) -> None:
    with trio.CancelScope() as scope:
        async with open_journal(path) as journal:
            for number in range(100):
                journal.post(make_entry(number))
            scope.cancel()
            await trio.lowlevel.checkpoint()

    assert scope.cancelled_caught
    assert journal.statistics().written == 100
    async with open_journal(path) as journal:
        assert numbers(await journal.events(0, 1000)) == list(range(100))


async def test_a_cancelled_block_can_still_settle_while_it_cleans_up(path: pathlib.Path) -> None:
    with trio.CancelScope() as scope:
        async with open_journal(path) as journal:
            scope.cancel()
            with trio.move_on_after(60, shield=True):
                await post_all(journal, [make_entry(1)])
            assert journal.last_seq == 1
            await trio.lowlevel.checkpoint()

    assert scope.cancelled_caught


async def test_an_error_leaves_the_block_as_it_is(path: pathlib.Path) -> None:
    with pytest.raises(StartError, match="a socket is in use"):
        async with open_journal(path):
            raise StartError("a socket is in use")


async def test_a_journal_is_used_by_one_daemon_at_a_time(path: pathlib.Path) -> None:
    async with open_journal(path) as journal:
        with pytest.raises(StartError, match=f"{path} is in use by another voicecalld"):
            async with open_journal(path):
                pass
        await post_all(journal, [make_entry(1)])

    async with open_journal(path) as journal:
        assert journal.last_seq == 1


async def test_a_closed_journal_refuses_everything(path: pathlib.Path) -> None:
    async with open_journal(path) as journal:
        await post_all(journal, [make_entry(1)])

    with pytest.raises(JournalError, match="closed"):
        journal.post(make_entry(2))
    with pytest.raises(JournalError, match="closed"):
        await journal.calls(1)
    assert journal.statistics() == JournalStatistics(
        posted=1, written=1, transactions=1, failure=None
    )


async def test_a_closed_journal_leaves_one_file_and_its_lock(path: pathlib.Path) -> None:
    async with open_journal(path) as journal:
        await post_all(journal, [make_entry(1)])

    assert {file.name for file in path.parent.iterdir()} == {"journal.db", "journal.db.lock"}


# --- who listens ----------------------------------------------------------------------


async def test_a_subscriber_hears_everything_from_then_on(path: pathlib.Path) -> None:
    async with open_journal(path) as journal:
        await post_all(journal, [make_entry(1)])
        with journal.subscribe() as one, journal.subscribe() as other:
            await post_all(journal, [make_entry(number) for number in (2, 3, 4)])

            assert numbers(await receive(one, 3)) == [2, 3, 4]
            assert numbers(await receive(other, 3)) == [2, 3, 4]


async def test_a_subscriber_too_slow_to_keep_up_is_cut_off_and_harms_nobody(
    path: pathlib.Path,
) -> None:
    half = MAX_UNREAD_EVENTS // 2 + 1
    async with open_journal(path) as journal:
        with journal.subscribe() as slow, journal.subscribe() as quick:
            heard = []
            for burst in (range(half), range(half, 2 * half)):
                await post_all(journal, [make_entry(number) for number in burst])
                heard += await receive(quick, half)
            missed = [event async for event in slow]

    assert numbers(heard) == [*range(2 * half)]
    # It reads what had found room, and then the end.
    assert numbers(missed) == [*range(MAX_UNREAD_EVENTS)]


async def test_a_subscriber_that_has_left_harms_nobody(path: pathlib.Path) -> None:
    async with open_journal(path) as journal:
        with journal.subscribe() as closed, journal.subscribe() as channel:
            with journal.subscribe():
                pass
            closed.close()
            await post_all(journal, [make_entry(1)])

            assert numbers(await receive(channel, 1)) == [1]


async def test_a_subscriber_hears_the_last_words_and_then_that_the_journal_is_closed(
    path: pathlib.Path,
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with open_journal(path) as journal:
            channel = stack.enter_context(journal.subscribe())
            journal.post(make_entry(1))

        assert numbers([event async for event in channel]) == [1]


# --- many at once, and sudden death ---------------------------------------------------


async def test_two_hundred_calls_share_transactions_and_each_keeps_its_order(
    path: pathlib.Path,
) -> None:
    async def call(journal: Journal, name: str) -> None:
        for number in range(20):
            journal.post(make_entry(number, record=make_record(name)))
            await journal.settle()

    async with open_journal(path) as journal:
        async with trio.open_nursery() as nursery:
            for index in range(200):
                nursery.start_soon(call, journal, f"call-{index}")
        events = await journal.events(0, 10_000)
        statistics = journal.statistics()

    by_call: dict[str, list[object]] = {}
    for event in events:
        by_call.setdefault(event.record.call_id, []).append(event.details["number"])
    assert len(by_call) == 200
    assert all(order == [*range(20)] for order in by_call.values())
    assert statistics.written == 200 * 20
    # Without sharing there would be 4000. Each call settles 20 times, so 20 is the least.
    assert 20 <= statistics.transactions < 400


def test_no_settled_entry_is_lost_when_the_daemon_is_killed(path: pathlib.Path) -> None:
    chance = random.Random(1876)  # noqa: S311 - it chooses moments, not secrets

    for life in range(10):
        last_settled = live_and_die(path, seed=life, settles=chance.randint(1, 40))

        with contextlib.closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            kept = [seq for (seq,) in database.execute("SELECT seq FROM events ORDER BY seq")]
            told = database.execute("SELECT details ->> 'number' FROM events ORDER BY seq")
            assert [number for (number,) in told] == kept == [*range(1, len(kept) + 1)]
        assert len(kept) >= last_settled


def live_and_die(path: pathlib.Path, *, seed: int, settles: int) -> int:
    """Run the program until it has settled so often, kill it, and return what it said last."""
    command = [sys.executable, "-m", "tests.switchboard.journalling", str(path), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        said = [program.stdout.readline() for _ in range(settles)]
        program.kill()
        said += program.stdout.readlines()
    return int(said[-1])
