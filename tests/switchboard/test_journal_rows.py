import math
from dataclasses import replace

import pytest

from tests.switchboard.journalling import make_entry, make_record
from voicecalld.call.record import Json, Speaker, TurnLatency, Utterance
from voicecalld.ids import CallId
from voicecalld.provider.http import Reply
from voicecalld.switchboard.journal_rows import (
    parse_latency,
    parse_record,
    parse_reply,
    parse_utterance,
    render_entry,
    render_reply,
    storable,
)


def test_what_becomes_rows_can_be_made_of_them_again() -> None:
    utterance = Utterance(speaker=Speaker.USER, text="שלום 👋", unix_s=2.5, interrupted=True)
    latency = TurnLatency(turn=3, unix_s=4.0, endpoint_s=0.7)
    entry = make_entry(utterance=utterance, latency=latency)

    rows = render_entry(entry)

    assert parse_record(rows.call) == entry.record
    assert rows.utterance is not None
    assert parse_utterance(rows.utterance) == utterance
    assert rows.latency is not None
    assert parse_latency(rows.latency) == latency


def test_what_an_entry_does_not_have_makes_no_row() -> None:
    rows = render_entry(make_entry())

    assert rows.utterance is None
    assert rows.latency is None


def test_rows_do_not_change_with_the_details_they_were_made_of() -> None:
    details: dict[str, Json] = {"digits": "1"}

    rows = render_entry(replace(make_entry(), details=details))
    details["digits"] = "2"

    assert rows.event["details"] == '{"digits":"1"}'


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("half \ud83d", "half �"),
        ("\udc4b\ud83d", "��"),
        ("\ud83d\udc4b", "👋"),  # two halves that a JSON parser did not put together
        ("\x00 and \u202e", "\x00 and \u202e"),
    ],
)
def test_text_that_utf_8_cannot_say_is_repaired(text: str, stored: str) -> None:
    entry = replace(make_entry(), record=make_record(text), details={"text": text})

    rows = render_entry(entry)

    assert parse_record(rows.call).call_id == CallId(stored)
    rows.event["record"].encode()
    rows.event["details"].encode()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 2**63, -(2**63) - 1])
def test_a_number_that_a_database_would_change_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match=r"number|integer"):
        storable(number)


@pytest.mark.parametrize("number", [0, 2**63 - 1, -(2**63), 5e-324, -1.7e308])
def test_a_number_that_a_database_can_keep_stays_as_it_is(number: float) -> None:
    assert storable(number) == number


@pytest.mark.parametrize("details", [{"seconds": math.nan}, {"deep": [{"seconds": math.inf}]}])
def test_details_that_json_cannot_say_are_refused(details: dict[str, Json]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        render_entry(replace(make_entry(), details=details))


def test_a_reply_becomes_a_row_and_the_same_reply_again() -> None:
    reply = Reply(status=503, content_type="text/xml", body=b"\x00\xff<Response/>")

    rows = render_reply("key", reply, 9.5)

    assert parse_reply(rows.row) == reply
    assert (rows.row["key"], rows.row["unix_s"]) == ("key", 9.5)


def test_a_reply_from_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        render_reply("key", Reply(), math.nan)
