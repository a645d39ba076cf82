import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.call.events import Answered, EndReason, HungUp, LegEvent, Placed, Rang
from voicecalld.errors import BadMessageError
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.base import CarrierReport, Direction
from voicecalld.provider.http import Webhook
from voicecalld.provider.mock.webhook import END_REASONS, MockReason, parse_webhook

FIELDS: dict[str, object] = {
    "event": "ringing",
    "id": "event-1",
    "call": "mock-1",
    "callId": "call-1",
    "direction": "outbound",
    "from": "+15550002",
    "to": "+15550001",
}


def webhook(fields: object) -> Webhook:
    body = json.dumps(fields).encode()
    return Webhook(method="POST", url="mock://x", headers={}, body=body)


def parse(**changes: object) -> tuple[CarrierReport, ...]:
    return parse_webhook(webhook(FIELDS | changes))


def test_a_report_holds_everything_that_the_carrier_said() -> None:
    assert parse() == (
        CarrierReport(
            provider_call_id=ProviderCallId("mock-1"),
            event=Rang(),
            call_id=CallId("call-1"),
            direction=Direction.OUTBOUND,
            from_="+15550002",
            to="+15550001",
        ),
    )


def test_a_call_that_a_telephone_placed_has_no_id_of_ours() -> None:
    fields = {name: value for name, value in FIELDS.items() if name != "callId"}
    fields |= {"event": "initiated", "direction": "inbound", "from": "anonymous"}

    (report,) = parse_webhook(webhook(fields))

    assert report.call_id is None
    assert report.direction is Direction.INBOUND
    assert report.from_ == "anonymous"


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("initiated", Placed(provider_call_id=ProviderCallId("mock-1"))),
        ("ringing", Rang()),
        ("answered", Answered()),
    ],
)
def test_each_kind_of_event_is_a_fact_about_the_leg(name: str, event: LegEvent) -> None:
    (report,) = parse(event=name)

    assert report.event == event


@pytest.mark.parametrize("word", [*MockReason])
def test_every_reason_of_the_carrier_is_one_of_ours(word: MockReason) -> None:
    (report,) = parse(event="ended", reason=word.value)

    assert report.event == HungUp(reason=END_REASONS[word])


def test_a_rejected_call_counts_as_busy() -> None:
    (report,) = parse(event="ended", reason="rejected")

    assert report.event == HungUp(reason=EndReason.BUSY)


@pytest.mark.parametrize(
    "changes",
    [
        {"event": 1},
        {"event": None},
        {"id": ""},
        {"id": 7},
        {"call": ""},
        {"call": "a/b"},
        {"call": "a" * 129},
        {"call": None},
        {"callId": 3},
        {"callId": ""},
        {"direction": "sideways"},
        {"direction": None},
        {"from": None},
        {"to": ["+15550001"]},
        {"event": "ended"},
        {"event": "ended", "reason": "bored"},
        {"event": "ended", "reason": ["busy"]},
    ],
)
def test_an_event_with_a_wrong_field_is_a_bad_message(changes: dict[str, object]) -> None:
    with pytest.raises(BadMessageError):
        parse(**changes)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"[" * 100_000, b"\xff", b'{"id":"1"}'])
def test_what_is_no_event_at_all_is_a_bad_message(body: bytes) -> None:
    with pytest.raises(BadMessageError):
        parse_webhook(Webhook(method="POST", url="mock://x", headers={}, body=body))


@given(
    name=st.text().filter(lambda name: name not in {"initiated", "ringing", "answered", "ended"})
)
def test_events_of_other_names_say_nothing(name: str) -> None:
    assert parse_webhook(webhook({"event": name})) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FIELDS, "reason", "x"]), inner, max_size=8)
    ),
)


@given(document=JSON)
def test_any_document_is_read_or_refused_as_a_bad_message(document: object) -> None:
    with suppress(BadMessageError):
        assert len(parse_webhook(webhook(document))) <= 1
