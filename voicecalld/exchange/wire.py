"""The mock carrier's end of its media stream: what it sends, and what it is sent."""

import json
from dataclasses import dataclass
from typing import TypeAlias

from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.errors import BadMessageError
from voicecalld.provider.base64_text import decode_sound
from voicecalld.provider.mock.media import cut_sound, encode_audio
from voicecalld.provider.stream_text import parse_message

STOP = '{"event":"stop"}'
SILENCE = encode_audio(SILENT_FRAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayAudio:
    """Play this mu-law when all before it has been played."""

    audio: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnMark:
    """Send this mark back when all before it has been played."""

    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearAudio:
    """Drop what has not been played yet."""


Order: TypeAlias = PlayAudio | ReturnMark | ClearAudio


def decode_order(message: str) -> Order:
    """What the daemon asks for in *message*.

    Raises:
        BadMessageError: it asks for nothing that a carrier does.
    """
    payload = cut_sound(message)
    if payload is not None:
        return PlayAudio(audio=decode_sound(payload))
    match parse_message(message):
        case {"event": "media", "media": {"payload": str(payload)}}:
            return PlayAudio(audio=decode_sound(payload))
        case {"event": "mark", "mark": {"name": str(mark)}}:
            return ReturnMark(mark=mark)
        case {"event": "clear"}:
            return ClearAudio()
        case _:
            raise BadMessageError("a message that asks the carrier for nothing it does")


def encode_start(*, stream_id: str, call: str, token: str) -> str:
    """The first message of a stream."""
    fields = {"event": "start", "streamId": stream_id, "callId": call, "token": token}
    return json.dumps(fields)


def encode_sound(frame: bytes) -> str:
    """The message that brings one frame of the party's sound."""
    # Most of a call is silence, whose message is known.
    return SILENCE if frame == SILENT_FRAME else encode_audio(frame)


def encode_key(digit: str) -> str:
    """The message that says that the party pressed a key."""
    return f'{{"event":"dtmf","dtmf":{{"digit":"{digit}"}}}}'
