import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider.telnyx.stream_messages import (
    CALL,
    FORMAT,
    FULL,
    INSIDE,
    MEDIA,
    OTHER,
    PROOF,
    SHORT,
    START,
    STREAM,
    open_codec,
)
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.errors import BadMessageError
from voicecalld.provider.stream import (
    AudioReceived,
    KeyPressed,
    MarkReturned,
    MediaEvent,
    StreamOpened,
    StreamStopped,
)
from voicecalld.provider.telnyx.media import TelnyxCodec

SAMPLES = json.loads((Path(__file__).parent / "vectors" / "messages.json").read_text())[
    "websocket"
]
OPENED = StreamOpened(stream_id=STREAM, provider_call_id=CALL, token=PROOF)


def test_the_samples_are_read_from_the_first_to_the_last() -> None:
    codec = TelnyxCodec()
    messages = SAMPLES["from_provider"]
    messages[1]["start"]["custom_parameters"]["token"] = PROOF
    messages[2]["media"]["chunk"] = "1"  # in the sample the first one is left out
    complaints = [message for message in messages if message["event"] == "error"]

    events = [codec.decode(json.dumps(each)) for each in messages if each not in complaints]

    assert events == [
        None,
        OPENED,
        AudioReceived(audio=b"\xff" * FRAME_BYTES),
        KeyPressed(digit="1"),
        MarkReturned(mark="utt-7:end"),
        StreamStopped(),
    ]
    assert len(complaints) == 1


def test_what_we_say_is_written_exactly_as_in_the_samples() -> None:
    codec = open_codec()

    said = [
        codec.encode_audio(b"\xff" * FRAME_BYTES),
        codec.encode_mark("utt-7:end"),
        codec.encode_clear(),
    ]

    assert said == [json.dumps(sample, separators=SHORT) for sample in SAMPLES["to_provider"]]


def test_the_opening_is_a_tenth_of_a_second_of_silence() -> None:
    opening = TelnyxCodec().encode_opening()

    assert opening == TelnyxCodec().encode_audio(b"\xff" * 5 * FRAME_BYTES)
    assert not any(mulaw_decode(b"\xff" * 5 * FRAME_BYTES))


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"event": "connected", "version": "1.0.0"}, None),
        ({"event": "connected", "connected": {"x-telnyx-streaming-auth-token": "other"}}, None),
        ({"event": "weather"}, None),
        ({"event": "mark", "stream_id": STREAM, "mark": {"name": ""}}, MarkReturned(mark="")),
        ({"event": "dtmf", "stream_id": STREAM, "dtmf": {"digit": "#"}}, KeyPressed(digit="#")),
        ({"event": "stop", "stream_id": STREAM}, StreamStopped()),
        (MEDIA, AudioReceived(audio=b"\x7f\x00")),
    ],
)
def test_each_kind_of_message_is_read(message: object, event: MediaEvent | None) -> None:
    assert open_codec().decode(json.dumps(message)) == event


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"payload": {"code": 100003, "title": "malformed_frame"}}, "with code 100003"),
        ({"payload": {"code": "x" * 1000}}, "without a code"),
        ({}, "without a code"),
    ],
)
def test_a_complaint_of_what_we_have_sent_does_not_go_unnoticed(
    fields: dict[str, object], words: str
) -> None:
    with pytest.raises(BadMessageError, match=words):
        open_codec().decode(json.dumps({"event": "error", "stream_id": STREAM, **fields}))


# --- the start ------------------------------------------------------------------------


def test_a_second_start_is_told_and_changes_nothing() -> None:
    codec = open_codec()

    event = codec.decode(json.dumps(START | {"stream_id": OTHER}))

    assert isinstance(event, StreamOpened)
    assert event.stream_id == OTHER
    assert codec.decode(json.dumps(MEDIA)) == AudioReceived(audio=b"\x7f\x00")


