import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.errors import BadMessageError
from voicecalld.exchange.wire import (
    STOP,
    ClearAudio,
    PlayAudio,
    ReturnMark,
    decode_order,
    encode_key,
    encode_sound,
    encode_start,
)
from voicecalld.ids import ProviderCallId, StreamId
from voicecalld.provider.mock.media import MockCodec
from voicecalld.provider.stream import AudioReceived, KeyPressed, StreamOpened, StreamStopped


@given(audio=st.binary(min_size=1, max_size=400), mark=st.text())
def test_what_the_daemon_says_is_understood(audio: bytes, mark: str) -> None:
    codec = MockCodec()

    assert decode_order(codec.encode_audio(audio)) == PlayAudio(audio=audio)
    assert decode_order(codec.encode_mark(mark)) == ReturnMark(mark=mark)
    assert decode_order(codec.encode_clear()) == ClearAudio()


@given(audio=st.binary(min_size=1, max_size=400), proof=st.text())
def test_what_the_carrier_says_is_understood_by_the_daemon(audio: bytes, proof: str) -> None:
    codec = MockCodec()

    assert codec.decode(encode_start(stream_id="s", call="c", token=proof)) == StreamOpened(
        stream_id=StreamId("s"), provider_call_id=ProviderCallId("c"), token=proof
    )
    assert codec.decode(encode_sound(audio)) == AudioReceived(audio=audio)
    assert codec.decode(encode_sound(SILENT_FRAME)) == AudioReceived(audio=SILENT_FRAME)
    assert codec.decode(encode_key("*")) == KeyPressed(digit="*")
    assert codec.decode(STOP) == StreamStopped()


def test_sound_in_spaced_json_is_understood() -> None:
    message = json.dumps({"event": "media", "media": {"payload": "fwA="}})

    assert decode_order(message) == PlayAudio(audio=b"\x7f\x00")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        "{}",
        '{"event":"dance"}',
        '{"event":"mark"}',
        '{"event":"media","media":{"payload":"?"}}',
    ],
)
def test_what_no_carrier_does_is_a_bad_message(message: str) -> None:
    with pytest.raises(BadMessageError):
        decode_order(message)
