"""The usual message, which is cut and not parsed, and the order of sound."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider.telnyx.stream_messages import FULL, MEDIA, SHORT, STREAM, open_codec
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.errors import BadMessageError
from voicecalld.provider.stream import AudioReceived, KeyPressed, MediaEvent
from voicecalld.provider.telnyx.media import TelnyxCodec

# The two orders that Telnyx's samples have, and one that they have not.
ORDERS = [
    MEDIA,
    {"event": "media", "sequence_number": "2", "media": FULL, "stream_id": STREAM},
    {"stream_id": STREAM, "media": FULL, "event": "media", "sequence_number": "2"},
]


# --- the usual message ----------------------------------------------------------------


@pytest.mark.parametrize("message", ORDERS)
@pytest.mark.parametrize("separators", [SHORT, (", ", ": ")])
def test_sound_is_read_in_whichever_order_it_is_written(
    message: object, separators: tuple[str, str]
) -> None:
    written = json.dumps(message, separators=separators)

    assert open_codec().decode(written) == AudioReceived(audio=b"\x7f\x00")


@pytest.mark.parametrize("message", ORDERS[:2])
def test_the_usual_message_is_cut_and_not_parsed(message: object) -> None:
    assert open_codec().cut_sound(json.dumps(message, separators=SHORT)) == ("1", "fwA=")


@pytest.mark.parametrize("message", ORDERS[:2])
@given(
    audio=st.binary(min_size=1, max_size=200),
    number=st.integers(min_value=0),
    chunk=st.integers(0, 1) | st.integers(0, 10**13),
)
def test_the_usual_message_means_what_it_means_as_json(
    message: dict[str, Any], audio: bytes, number: int, chunk: int
) -> None:
    payload = open_codec().encode_audio(audio).split('"')[-2]
    media = FULL | {"chunk": str(chunk), "timestamp": str(number * 20), "payload": payload}
    changed = message | {"sequence_number": str(number), "media": media}

    short, long = (read(json.dumps(changed, separators=how)) for how in (SHORT, (", ", ": ")))

    assert short == long


def read(message: str) -> MediaEvent | str | None:
    """What a stream that has just started makes of *message*; in words if it refuses it."""
    try:
        return open_codec().decode(message)
    except BadMessageError as problem:
        return str(problem)


@pytest.mark.parametrize(
    "tail",
    [
        '"}}',
        f'"}},"stream_id":"{STREAM}"}}',
        f'"}},"more":{{"a":"b"}},"stream_id":"{STREAM}"}}',
        f'","more":"x"}},"stream_id":"{STREAM}"}}',
    ],
)
@pytest.mark.parametrize("payload", ["fwA=", "fwA\\u003d"])
def test_a_message_that_only_looks_usual_is_read_as_json(tail: str, payload: str) -> None:
    head = '{"event":"media","sequence_number":"2",'
    if tail == '"}}':
        head += f'"stream_id":"{STREAM}",'
    head += '"media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"'
    message = head + payload + tail

    assert open_codec().decode(message) == AudioReceived(audio=b"\x7f\x00")


# --- the order of sound ---------------------------------------------------------------


def media(chunk: int) -> str:
    codec = TelnyxCodec()
    payload = codec.encode_audio(bytes([chunk]) * FRAME_BYTES).split('"')[-2]
    message = MEDIA | {"media": FULL | {"chunk": str(chunk), "payload": payload}}
    return json.dumps(message, separators=SHORT)


def test_sound_that_comes_early_waits_and_comes_with_what_was_missing() -> None:
    codec = open_codec()

    heard = [codec.decode(media(chunk)) for chunk in (1, 3, 2, 2, 4)]

    assert heard == [
        AudioReceived(audio=b"\x01" * FRAME_BYTES),
        None,
        AudioReceived(audio=b"\x02" * FRAME_BYTES + b"\x03" * FRAME_BYTES),
        None,
        AudioReceived(audio=b"\x04" * FRAME_BYTES),
    ]


def test_keys_and_marks_do_not_wait_for_sound() -> None:
    codec = open_codec()
    key = {"event": "dtmf", "stream_id": STREAM, "dtmf": {"digit": "5"}}

    assert codec.decode(media(3)) is None
    assert codec.decode(json.dumps(key)) == KeyPressed(digit="5")
