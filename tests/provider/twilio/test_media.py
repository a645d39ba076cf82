import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.errors import BadMessageError
from voicecalld.ids import ProviderCallId, StreamId
from voicecalld.provider.stream import (
    AudioReceived,
    KeyPressed,
    MarkReturned,
    MediaEvent,
    StreamOpened,
    StreamStopped,
)
from voicecalld.provider.twilio.media import TwilioCodec

SAMPLES = json.loads((Path(__file__).parent / "vectors" / "messages.json").read_text())[
    "websocket"
]
STREAM = StreamId("MZ7d2e1f0c9b8a47465f3e2d1c0b9a8f7e")
OTHER = StreamId("MZ" + "0" * 32)
CALL = ProviderCallId("CA5f0c1e7d9b3a48cf9e2d1a0b7c6e5f43")
PROOF = "t"
INSIDE: dict[str, Any] = {
    "accountSid": "AC0123456789abcdef0123456789abcdef",
    "streamSid": STREAM,
    "callSid": CALL,
    "tracks": ["inbound"],
    "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    "customParameters": {"token": PROOF},
}
START: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": STREAM,
    "start": INSIDE,
}
OPENED = StreamOpened(stream_id=STREAM, provider_call_id=CALL, token=PROOF)
FULL = {"track": "inbound", "chunk": "1", "timestamp": "20", "payload": "fwA="}
MEDIA: dict[str, Any] = {
    "event": "media",
    "sequenceNumber": "2",
    "streamSid": STREAM,
    "media": FULL,
}
# The two orders that are documented, and one that is not.
ORDERS = [
    MEDIA,
    {"event": "media", "sequenceNumber": "2", "media": FULL, "streamSid": STREAM},
    {"streamSid": STREAM, "media": FULL, "event": "media", "sequenceNumber": "2"},
]
SHORT = (",", ":")


def open_codec() -> TwilioCodec:
    codec = TwilioCodec()
    codec.decode(json.dumps(START))
    return codec


def test_the_samples_are_read_from_the_first_to_the_last() -> None:
    codec = TwilioCodec()
    messages = SAMPLES["from_provider"]
    messages[1]["start"]["customParameters"]["token"] = PROOF

    events = [codec.decode(json.dumps(message, separators=SHORT)) for message in messages]

    assert events == [
        None,
        OPENED,
        AudioReceived(audio=b"\xff" * FRAME_BYTES),
        KeyPressed(digit="5"),
        MarkReturned(mark="utt-7:end"),
        StreamStopped(),
    ]


def test_what_we_say_is_written_exactly_as_in_the_samples() -> None:
    codec = open_codec()

    said = [
        codec.encode_audio(b"\xff" * FRAME_BYTES),
        codec.encode_mark("utt-7:end"),
        codec.encode_clear(),
    ]

    assert said == [json.dumps(sample, separators=SHORT) for sample in SAMPLES["to_provider"]]


@pytest.mark.parametrize("message", ORDERS)
@pytest.mark.parametrize("separators", [SHORT, (", ", ": ")])
def test_sound_is_read_in_whichever_order_it_is_written(
    message: object, separators: tuple[str, str]
) -> None:
    written = json.dumps(message, separators=separators)

    assert open_codec().decode(written) == AudioReceived(audio=b"\x7f\x00")


@pytest.mark.parametrize("message", ORDERS[:2])
def test_the_usual_message_is_cut_and_not_parsed(message: object) -> None:
    assert open_codec().cut_payload(json.dumps(message, separators=SHORT)) == "fwA="


@pytest.mark.parametrize("message", ORDERS[:2])
@given(audio=st.binary(min_size=1, max_size=200), number=st.integers(min_value=0))
def test_the_usual_message_means_what_it_means_as_json(
    message: dict[str, Any], audio: bytes, number: int
) -> None:
    payload = open_codec().encode_audio(audio).split('"')[-2]
    media = FULL | {"chunk": str(number), "timestamp": str(number * 20), "payload": payload}
    changed = message | {"sequenceNumber": str(number), "media": media}

    for separators in (SHORT, (", ", ": ")):
        decoded = open_codec().decode(json.dumps(changed, separators=separators))
        assert decoded == AudioReceived(audio=audio)


@pytest.mark.parametrize(
    "tail",
    [
        '"}}',
        f'"}},"streamSid":"{STREAM}"}}',
        f'"}},"more":{{"a":"b"}},"streamSid":"{STREAM}"}}',
        f'","more":"x"}},"streamSid":"{STREAM}"}}',
    ],
)
@pytest.mark.parametrize("payload", ["fwA=", "fwA\\u003d"])
def test_a_message_that_only_looks_usual_is_read_as_json(tail: str, payload: str) -> None:
    head = '{"event":"media","sequenceNumber":"2",'
    if tail == '"}}':
        head += f'"streamSid":"{STREAM}",'
    head += '"media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"'
    message = head + payload + tail

    assert open_codec().decode(message) == AudioReceived(audio=b"\x7f\x00")


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"event": "connected", "protocol": "Call", "version": "1.0.0"}, None),
        ({"event": "weather"}, None),
        ({"event": "mark", "streamSid": STREAM, "mark": {"name": ""}}, MarkReturned(mark="")),
        ({"event": "dtmf", "streamSid": STREAM, "dtmf": {"digit": "#"}}, KeyPressed(digit="#")),
        ({"event": "media", "streamSid": STREAM, "media": {"payload": "fwA="}}, "sound"),
        ({"event": "stop", "streamSid": STREAM}, StreamStopped()),
    ],
)
def test_each_kind_of_message_is_read(message: object, event: MediaEvent | str | None) -> None:
    expected = AudioReceived(audio=b"\x7f\x00") if event == "sound" else event

    assert open_codec().decode(json.dumps(message)) == expected


