import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider.telnyx.stream_messages import FULL, MEDIA, SHORT, STREAM, open_codec
from voicecalld.errors import BadMessageError
from voicecalld.provider.stream import AudioReceived


@pytest.mark.parametrize(
    "changes",
    [
        {"media": None},
        {"media": []},
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
        {"media": FULL | {"chunk": 1}},
        {"media": FULL | {"chunk": None}},
        {"media": FULL | {"chunk": ""}},
        {"media": FULL | {"chunk": "-1"}},
        {"media": FULL | {"chunk": "1.0"}},
        {"media": FULL | {"chunk": "\u0663"}},
        {"media": FULL | {"chunk": "1" * 13}},
        {"media": FULL | {"chunk": "9" * 10_000}},
        {"media": {"payload": "fwA="}},
        {"event": "mark", "mark": {"name": 1}},
        {"event": "mark", "mark": {}},
        {"event": "dtmf", "dtmf": {"digit": "12"}},
        {"event": "dtmf", "dtmf": {"digit": ""}},
        {"event": 1},
        {"event": None},
    ],
)
def test_a_message_of_a_known_kind_with_a_wrong_field_is_bad(changes: dict[str, Any]) -> None:
    for separators in (SHORT, (", ", ": ")):
        written = json.dumps(MEDIA | changes, ensure_ascii=False, separators=separators)
        with pytest.raises(BadMessageError):
            open_codec().decode(written)


def test_a_malformed_message_takes_no_place_in_the_order() -> None:
    codec = open_codec()
    with suppress(BadMessageError):
        codec.decode(json.dumps(MEDIA | {"media": FULL | {"payload": ""}}))

    assert codec.decode(json.dumps(MEDIA)) == AudioReceived(audio=b"\x7f\x00")


def test_a_second_of_sound_in_one_message_is_taken() -> None:
    payload = open_codec().encode_audio(b"\xff" * 8000).split('"')[-2]

    event = open_codec().decode(json.dumps(MEDIA | {"media": FULL | {"payload": payload}}))

    assert event == AudioReceived(audio=b"\xff" * 8000)


def test_a_message_that_is_too_long_is_bad() -> None:
    payload = "AAAA" * 20_000

    with pytest.raises(BadMessageError, match="64 KiB"):
        open_codec().decode(json.dumps(MEDIA | {"media": FULL | {"payload": payload}}))


@given(message=st.text())
def test_any_text_is_refused_as_a_bad_message(message: str) -> None:
    with pytest.raises(BadMessageError):
        open_codec().decode(message)


NAMES = ["event", "stream_id", "start", "media", "mark", "dtmf", "payload", "chunk", "name"]
WORDS = ["start", "media", "mark", "dtmf", "stop", "inbound", "1", "fwA="]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(STREAM),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner | st.sampled_from(WORDS), max_size=6)
    ),
)


@given(document=JSON)
def test_any_document_is_read_or_refused_as_a_bad_message(document: object) -> None:
    with suppress(BadMessageError):
        open_codec().decode(json.dumps(document))