@pytest.mark.parametrize(
    ("header", "parameters", "token"),
    [
        ("", {"token": "a"}, "a"),
        ("a", {"token": "a"}, "a"),
        ("a", {}, "a"),
        ("a", {"token": ""}, "a"),
        ("a", None, "a"),
        ("", {}, ""),
        ("", None, ""),
    ],
)
def test_the_token_is_in_the_header_or_in_the_start(
    header: str, parameters: object, token: str
) -> None:
    start = START | {"start": INSIDE | {"custom_parameters": parameters}}

    event = TelnyxCodec(header).decode(json.dumps(start))

    assert event == StreamOpened(stream_id=STREAM, provider_call_id=CALL, token=token)


def test_two_tokens_that_differ_are_bad() -> None:
    codec = TelnyxCodec("another")

    with pytest.raises(BadMessageError, match="another token"):
        codec.decode(json.dumps(START))
    with pytest.raises(BadMessageError):
        codec.decode(json.dumps(MEDIA))


@pytest.mark.parametrize(
    "changes",
    [
        {"stream_id": ""},
        {"stream_id": f"{STREAM}\n"},
        {"stream_id": "a/b"},
        {"stream_id": "x" * 65},
        {"stream_id": 1},
        {"stream_id": None},
        {"start": None},
        {"start": []},
        {"start": {}},
        {"start": INSIDE | {"call_control_id": "../v3"}},
        {"start": INSIDE | {"call_control_id": ""}},
        {"start": INSIDE | {"call_control_id": None}},
        {"start": INSIDE | {"media_format": None}},
        {"start": INSIDE | {"media_format": FORMAT | {"encoding": "PCMA"}}},
        {"start": INSIDE | {"media_format": FORMAT | {"encoding": "L16"}}},
        {"start": INSIDE | {"media_format": FORMAT | {"sample_rate": 16000}}},
        {"start": INSIDE | {"media_format": FORMAT | {"sample_rate": "8000"}}},
        {"start": INSIDE | {"media_format": FORMAT | {"channels": 2}}},
        {"start": INSIDE | {"custom_parameters": {"token": 1}}},
        {"start": INSIDE | {"custom_parameters": {"token": None}}},
    ],
)
def test_a_start_with_a_wrong_field_is_bad(changes: dict[str, Any]) -> None:
    with pytest.raises(BadMessageError):
        TelnyxCodec().decode(json.dumps(START | changes))


@pytest.mark.parametrize(
    "message",
    [
        MEDIA,
        {"event": "mark", "stream_id": STREAM, "mark": {"name": "1"}},
        {"event": "dtmf", "stream_id": STREAM, "dtmf": {"digit": "1"}},
        {"event": "stop", "stream_id": STREAM},
    ],
)
def test_what_another_stream_says_is_bad_and_so_is_all_before_the_start(
    message: dict[str, Any],
) -> None:
    renamed = message | {"stream_id": OTHER}
    nameless = {name: value for name, value in message.items() if name != "stream_id"}
    unnamed = message | {"stream_id": ""}

    for wrong in (renamed, nameless, unnamed):
        with pytest.raises(BadMessageError, match="another stream"):
            open_codec().decode(json.dumps(wrong, separators=SHORT))
    for early in (message, nameless, unnamed):
        with pytest.raises(BadMessageError, match="another stream"):
            TelnyxCodec().decode(json.dumps(early, separators=SHORT))


# --- malformed ------------------------------------------------------------------------


@given(audio=st.binary(min_size=1, max_size=200))
def test_any_sound_we_send_would_be_understood(audio: bytes) -> None:
    codec = open_codec()
    sent = json.loads(codec.encode_audio(audio))

    received = codec.decode(json.dumps(MEDIA | {"media": FULL | sent["media"]}))

    assert received == AudioReceived(audio=audio)


@given(mark=st.text())
def test_a_mark_of_any_name_is_json_with_the_documented_fields(mark: str) -> None:
    assert json.loads(open_codec().encode_mark(mark)) == {"event": "mark", "mark": {"name": mark}}