def test_a_second_start_is_told_and_changes_nothing() -> None:
    codec = open_codec()
    second = START | {"streamSid": OTHER, "start": INSIDE | {"streamSid": OTHER}}

    event = codec.decode(json.dumps(second))

    assert isinstance(event, StreamOpened)
    assert event.stream_id == OTHER
    assert STREAM in codec.encode_clear()
    assert codec.decode(json.dumps(MEDIA)) == AudioReceived(audio=b"\x7f\x00")


@pytest.mark.parametrize(
    "message",
    [
        *ORDERS,
        {"event": "mark", "streamSid": STREAM, "mark": {"name": "1"}},
        {"event": "dtmf", "streamSid": STREAM, "dtmf": {"digit": "1"}},
        {"event": "stop", "streamSid": STREAM},
    ],
)
@pytest.mark.parametrize("separators", [SHORT, (", ", ": ")])
def test_what_another_stream_says_is_bad_and_so_is_all_before_the_start(
    message: dict[str, Any], separators: tuple[str, str]
) -> None:
    renamed = {name: OTHER if name == "streamSid" else value for name, value in message.items()}
    nameless = {name: value for name, value in message.items() if name != "streamSid"}
    unnamed = {name: "" if name == "streamSid" else value for name, value in message.items()}

    for wrong in (renamed, nameless, unnamed):
        with pytest.raises(BadMessageError, match="another stream"):
            open_codec().decode(json.dumps(wrong, separators=separators))
    for early in (message, nameless, unnamed):
        with pytest.raises(BadMessageError, match="another stream"):
            TwilioCodec().decode(json.dumps(early, separators=separators))


@pytest.mark.parametrize(
    "changes",
    [
        {"streamSid": "MZ1"},
        {"streamSid": f"{STREAM}\n"},
        {"streamSid": 1},
        {"streamSid": OTHER},
        {"start": None},
        {"start": {}},
        {"start": INSIDE | {"callSid": "CA1"}},
        {"start": INSIDE | {"callSid": None}},
        {"start": INSIDE | {"streamSid": OTHER}},
        {"start": INSIDE | {"mediaFormat": None}},
        {"start": INSIDE | {"mediaFormat": INSIDE["mediaFormat"] | {"encoding": "audio/l16"}}},
        {"start": INSIDE | {"mediaFormat": INSIDE["mediaFormat"] | {"sampleRate": 16000}}},
        {"start": INSIDE | {"mediaFormat": INSIDE["mediaFormat"] | {"channels": 2}}},
        {"start": INSIDE | {"customParameters": {}}},
        {"start": INSIDE | {"customParameters": {"token": 1}}},
        {"start": {key: value for key, value in INSIDE.items() if key != "customParameters"}},
    ],
)
def test_a_start_with_a_wrong_field_is_bad(changes: dict[str, Any]) -> None:
    with pytest.raises(BadMessageError):
        TwilioCodec().decode(json.dumps(START | changes))


def test_a_start_may_name_its_stream_once() -> None:
    inside = {key: value for key, value in INSIDE.items() if key != "streamSid"}

    assert TwilioCodec().decode(json.dumps(START | {"start": inside})) == OPENED


@pytest.mark.parametrize(
    "changes",
    [
        {"media": None},
        {"media": {}},
        {"media": FULL | {"payload": 7}},
        {"media": FULL | {"payload": ""}},
        {"media": FULL | {"payload": "fw"}},
        {"media": FULL | {"payload": "f w A ="}},
        {"media": FULL | {"payload": "fwA=fwA="}},
        {"media": FULL | {"payload": "fw-_"}},
        {"media": FULL | {"payload": "ü"}},
        {"media": FULL | {"track": "outbound"}},
        {"media": FULL | {"track": None}},
        {"event": "mark", "mark": {"name": 1}},
        {"event": "mark", "mark": {}},
        {"event": "dtmf", "dtmf": {"digit": "12"}},
        {"event": "dtmf", "dtmf": {"digit": ""}},
        {"event": "dtmf", "dtmf": {"digit": "\u0663"}},
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


def test_a_second_of_sound_in_one_message_is_taken() -> None:
    media = FULL | {"payload": open_codec().encode_audio(b"\xff" * 8000).split('"')[-2]}

    event = open_codec().decode(json.dumps(MEDIA | {"media": media}, separators=SHORT))

    assert event == AudioReceived(audio=b"\xff" * 8000)


@given(mark=st.text())
def test_a_mark_of_any_name_is_json_with_the_documented_fields(mark: str) -> None:
    assert json.loads(open_codec().encode_mark(mark)) == {
        "event": "mark",
        "streamSid": STREAM,
        "mark": {"name": mark},
    }


@given(message=st.text())
def test_any_text_is_read_or_refused_as_a_bad_message(message: str) -> None:
    with pytest.raises(BadMessageError):
        open_codec().decode(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(STREAM),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["event", "streamSid", "start", "media", "mark", "dtmf", "payload"]),
            inner | st.sampled_from(["start", "media", "mark", "dtmf", "stop"]),
            max_size=6,
        )
    ),
)


@given(document=JSON)
def test_any_document_is_read_or_refused_as_a_bad_message(document: object) -> None:
    with suppress(BadMessageError):
        open_codec().decode(json.dumps(document))


@given(data=st.data())
def test_the_usual_message_with_any_character_changed_is_never_read_otherwise(
    data: st.DataObject,
) -> None:
    """Cutting and parsing must not disagree about what is a message."""
    message = json.dumps(data.draw(st.sampled_from(ORDERS[:2])), separators=SHORT)
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
        assert parsed["streamSid"] == STREAM
