"""The messages of the mock carrier's media stream: JSON text, shaped like Twilio's.

From the carrier::

    {"event":"start","streamId":"stream-1","callId":"mock-1","token":"..."}
    {"event":"media","media":{"payload":"<base64 of mu-law>"}}
    {"event":"mark","mark":{"name":"1.2"}}
    {"event":"dtmf","dtmf":{"digit":"5"}}
    {"event":"stop"}

To the carrier: ``media`` and ``mark`` of the same shape, and ``{"event":"clear"}``.
"""

import json

from voicecalld.errors import BadMessageError
from voicecalld.ids import ProviderCallId, StreamId
from voicecalld.provider.base64_text import decode_sound, encode_sound
from voicecalld.provider.stream import (
    AudioReceived,
    KeyPressed,
    MarkReturned,
    MediaEvent,
    StreamOpened,
    StreamStopped,
)

MAX_MESSAGE_CHARACTERS = 65536  # five seconds of sound in one message; a frame takes 260
DIGITS = frozenset("0123456789*#ABCD")
CLEAR = '{"event":"clear"}'
MEDIA_HEAD = '{"event":"media","media":{"payload":"'
MEDIA_TAIL = '"}}'


class MockCodec:
    """The messages of one media stream, seen from our end."""

    frames_per_message = 1

    def decode(self, message: str) -> MediaEvent | None:
        """Read one message; None for one of a kind we do not know.

        Raises:
            BadMessageError: a message of a known kind is malformed.
        """
        payload = cut_payload(message)
        if payload is not None:
            return AudioReceived(audio=decode_sound(payload))
        return parse_message(load_message(message))

    def encode_audio(self, audio: bytes) -> str:
        """The message that plays *audio*."""
        return encode_audio(audio)

    def encode_mark(self, mark: str) -> str:
        """The message that asks for *mark* back when all before it has been heard."""
        return encode_mark(mark)

    def encode_opening(self) -> str:
        """Nothing: the carrier waits for our first sound."""
        return ""

    def encode_clear(self) -> str:
        """The message that drops what the carrier has not played yet."""
        return CLEAR


def cut_payload(message: str) -> str | None:
    """The payload of a ``media`` message that is written the usual way; None for all else.

    Such a message is cut by position, ten times as fast as it is parsed, fifty times a second.
    """
    if len(message) > MAX_MESSAGE_CHARACTERS:
        return None
    if not (message.startswith(MEDIA_HEAD) and message.endswith(MEDIA_TAIL)):
        return None
    payload = message[len(MEDIA_HEAD) : -len(MEDIA_TAIL)]
    # With either of these it may be JSON of another shape that begins and ends the same.
    return None if '"' in payload or "\\" in payload else payload


def load_message(message: str) -> object:
    """The JSON document that *message* is.

    Raises:
        BadMessageError: it is too long, or no JSON.
    """
    if len(message) > MAX_MESSAGE_CHARACTERS:
        raise BadMessageError("a message of more than 64 KiB in the media stream")
    try:
        document: object = json.loads(message)
    except (ValueError, RecursionError) as problem:
        raise BadMessageError("a message that is no JSON in the media stream") from problem
    return document


def parse_message(message: object) -> MediaEvent | None:
    """What the JSON document *message* says; None if its event has a name we do not know.

    Raises:
        BadMessageError: it says nothing that the carrier can say.
    """
    match message:
        case {"event": "media", "media": {"payload": str(payload)}}:
            return AudioReceived(audio=decode_sound(payload))
        case {"event": "mark", "mark": {"name": str(mark)}}:
            return MarkReturned(mark=mark)
        case {"event": "dtmf", "dtmf": {"digit": str(digit)}} if digit in DIGITS:
            return KeyPressed(digit=digit)
        case {
            "event": "start",
            "streamId": str(stream_id),
            "callId": str(call),
            "token": str(token),
        } if stream_id and call:
            return StreamOpened(
                stream_id=StreamId(stream_id),
                provider_call_id=ProviderCallId(call),
                token=token,
            )
        case {"event": "stop"}:
            return StreamStopped()
        case {"event": "start" | "media" | "mark" | "dtmf" as event}:
            raise BadMessageError(f"a malformed {event} message in the media stream")
        case {"event": str()}:
            return None
        case _:
            raise BadMessageError("a message without an event in the media stream")


def encode_audio(audio: bytes) -> str:
    """The ``media`` message that carries *audio*, the same in both directions."""
    # Written out, because json.dumps would cost three times as much fifty times a second a call.
    return MEDIA_HEAD + encode_sound(audio) + MEDIA_TAIL


def encode_mark(mark: str) -> str:
    """The ``mark`` message, the same in both directions."""
    return f'{{"event":"mark","mark":{{"name":{json.dumps(mark)}}}}}'
