"""Telnyx's webhooks when they are not what they should be."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider.telnyx.telling import CALL, OURS, parse, tell
from voicecalld.errors import BadMessageError
from voicecalld.provider.telnyx.webhook import EVENTS


@pytest.mark.parametrize(
    "call",
    [
        None,
        7,
        "",
        ["v3:a"],
        "v3:a b",
        "v3:a\n",
        "../v3:a",
        "v3:..",
        "v3:a?b",
        "v3:é",
        "v3:\u0663",
        "x" * 257,
    ],
)
def test_a_malformed_call_control_id_is_a_bad_message(call: object) -> None:
    with pytest.raises(BadMessageError):
        tell("call.answered", call_control_id=call)


@pytest.mark.parametrize(
    ("event_type", "fields"),
    [
        ("call.initiated", {"direction": 7}),
        ("call.initiated", {"from": 12065550117}),
        ("call.initiated", {"to": ["+12065550117"]}),
        ("call.initiated", {"from": "\ud800"}),
        ("call.hangup", {"hangup_cause": 16}),
        ("call.machine.detection.ended", {"result": ["machine"]}),
        ("call.transcription", {}),
        ("call.transcription", {"transcription_data": None}),
        ("call.transcription", {"transcription_data": "hi"}),
        ("call.transcription", {"transcription_data": {"transcript": 7}}),
        ("call.transcription", {"transcription_data": {"transcript": "\ud800"}}),
        ("call.transcription", {"transcription_data": {"transcript": "a", "is_final": 1}}),
        ("call.transcription", {"transcription_data": {"transcription_track": 1}}),
        ("call.dtmf.received", {}),
        ("call.dtmf.received", {"digit": ""}),
        ("call.dtmf.received", {"digit": "12"}),
        ("call.dtmf.received", {"digit": 1}),
        ("call.dtmf.received", {"digit": "\u0663"}),
        ("call.dtmf.received", {"digit": "E"}),
    ],
)
def test_a_known_event_with_a_wrong_field_is_a_bad_message(
    event_type: str, fields: dict[str, object]
) -> None:
    with pytest.raises(BadMessageError):
        tell(event_type, **fields)


@pytest.mark.parametrize(
    "document",
    [
        None,
        7,
        "call.answered",
        [],
        {},
        {"data": None},
        {"data": []},
        {"data": {}},
        {"data": {"event_type": None}},
        {"data": {"event_type": 7, "payload": {"call_control_id": CALL}}},
        {"data": {"event_type": "call.answered"}},
        {"data": {"event_type": "call.answered", "payload": None}},
        {"data": {"event_type": "call.answered", "payload": [CALL]}},
        {"event_type": "call.answered", "payload": {"call_control_id": CALL}},
        [{"data": {"event_type": "call.answered", "payload": {"call_control_id": CALL}}}],
    ],
)
def test_a_webhook_of_another_shape_is_a_bad_message(document: object) -> None:
    with pytest.raises(BadMessageError):
        parse(json.dumps(document).encode())


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{", b"[" * 1_000_000, b'{"data":' * 100_000, b"9" * 1_000_000]
)
def test_what_is_no_document_is_a_bad_message(body: bytes) -> None:
    with pytest.raises(BadMessageError):
        parse(body)


@pytest.mark.parametrize(
    "event_type",
    ["call.teleported", "message.received", "call.", "", "call.call.answered", "\ud800"],
)
def test_events_that_we_do_not_know_say_nothing_whatever_is_in_them(event_type: str) -> None:
    assert tell(event_type, call_control_id=7) == ()
    assert parse(json.dumps({"data": {"event_type": event_type}}).encode()) == ()


def test_unknown_fields_say_nothing_however_large_they_are() -> None:
    more: dict[str, Any] = {"tags": ["x" * 1_000_000], "sip_headers": {"a": [None]}, "new": 7}

    assert tell("call.answered", **more) == tell("call.answered")


WORDS = st.sampled_from(["incoming", "machine", "user_busy", "outbound", "+1", "", "1", "#", OURS])
NAMES = st.sampled_from(
    [
        "client_state",
        "direction",
        "from",
        "to",
        "hangup_cause",
        "result",
        "digit",
        "transcription_data",
        "transcript",
        "is_final",
        "new",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner)
    ),
    max_leaves=10,
)


@given(
    event_type=st.sampled_from(sorted(EVENTS)), payload=st.dictionaries(NAMES, VALUES, max_size=6)
)
def test_any_payload_is_read_or_refused_as_a_bad_message(
    event_type: str, payload: dict[str, object]
) -> None:
    with suppress(BadMessageError):
        for report in tell(event_type, **payload):
            assert report.provider_call_id == CALL
            assert report.event is not None or report.progress is not None


@given(document=VALUES)
def test_any_document_is_refused_as_a_bad_message(document: object) -> None:
    for wrapped in (document, {"data": document}):
        with pytest.raises(BadMessageError):
            parse(json.dumps(wrapped).encode())


@given(body=st.binary())
def test_rubbish_is_a_bad_message(body: bytes) -> None:
    with pytest.raises(BadMessageError):
        parse(body)
