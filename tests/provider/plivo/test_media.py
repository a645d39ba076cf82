import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider.plivo.messages import (
    EXTRA,
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
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.provider.plivo.media import PlivoCodec
from voicecalld.provider.stream import (
    AudioReceived,
    KeyPressed,
    MarkReturned,
    MediaEvent,
    StreamOpened,
    StreamStopped,
)

SAMPLES = json.loads((Path(__file__).parent / "vectors" / "messages.json").read_text())[
    "websocket"
]


def test_the_samples_are_read_from_the_first_to_the_last() -> None:
    codec = PlivoCodec(PROOF)

    events = [
        codec.decode(json.dumps(message, separators=SHORT)) for message in SAMPLES["from_provider"]
    ]

    assert events == [
        OPENED,
        AudioReceived(audio=b"\xff" * FRAME_BYTES),
        KeyPressed(digit="5"),
        MarkReturned(mark="utt-7:end"),
        None,
    ]


def test_what_we_say_is_written_exactly_as_in_the_samples() -> None:
    codec = open_codec()

    said = [
        codec.encode_audio(b"\xff" * FRAME_BYTES),
        codec.encode_mark("utt-7:end"),
        codec.encode_clear(),
    ]

    assert said == [json.dumps(sample, separators=SHORT) for sample in SAMPLES["to_provider"]]
    assert codec.encode_opening() == ""


def test_the_token_is_that_of_the_request_that_opened_the_stream() -> None:
    tokens = []
    for token in ("", "a.b.c"):
        event = PlivoCodec(token).decode(json.dumps(START))
        assert isinstance(event, StreamOpened)
        tokens.append(event.token)

    assert tokens == ["", "a.b.c"]


@pytest.mark.parametrize("message", ORDERS)
@pytest.mark.parametrize("separators", [SHORT, (", ", ": ")])
def test_sound_is_read_in_whichever_order_it_is_written(
    message: object, separators: tuple[str, str]
) -> None:
    written = json.dumps(message, separators=separators)

    assert open_codec().decode(written) == AudioReceived(audio=b"\x7f\x00")


@pytest.mark.parametrize("extra", ["{}", "call=42;leg=a", 'a="b"', "é"])
def test_the_usual_message_is_cut_and_not_parsed(extra: str) -> None:
    codec = open_codec(START | {"extra_headers": extra})
    message = MEDIA | {"extra_headers": extra}

    assert codec.cut_payload(json.dumps(message, separators=SHORT)) == "fwA="


def test_a_stream_without_extra_headers_has_a_usual_message_too() -> None:
    start, message = ({**of} for of in (START, MEDIA))
    del start["extra_headers"], message["extra_headers"]

    assert open_codec(start).cut_payload(json.dumps(message, separators=SHORT)) == "fwA="


@pytest.mark.parametrize("extra", [None, {}, {"call": "42"}, 7, ["a"]])
def test_extra_headers_of_another_kind_change_nothing(extra: object) -> None:
    codec = open_codec(START | {"extra_headers": extra})

    for headers in (extra, EXTRA):
        written = json.dumps(MEDIA | {"extra_headers": headers}, separators=SHORT)
        assert codec.decode(written) == AudioReceived(audio=b"\x7f\x00")


@given(audio=st.binary(min_size=1, max_size=200), number=st.integers(min_value=0))
def test_the_usual_message_means_what_it_means_as_json(audio: bytes, number: int) -> None:
    payload = open_codec().encode_audio(audio).split('"')[-2]
    media = FULL | {"chunk": number, "timestamp": str(number * 20), "payload": payload}
    changed = MEDIA | {"sequenceNumber": number, "media": media}

    for separators in (SHORT, (", ", ": ")):
        decoded = open_codec().decode(json.dumps(changed, separators=separators))
        assert decoded == AudioReceived(audio=audio)


@pytest.mark.parametrize(
    "tail",
    [
        '"},"extra_headers":"{}"}',
        '"},"more":{"a":"b"},"extra_headers":"{}"}',
        '","more":"x"},"extra_headers":"{}"}',
        '"}}',
    ],
)
@pytest.mark.parametrize("payload", ["fwA=", "fwA\\u003d"])
def test_a_message_that_only_looks_usual_is_read_as_json(tail: str, payload: str) -> None:
    head = json.dumps(MEDIA, separators=SHORT).partition("fwA=")[0]

    assert open_codec().decode(head + payload + tail) == AudioReceived(audio=b"\x7f\x00")


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"event": "clearedAudio", "streamId": STREAM}, None),
        ({"event": "weather"}, None),
        ({"event": "playFailed", "reason": "x"}, None),
        ({"event": "connected"}, None),
        ({"event": "playedStream", "streamId": STREAM, "name": ""}, MarkReturned(mark="")),
        ({"event": "dtmf", "streamId": STREAM, "dtmf": {"digit": "#"}}, KeyPressed(digit="#")),
        ({"event": "media", "streamId": STREAM, "media": {"payload": "fwA="}}, "sound"),
        ({"event": "stop"}, StreamStopped()),
    ],
)
def test_each_kind_of_message_is_read(message: object, event: MediaEvent | str | None) -> None:
    expected = AudioReceived(audio=b"\x7f\x00") if event == "sound" else event

    assert open_codec().decode(json.dumps(message)) == expected


def test_a_second_start_is_told_and_changes_nothing() -> None:
    codec = open_codec()
    second = START | {"start": INSIDE | {"streamId": OTHER}}

    event = codec.decode(json.dumps(second))

    assert isinstance(event, StreamOpened)
    assert event.stream_id == OTHER
    assert STREAM in codec.encode_clear()
    assert codec.decode(json.dumps(MEDIA)) == AudioReceived(audio=b"\x7f\x00")


@given(mark=st.text())
def test_a_mark_of_any_name_is_json_with_the_documented_fields(mark: str) -> None:
    assert json.loads(open_codec().encode_mark(mark)) == {
        "event": "checkpoint",
        "streamId": STREAM,
        "name": mark,
    }


@given(audio=st.binary(min_size=1))
def test_sound_goes_out_in_the_kind_that_the_stream_has(audio: bytes) -> None:
    sent = json.loads(open_codec().encode_audio(audio))
    heard = MEDIA | {"media": FULL | {"payload": sent["media"]["payload"]}}

    assert (sent["event"], sent["media"]["contentType"]) == ("playAudio", "audio/x-mulaw")
    assert sent["media"]["sampleRate"] == 8000
    assert open_codec().decode(json.dumps(heard)) == AudioReceived(audio=audio)
