"""What the messages of media streams have in common, whoever sends them."""

from typing import Final

from voicecalld.errors import BadMessageError
from voicecalld.provider.base64_text import decode_sound
from voicecalld.provider.json_text import parse_json
from voicecalld.provider.stream import (
    AudioReceived,
    KeyPressed,
    MarkReturned,
    MediaEvent,
    StreamStopped,
)

MAX_MESSAGE_CHARACTERS: Final = 65536  # five seconds of sound in one message; a frame takes 360

KEYS: Final = frozenset("0123456789*#ABCD")
"""The keys of a telephone; most have no letters."""


def parse_message(message: str) -> object:
    """The JSON document that *message* is.

    Raises:
        BadMessageError: it is too long, or no JSON.
    """
    if len(message) > MAX_MESSAGE_CHARACTERS:
        raise BadMessageError("a message of more than 64 KiB in the media stream")
    return parse_json(message)


def parse_usual(document: object) -> MediaEvent | None:
    """What a message says that carriers write alike; None if its event has an unknown name.

    Raises:
        BadMessageError: it says nothing that a carrier can say.
    """
    match document:
        case {"event": "media", "media": {"payload": str(payload), **media}} if (
            media.get("track", "inbound") == "inbound"  # the other track is our own voice
        ):
            return AudioReceived(audio=decode_sound(payload))
        case {"event": "mark", "mark": {"name": str(mark)}}:
            return MarkReturned(mark=mark)
        case {"event": "dtmf", "dtmf": {"digit": str(digit)}} if digit in KEYS:
            return KeyPressed(digit=digit)
        case {"event": "stop"}:
            return StreamStopped()
        case {"event": "start" | "media" | "mark" | "dtmf" as event}:
            raise BadMessageError(f"a malformed {event} message in the media stream")
        case {"event": str()}:
            return None
        case _:
            raise BadMessageError("a message without an event in the media stream")
