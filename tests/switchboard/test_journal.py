import contextlib
import math
import pathlib
import tempfile
from dataclasses import replace

import pytest
import trio
import trio.testing
from hypothesis import given, settings

from tests.switchboard.journal_values import entries
from tests.switchboard.journalling import make_entry, make_record, numbers, post_all
from voicecalld.call.record import LIVE_STATES, CallState, Entry, Speaker, TurnLatency, Utterance
from voicecalld.ids import CallId
from voicecalld.switchboard.journal import Journal, JournalEvent, open_journal

# --- what was posted can be read ------------------------------------------------------


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
            assert await journal.latencies(10, record.call_id) == (
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


async def test_a_call_is_what_its_last_entry_says(journal_path: pathlib.Path) -> None:
    ringing = make_record(state=CallState.RINGING, provider_call_id="CA1", idempotency_key="k")
    ended = replace(ringing, state=CallState.BUSY, ended_unix_s=9.0)

    async with open_journal(journal_path) as journal:
        await post_all(journal, [make_entry(1, record=ringing), make_entry(2, record=ended)])

        assert await journal.calls(10) == (ended,)
        assert [event.record for event in await journal.events(0, 10)] == [ringing, ended]


async def test_calls_come_newest_first_by_their_start(journal_path: pathlib.Path) -> None:
    starts = {"b": 2.0, "d": 4.0, "a": 1.0, "c": 3.0, "c-too": 3.0}
    posted = [make_entry(record=make_record(id_, started_unix_s=s)) for id_, s in starts.items()]

    async with open_journal(journal_path) as journal:
        await post_all(journal, posted)

        assert [call.call_id for call in await journal.calls(4)] == ["d", "c-too", "c", "b"]


async def test_a_call_is_found_by_the_carriers_id_too(journal_path: pathlib.Path) -> None:
    # The carrier used CA1 twice, and once took the name of a call of ours.
    old = make_record("old", started_unix_s=1.0, provider_call_id="CA1")
    new = make_record("new", started_unix_s=2.0, provider_call_id="CA1")
    odd = make_record("odd", started_unix_s=3.0, provider_call_id="old")

    async with open_journal(journal_path) as journal:
        await post_all(journal, [make_entry(record=record) for record in (new, old, odd)])

        assert await journal.call("CA1") == new
        assert await journal.call("old") == old
        assert await journal.call("odd") == odd
        assert await journal.call("CA2") is None


async def test_open_calls_are_those_in_a_live_state(journal_path: pathlib.Path) -> None:
    posted = [make_entry(record=make_record(state, state=state)) for state in CallState]

    async with open_journal(journal_path) as journal:
        await post_all(journal, posted)
        found = await journal.open_calls()

    assert {call.state for call in found} == LIVE_STATES
    assert len(found) == len(LIVE_STATES)


async def test_a_key_belongs_to_the_first_call_that_came_with_it(
    journal_path: pathlib.Path,
) -> None:
    first = make_record("first", idempotency_key="key")
    second = make_record("second", idempotency_key="key")
    ended = replace(first, state=CallState.COMPLETED)

    async with open_journal(journal_path) as journal:
        await post_all(journal, [make_entry(record=record) for record in (first, second, ended)])

        assert await journal.call_for_key("key") == ended
        assert await journal.call("second") == replace(second, idempotency_key=None)
        assert await journal.call_for_key("another") is None


async def test_utterances_are_those_of_one_call_in_order(journal_path: pathlib.Path) -> None:
    said = [Utterance(speaker=Speaker.BOT, text=str(i), unix_s=9.0 - i) for i in range(6)]
    posted = [
        make_entry(i, record=make_record(f"call-{i % 2}"), utterance=utterance)
        for i, utterance in enumerate(said)
    ]

    async with open_journal(journal_path) as journal:
        await post_all(journal, posted)

        assert await journal.utterances(CallId("call-1")) == tuple(said[1::2])
        assert await journal.utterances(CallId("call-2")) == ()


async def test_latencies_are_the_last_ones_newest_last(journal_path: pathlib.Path) -> None:
    turns = [TurnLatency(turn=i, unix_s=float(i)) for i in range(6)]
    posted = [
        make_entry(i, record=make_record(f"call-{i % 2}"), latency=turn)
        for i, turn in enumerate(turns)
    ]

    async with open_journal(journal_path) as journal:
        await post_all(journal, posted)

        assert [turn.turn for turn in await journal.latencies(2, CallId("call-0"))] == [2, 4]


async def test_turns_of_the_latest_calls_that_had_any_come_with_their_carriers(
    journal_path: pathlib.Path,
) -> None:
    carriers = {"old": "plivo", "new": "mock", "newest": "telnyx", "silent": "twilio"}
    records = {
        name: replace(make_record(name, started_unix_s=float(number)), provider=carrier)
        for number, (name, carrier) in enumerate(carriers.items())
    }
    names = ("newest", "old", "new", "newest", "new")
    posted = [
        make_entry(i, record=records[name], latency=TurnLatency(turn=i, unix_s=0.0))
        for i, name in enumerate(names)
    ]

    async with open_journal(journal_path) as journal:
        await post_all(journal, [*posted, make_entry(9, record=records["silent"])])
        found = await journal.recent_latencies(calls=2, turns=3)
        last = await journal.recent_latencies(calls=1, turns=9)

    assert [(one.call_id, one.provider, one.latency.turn) for one in found] == [
        ("new", "mock", 2),
        ("newest", "telnyx", 3),
        ("new", "mock", 4),
    ]
    assert [one.latency.turn for one in last] == [0, 3]


async def test_events_of_a_call_are_found_by_their_names(journal_path: pathlib.Path) -> None:
    posted = [
        replace(make_entry(i, record=make_record(f"call-{i % 2}")), event=event)
        for i, event in enumerate(("a", "a", "b", "b", "c", "c", "a", "a"))
    ]

    async with open_journal(journal_path) as journal:
        await post_all(journal, posted)
        found = await journal.events_of(CallId("call-1"), ("a", "c"), limit=9)
        first = await journal.events_of(CallId("call-1"), ("a", "c"), limit=1)
        none = await journal.events_of(CallId("call-2"), ("a",), limit=9)

    assert [(one.event, one.details["number"]) for one in found] == [("a", 1), ("c", 5), ("a", 7)]
    assert first == found[:1]
    assert none == ()


async def test_events_are_numbered_on_when_the_journal_is_opened_again(
    journal_path: pathlib.Path,
) -> None:
    async with open_journal(journal_path) as journal:
        assert journal.last_seq == 0
        await post_all(journal, [make_entry(number) for number in (1, 2, 3)])
        assert journal.last_seq == 3

    async with open_journal(journal_path) as journal:
        assert journal.last_seq == 3
        await post_all(journal, [make_entry(4)])
        found = await journal.events(after=1, limit=2)
        rest = await journal.events(after=3, limit=2)

    assert [event.seq for event in found] == numbers(found) == [2, 3]
    assert [event.seq for event in rest] == numbers(rest) == [4]


async def test_text_that_cannot_be_stored_is_repaired_when_posted_and_when_asked_for(
    journal_path: pathlib.Path,
) -> None:
    async with open_journal(journal_path) as journal, contextlib.AsyncExitStack() as stack:
        channel = stack.enter_context(journal.subscribe())
        await post_all(journal, [make_entry(record=make_record("half \ud83d"))])

        assert (await channel.receive()).record.call_id == "half �"
        assert await journal.call("half \ud83d") == make_record("half �")


async def test_an_entry_that_cannot_be_stored_is_refused_and_harms_no_other(
    journal_path: pathlib.Path,
) -> None:
    async with open_journal(journal_path) as journal:
        journal.post(make_entry(1))
        with pytest.raises(ValueError, match="not a finite number"):
            journal.post(replace(make_entry(2), unix_s=math.nan))
        await post_all(journal, [make_entry(3)])

        assert numbers(await journal.events(0, 10)) == [1, 3]


# --- many at once, and sudden death ---------------------------------------------------


async def test_two_hundred_calls_share_transactions_and_each_keeps_its_order(
    journal_path: pathlib.Path,
) -> None:
    async def call(journal: Journal, name: str) -> None:
        for number in range(20):
            journal.post(make_entry(number, record=make_record(name)))
            await journal.settle()

    async with open_journal(journal_path) as journal:
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
