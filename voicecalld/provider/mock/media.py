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

from voicecalld.ids import ProviderCallId, StreamId
from voicecalld.provider.base64_text import decode_sound, encode_sound
from voicecalld.provider.media_text import cut_payload
from voicecalld.provider.stream import AudioReceived, MediaEvent, StreamOpened
from voicecalld.provider.stream_text import parse_message, parse_usual

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
        payload = cut_sound(message)
        if payload is not None:
            return AudioReceived(audio=decode_sound(payload))
        return parse_event(parse_message(message))

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


def cut_sound(message: str) -> str | None:
    """The payload of a ``media`` message that is written the usual way; None for all else."""
    if not message.startswith(MEDIA_HEAD):
        return None
    return cut_payload(message, len(MEDIA_HEAD), MEDIA_TAIL)


def parse_event(message: object) -> MediaEvent | None:
    """What the JSON document *message* says; None if its event has a name we do not know.

    Raises:
        BadMessageError: it says nothing that the carrier can say.
    """
    match message:
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
        case _:
            return parse_usual(message)


def encode_audio(audio: bytes) -> str:
    """The ``media`` message that carries *audio*, the same in both directions."""
    # Written out, because json.dumps would cost three times as much fifty times a second a call.
    return MEDIA_HEAD + encode_sound(audio) + MEDIA_TAIL


def encode_mark(mark: str) -> str:
    """The ``mark`` message, the same in both directions."""
    return f'{{"event":"mark","mark":{{"name":{json.dumps(mark)}}}}}'
