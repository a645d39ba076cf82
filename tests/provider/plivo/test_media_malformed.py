"""Messages of a media stream that are malformed, or not its own."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider.plivo.messages import (
    CALL,
    FULL,
    INSIDE,
    MEDIA,
    OPENED,
    ORDERS,
    OTHER,
    PROOF,
    SHORT,
    START,
    STREAM,
    open_codec,
)
from voicecalld.errors import BadMessageError
from voicecalld.provider.plivo.media import PlivoCodec


@pytest.mark.parametrize(
    "message",
    [
        *ORDERS,
        {"event": "playedStream", "streamId": STREAM, "name": "1"},
        {"event": "dtmf", "streamId": STREAM, "dtmf": {"digit": "1"}},
        {"event": "clearedAudio", "streamId": STREAM},
    ],
)
@pytest.mark.parametrize("separators", [SHORT, (", ", ": ")])
def test_what_another_stream_says_is_bad_and_so_is_all_before_the_start(
    message: dict[str, Any], separators: tuple[str, str]
) -> None:
    renamed = {name: OTHER if name == "streamId" else value for name, value in message.items()}
    nameless = {name: value for name, value in message.items() if name != "streamId"}
    unnamed = {name: "" if name == "streamId" else value for name, value in message.items()}

    for wrong in (renamed, nameless, unnamed):
        with pytest.raises(BadMessageError, match="another stream"):
            open_codec().decode(json.dumps(wrong, separators=separators))
    for early in (message, nameless, unnamed):
        with pytest.raises(BadMessageError, match="another stream"):
            PlivoCodec(PROOF).decode(json.dumps(early, separators=separators))


@pytest.mark.parametrize(
    "changes",
    [
        {"streamId": OTHER},
        {"streamId": None},
        {"start": None},
        {"start": {}},
        {"start": []},
        {"start": INSIDE | {"callId": "1"}},
        {"start": INSIDE | {"callId": None}},
        {"start": INSIDE | {"callId": f"{CALL}\n"}},
        {"start": INSIDE | {"streamId": "x"}},
        {"start": INSIDE | {"streamId": 1}},
        {"start": INSIDE | {"streamId": None}},
        {"start": INSIDE | {"mediaFormat": None}},
        {"start": INSIDE | {"mediaFormat": {}}},
        {"start": INSIDE | {"mediaFormat": {"encoding": "audio/x-l16", "sampleRate": 8000}}},
        {"start": INSIDE | {"mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 16000}}},
        {"start": {key: value for key, value in INSIDE.items() if key != "callId"}},
        {"start": {key: value for key, value in INSIDE.items() if key != "streamId"}},
    ],
)
def test_a_start_with_a_wrong_field_is_bad_and_opens_nothing(changes: dict[str, Any]) -> None:
    codec = PlivoCodec(PROOF)

    with pytest.raises(BadMessageError):
        codec.decode(json.dumps(START | changes))
    with pytest.raises(BadMessageError):
        codec.decode(json.dumps(MEDIA))


def test_a_start_may_name_its_stream_twice_and_have_unknown_fields() -> None:
    start = START | {"streamId": STREAM, "more": 1, "start": INSIDE | {"more": None}}

    assert PlivoCodec(PROOF).decode(json.dumps(start)) == OPENED


@pytest.mark.parametrize(
    "changes",
    [
        {"media": None},
        {"media": {}},
        {"media": FULL | {"payload": 7}},
        {"media": FULL | {"payload": None}},
        {"media": FULL | {"payload": ""}},
        {"media": FULL | {"payload": "fw"}},
        {"media": FULL | {"payload": "f w A ="}},
        {"media": FULL | {"payload": "fwA=fwA="}},
        {"media": FULL | {"payload": "fw-_"}},
        {"media": FULL | {"payload": "ü"}},
        {"media": FULL | {"track": "outbound"}},
        {"media": FULL | {"track": None}},
        {"event": "playedStream", "name": 1},
        {"event": "playedStream"},
        {"event": "dtmf", "dtmf": {"digit": "12"}},
        {"event": "dtmf", "dtmf": {"digit": ""}},
        {"event": "dtmf", "dtmf": {"digit": "\u0663"}},
        {"event": "dtmf", "dtmf": None},
        {"event": 1},
        {"event": None},
    ],
)
def test_a_message_of_a_known_kind_with_a_wrong_field_is_bad(changes: dict[str, Any]) -> None:
    for separators in (SHORT, (", ", ": ")):
        with pytest.raises(BadMessageError):
            open_codec().decode(
                json.dumps(MEDIA | changes, separators=separators, ensure_ascii=False)
            )


@pytest.mark.parametrize(
    "message",
    [
        "",
        "null",
        "[]",
        "{}",
        '"media"',
        "[" * 60_000,
        '{"event":"weather","x":"' + "x" * 65_536 + '"}',
        json.dumps(MEDIA | {"media": FULL | {"payload": "AAAA" * 20_000}}, separators=SHORT),
    ],
)
def test_what_is_too_long_or_no_message_is_bad(message: str) -> None:
    with pytest.raises(BadMessageError):
        open_codec().decode(message)


@given(message=st.text())
def test_any_text_is_read_or_refused_as_a_bad_message(message: str) -> None:
    with pytest.raises(BadMessageError):
        open_codec().decode(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(STREAM),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["event", "streamId", "start", "media", "name", "dtmf", "payload", "callId"]
            ),
            inner | st.sampled_from(["start", "media", "playedStream", "dtmf", "stop"]),
            max_size=6,
        )
    ),
)


@given(document=JSON)
def test_any_document_is_read_or_refused_as_a_bad_message(document: object) -> None:
    for codec in (open_codec(), PlivoCodec(PROOF)):
        with suppress(BadMessageError):
            codec.decode(json.dumps(document))


@given(data=st.data())
def test_the_usual_message_with_any_character_changed_is_never_read_otherwise(
    data: st.DataObject,
) -> None:
    """Cutting and parsing must not disagree about what is a message."""
    message = json.dumps(MEDIA, separators=SHORT)
    place = data.draw(st.integers(0, len(message) - 1))
    changed = message[:place] + data.draw(st.characters()) + message[place + 1 :]
    payload = open_codec().cut_payload(changed)

    if payload is None:
        return
    try:
        parsed = json.loads(changed)
    except ValueError:  # a control character: it is refused either way
        with pytest.raises(BadMessageError):
            open_codec().decode(changed)
    else:
        assert parsed["media"]["payload"] == payload
        assert parsed["streamId"] == STREAM
