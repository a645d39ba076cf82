"""The messages of Plivo's media stream: JSON text.

From Plivo, without an end of its own: the stream is over when the connection is::

    {"sequenceNumber":1,"event":"start","start":{"callId":"..","streamId":"..","accountId":"MA..",
     "tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000}},
     "extra_headers":"{}"}
    {"sequenceNumber":2,"streamId":"..","event":"media","media":{"track":"inbound",
     "timestamp":"1767225600020","chunk":1,"payload":"<base64 of mu-law>"},"extra_headers":"{}"}
    {"event":"dtmf","sequenceNumber":3,"streamId":"..","dtmf":{"track":"inbound","digit":"5",..}}
    {"event":"playedStream","sequenceNumber":4,"streamId":"..","name":"1.2"}
    {"event":"clearedAudio","sequenceNumber":5,"streamId":".."}

To Plivo: ``playAudio``, ``checkpoint`` (our mark) and ``clearAudio``. A checkpoint that a clear
has overtaken never comes back. Sound of another kind than the stream's is not heard at all.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from voicecalld.errors import BadMessageError
from voicecalld.ids import ProviderCallId, StreamId
from voicecalld.provider.base64_text import decode_sound, encode_sound
from voicecalld.provider.media_text import check_stream, cut_payload
from voicecalld.provider.plivo.webhook import UUID
from voicecalld.provider.stream import AudioReceived, MarkReturned, MediaEvent, StreamOpened
from voicecalld.provider.stream_text import parse_message, parse_usual

NO_STREAM: Final = StreamId("")

# What only this stream may say, and only behind its start.
KINDS_OF_ONE_STREAM: Final = frozenset({"media", "dtmf", "playedStream", "clearedAudio"})

MEDIA_HEAD = re.compile(
    rf'\{{"sequenceNumber":[0-9]+,"streamId":"({UUID.pattern})","event":"media",'
    r'"media":\{"track":"inbound","timestamp":"[0-9]+","chunk":[0-9]+,"payload":"'
)
OUT_MEDIA: Final = (
    '{"event":"playAudio","media":{"contentType":"audio/x-mulaw","sampleRate":8000,"payload":"'
)


class PlivoCodec:
    """The messages of one media stream; it learns from ``start`` which stream that is.

    Plivo's ``start`` does not show the token: *token* is the one of the request that has opened
    the stream.
    """

    # Plivo plays a payload of any length, and holds 200 ms of our sound anyway.
    frames_per_message = 4

    def __init__(self, token: str) -> None:
        self.token = token
        self.begin(NO_STREAM, None)

    def begin(self, stream_id: StreamId, extra_headers: object) -> None:
        """Take *stream_id* for all that follows, and write down once what is always the same."""
        self.stream_id = stream_id
        extra = "" if extra_headers is None else f',"extra_headers":{json.dumps(extra_headers)}'
        self.media_tail = f'"}}{extra}}}'
        self.out_mark = f'{{"event":"checkpoint","streamId":"{stream_id}","name":'
        self.out_clear = f'{{"event":"clearAudio","streamId":"{stream_id}"}}'

    def decode(self, message: str) -> MediaEvent | None:
        """Read one message; None for one of a kind we do not know.

        Raises:
            BadMessageError: a message of a known kind is malformed, or of another stream.
        """
        payload = self.cut_payload(message)
        if payload is not None:
            return AudioReceived(audio=decode_sound(payload))
        document = parse_message(message)
        check_stream(document, self.stream_id, field="streamId", kinds=KINDS_OF_ONE_STREAM)
        match document:
            case {"event": "start", "start": {**start}, **rest}:
                return self.open_stream(parse_start(start), rest)
            case _:
                return parse_event(document)

    def open_stream(
        self, names: tuple[StreamId, ProviderCallId], rest: Mapping[object, object]
    ) -> StreamOpened:
        """Take the first start for this stream's; a second one changes nothing."""
        stream, call = names
        if rest.get("streamId", stream) != stream:
            raise BadMessageError("a start message that names two streams")
        if self.stream_id == NO_STREAM:
            self.begin(stream, rest.get("extra_headers"))
        return StreamOpened(stream_id=stream, provider_call_id=call, token=self.token)

    def cut_payload(self, message: str) -> str | None:
        """The payload of a ``media`` message that is written the usual way; None for all else."""
        head = MEDIA_HEAD.match(message)
        if head is None or head[1] != self.stream_id:
            return None
        return cut_payload(message, head.end(), self.media_tail)

    def encode_audio(self, audio: bytes) -> str:
        """The message that plays *audio*."""
        # Written out, because json.dumps would cost three times as much so many times a second.
        return f'{OUT_MEDIA}{encode_sound(audio)}"}}}}'

    def encode_mark(self, mark: str) -> str:
        """The message that asks for *mark* back when all before it has been heard."""
        return f"{self.out_mark}{json.dumps(mark)}}}"

    def encode_opening(self) -> str:
        """Nothing: the carrier waits for our first sound."""
        return ""

    def encode_clear(self) -> str:
        """The message that drops what Plivo has not played yet."""
        return self.out_clear


def parse_event(message: object) -> MediaEvent | None:
    """What the JSON document *message* says; None if its event has a name we do not know.

    Raises:
        BadMessageError: it says nothing that Plivo can say.
    """
    match message:
        case {"event": "playedStream", "name": str(mark)}:
            return MarkReturned(mark=mark)
        case {"event": "playedStream"}:
            raise BadMessageError("a malformed playedStream message in the media stream")
        case _:
            # Nobody waits for `clearedAudio`; a `stop` is not documented, but some have seen one.
            return parse_usual(message)


def parse_start(start: Mapping[object, object]) -> tuple[StreamId, ProviderCallId]:
    """Which stream it is, and whose audio it carries.

    Raises:
        BadMessageError: it does not say so, or the audio is not mu-law at 8 kHz.
    """
    match start:
        case {
            "callId": str(call),
            "streamId": str(stream),
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
        } if UUID.fullmatch(stream) and UUID.fullmatch(call):
            return StreamId(stream), ProviderCallId(call)
        case _:
            raise BadMessageError("a malformed start message in the media stream")
