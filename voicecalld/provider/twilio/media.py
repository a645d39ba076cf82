"""The messages of Twilio's media stream: JSON text.

From Twilio, with counters that are strings::

    {"event":"connected","protocol":"Call","version":"1.0.0"}
    {"event":"start","sequenceNumber":"1","streamSid":"MZ..","start":{"streamSid":"MZ..",
     "callSid":"CA..","mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},
     "customParameters":{"token":".."}}}
    {"event":"media","sequenceNumber":"2","streamSid":"MZ..","media":{"track":"inbound",
     "chunk":"1","timestamp":"20","payload":"<base64 of mu-law>"}}
    {"event":"mark","sequenceNumber":"3","streamSid":"MZ..","mark":{"name":"1.2"}}
    {"event":"dtmf","streamSid":"MZ..","sequenceNumber":"4","dtmf":{"digit":"5"}}
    {"event":"stop","sequenceNumber":"5","streamSid":"MZ.."}

To Twilio: ``media``, ``mark`` and ``clear`` with exactly the fields written below. One field more
or less, and Twilio warns once (31951) and then drops what we say.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from voicecalld.errors import BadMessageError
from voicecalld.ids import ProviderCallId, StreamId
from voicecalld.provider.base64_text import decode_sound, encode_sound
from voicecalld.provider.media_text import check_stream, cut_payload
from voicecalld.provider.stream import AudioReceived, MediaEvent, StreamOpened
from voicecalld.provider.stream_text import parse_message, parse_usual
from voicecalld.provider.twilio.webhook import CALL_SID

STREAM_SID = re.compile(r"MZ[0-9a-f]{32}")
NO_STREAM: Final = StreamId("")

# What only this stream may say, and only behind its start.
KINDS_OF_ONE_STREAM: Final = frozenset({"media", "mark", "dtmf", "stop"})

# The stream's id stands before the sound or behind it: both orders are documented.
MEDIA_HEAD = re.compile(
    r'\{"event":"media","sequenceNumber":"[0-9]+",(?:"streamSid":"(MZ[0-9a-f]{32})",)?'
    r'"media":\{"track":"inbound","chunk":"[0-9]+","timestamp":"[0-9]+","payload":"'
)
MEDIA_TAIL: Final = '"}}'


class TwilioCodec:
    """The messages of one media stream; it learns from ``start`` which stream that is."""

    # Twilio plays a payload of any length, and holds 200 ms of our sound anyway.
    frames_per_message = 4

    def __init__(self) -> None:
        self.begin(NO_STREAM)

    def begin(self, stream_id: StreamId) -> None:
        """Take *stream_id* for all that follows, and write down once what is always the same."""
        self.stream_id = stream_id
        self.media_tail = f'"}},"streamSid":"{stream_id}"}}'
        self.out_media = f'{{"event":"media","streamSid":"{stream_id}","media":{{"payload":"'
        self.out_mark = f'{{"event":"mark","streamSid":"{stream_id}","mark":{{"name":'
        self.out_clear = f'{{"event":"clear","streamSid":"{stream_id}"}}'

    def decode(self, message: str) -> MediaEvent | None:
        """Read one message; None for one of a kind we do not know.

        Raises:
            BadMessageError: a message of a known kind is malformed, or of another stream.
        """
        payload = self.cut_payload(message)
        if payload is not None:
            return AudioReceived(audio=decode_sound(payload))
        document = parse_message(message)
        check_stream(document, self.stream_id, field="streamSid", kinds=KINDS_OF_ONE_STREAM)
        event = parse_event(document)
        if isinstance(event, StreamOpened) and self.stream_id == NO_STREAM:
            self.begin(event.stream_id)  # a second start changes nothing
        return event

    def cut_payload(self, message: str) -> str | None:
        """The payload of a ``media`` message that is written the usual way; None for all else."""
        head = MEDIA_HEAD.match(message)
        if head is None or not self.stream_id or head[1] not in {None, self.stream_id}:
            return None
        return cut_payload(message, head.end(), MEDIA_TAIL if head[1] else self.media_tail)

    def encode_audio(self, audio: bytes) -> str:
        """The message that plays *audio*; nothing can be said before ``start``."""
        # Written out, because json.dumps would cost three times as much so many times a second.
        return f'{self.out_media}{encode_sound(audio)}"}}}}'

    def encode_mark(self, mark: str) -> str:
        """The message that asks for *mark* back when all before it has been heard."""
        return f"{self.out_mark}{json.dumps(mark)}}}}}"

    def encode_opening(self) -> str:
        """Nothing: the carrier waits for our first sound."""
        return ""

    def encode_clear(self) -> str:
        """The message that drops what Twilio has not played yet."""
        return self.out_clear


def parse_event(message: object) -> MediaEvent | None:
    """What the JSON document *message* says; None if its event has a name we do not know.

    Raises:
        BadMessageError: it says nothing that Twilio can say.
    """
    match message:
        case {"event": "start", "streamSid": str(stream), "start": {**start}}:
            return parse_start(stream, start)
        case _:
            return parse_usual(message)  # also `connected`, which says nothing


def parse_start(stream: str, start: Mapping[object, object]) -> StreamOpened:
    """Whose audio *stream* carries.

    Raises:
        BadMessageError: it does not say so, or the audio is not mu-law at 8 kHz.
    """
    match start:
        case {
            "callSid": str(call),
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": str(token)},
        } if STREAM_SID.fullmatch(stream) and CALL_SID.fullmatch(call):
            if start.get("streamSid", stream) != stream:
                raise BadMessageError("a start message that names two streams")
            return StreamOpened(
                stream_id=StreamId(stream), provider_call_id=ProviderCallId(call), token=token
            )
        case _:
            raise BadMessageError("a malformed start message in the media stream")
