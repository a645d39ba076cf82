import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.errors import BadMessageError
from voicecalld.ids import ProviderCallId, StreamId
from voicecalld.provider.mock.media import MockCodec
from voicecalld.provider.stream import (
    AudioReceived,
    KeyPressed,
    MarkReturned,
    MediaEvent,
    StreamOpened,
    StreamStopped,
)

PROOF = "t"
START = {"event": "start", "streamId": "stream-1", "callId": "mock-1", "token": PROOF}


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (
            START,
            StreamOpened(
                stream_id=StreamId("stream-1"),
                provider_call_id=ProviderCallId("mock-1"),
                token=PROOF,
            ),
        ),
        ({"event": "media", "media": {"payload": "fwA="}}, AudioReceived(audio=b"\x7f\x00")),
        ({"event": "mark", "mark": {"name": "1.2"}}, MarkReturned(mark="1.2")),
        ({"event": "dtmf", "dtmf": {"digit": "#"}}, KeyPressed(digit="#")),
        ({"event": "stop", "more": 1}, StreamStopped()),
        ({"event": "weather"}, None),
    ],
)
def test_each_kind_of_message_is_read(message: object, event: MediaEvent | None) -> None:
    assert MockCodec().decode(json.dumps(message)) == event


def test_a_message_written_without_spaces_means_the_same() -> None:
    message = json.dumps({"event": "media", "media": {"payload": "fwA="}}, separators=(",", ":"))

    assert MockCodec().decode(message) == AudioReceived(audio=b"\x7f\x00")


@pytest.mark.parametrize(
    "message",
    [
        '{"event":"media","media":{"payload":"fwA\\u003d"}}',
        '{"event":"media","media":{"payload":"fwA="},"more":{"a":"b"}}',
    ],
)
def test_a_message_that_only_looks_usual_is_read_as_json(message: str) -> None:
    assert MockCodec().decode(message) == AudioReceived(audio=b"\x7f\x00")


@pytest.mark.parametrize(
    "message",
    [
        {"event": "media"},
        {"event": "media", "media": {"payload": 7}},
        {"event": "media", "media": {"payload": ""}},
        {"event": "media", "media": {"payload": "fw"}},
        {"event": "media", "media": {"payload": "f w A ="}},
        {"event": "media", "media": {"payload": "fwA=fwA="}},
        {"event": "media", "media": {"payload": "fw-_"}},
        {"event": "media", "media": {"payload": "ü"}},
        {"event": "mark", "mark": {"name": 1}},
        {"event": "dtmf", "dtmf": {"digit": "12"}},
        {"event": "dtmf", "dtmf": {"digit": ""}},
        {"event": "dtmf", "dtmf": {"digit": "\u0663"}},
        START | {"streamId": ""},
        START | {"callId": None},
        {"event": "start"},
        {"event": 1},
        {},
        [],
        "media",
    ],
)
def test_a_message_of_a_known_kind_with_a_wrong_field_is_bad(message: object) -> None:
    for separators in ((",", ":"), (", ", ": ")):
        with pytest.raises(BadMessageError):
            MockCodec().decode(json.dumps(message, separators=separators, ensure_ascii=False))


@pytest.mark.parametrize(
    "message",
    [
        "[" * 60_000,
        '{"event":"weather","x":"' + "x" * 65_536 + '"}',
        '{"event":"media","media":{"payload":"' + "AAAA" * 20_000 + '"}}',
    ],
)
def test_a_message_that_is_too_much_is_bad(message: str) -> None:
    with pytest.raises(BadMessageError):
        MockCodec().decode(message)


@given(audio=st.binary(min_size=1, max_size=400))
def test_what_we_say_has_the_shape_that_the_carrier_documents(audio: bytes) -> None:
    message = json.loads(MockCodec().encode_audio(audio))

    assert message.keys() == {"event", "media"}
    assert message["event"] == "media"
    assert message["media"].keys() == {"payload"}


@given(mark=st.text())
def test_any_name_can_be_a_mark(mark: str) -> None:
    assert json.loads(MockCodec().encode_mark(mark)) == {"event": "mark", "mark": {"name": mark}}


def test_a_clear_says_nothing_else() -> None:
    assert json.loads(MockCodec().encode_clear()) == {"event": "clear"}
