"""The messages of Telnyx's media stream: JSON text.

From Telnyx, with counters that are strings, and media not always in order::

    {"event":"connected","version":"1.0.0"}
    {"event":"start","sequence_number":"1","stream_id":"..","start":{"call_control_id":"v3:..",
     "custom_parameters":{"token":".."},
     "media_format":{"encoding":"PCMU","sample_rate":8000,"channels":1}}}
    {"event":"media","sequence_number":"4","stream_id":"..","media":{"track":"inbound",
     "chunk":"2","timestamp":"20","payload":"<base64 of mu-law>"}}
    {"event":"mark","sequence_number":"5","stream_id":"..","mark":{"name":"1.2"}}
    {"event":"dtmf","stream_id":"..","sequence_number":"6","dtmf":{"digit":"5"}}
    {"event":"error","stream_id":"..","payload":{"code":100003,"title":"malformed_frame"}}
    {"event":"stop","sequence_number":"7","stream_id":".."}

To Telnyx: ``media``, ``mark`` and ``clear``, which need not name their stream.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.errors import BadMessageError
from voicecalld.ids import ProviderCallId, StreamId
from voicecalld.provider.base64_text import decode_sound, encode_sound
from voicecalld.provider.media_text import check_stream, cut_payload
from voicecalld.provider.stream import AudioReceived, MediaEvent, StreamOpened
from voicecalld.provider.stream_text import parse_message, parse_usual
from voicecalld.provider.telnyx.ordering import Ordering
from voicecalld.provider.telnyx.webhook import CALL_CONTROL_ID

STREAM_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
CHUNK = re.compile(r"[0-9]{1,12}")
NO_STREAM: Final = StreamId("")

# What only this stream may say, and only behind its start.
KINDS_OF_ONE_STREAM: Final = frozenset({"media", "mark", "dtmf", "stop"})

# The stream's id stands before the sound or behind it: Telnyx's own samples have both.
MEDIA_HEAD = re.compile(
    rf'\{{"event":"media","sequence_number":"[0-9]+",(?:"stream_id":"({STREAM_ID.pattern})",)?'
    rf'"media":\{{"track":"inbound","chunk":"({CHUNK.pattern})","timestamp":"[0-9]+","payload":"'
)
MEDIA_TAIL: Final = '"}}'

# A leg on which nothing is sent for the first second and a half may be taken for dead.
OPENING: Final = b"\xff" * (5 * FRAME_BYTES)
CLEAR: Final = '{"event":"clear"}'


class TelnyxCodec:
    """The messages of one media stream, which was opened with the header token *token*."""

    # Telnyx takes 20 ms to 30 s in one message.
    frames_per_message = 4

    def __init__(self, token: str = "") -> None:
        self.token = token
        self.ordering = Ordering()
        self.begin(NO_STREAM)

    def begin(self, stream_id: StreamId) -> None:
        """Take *stream_id* for all that follows, and write down once what is always the same."""
        self.stream_id = stream_id
        self.media_tail = f'"}},"stream_id":"{stream_id}"}}'

    def decode(self, message: str) -> MediaEvent | None:
        """Read one message; None for one of a kind we do not know, or whose sound must wait.

        Raises:
            BadMessageError: a message of a known kind is malformed, or of another stream; or
                Telnyx complains of one of ours.
        """
        sound = self.cut_sound(message)
        if sound is not None:
            return self.take_sound(*sound)
        document = parse_message(message)
        check_stream(document, self.stream_id, field="stream_id", kinds=KINDS_OF_ONE_STREAM)
        match document:
            case {"event": "media", "media": {**media}}:
                return self.take_sound(*parse_sound(media))
            case {"event": "start", "stream_id": str(stream), "start": {**start}}:
                return self.open(parse_start(stream, start, self.token))
            case {"event": "error"}:
                raise BadMessageError(describe_error(document))
            case _:
                return parse_usual(document)

    def cut_sound(self, message: str) -> tuple[str, str] | None:
        """Number and payload of a ``media`` message written the usual way; None for all else."""
        head = MEDIA_HEAD.match(message)
        if head is None or not self.stream_id or head[1] not in {None, self.stream_id}:
            return None
        tail = MEDIA_TAIL if head[1] else self.media_tail
        payload = cut_payload(message, head.end(), tail)
        return None if payload is None else (head[2], payload)

    def open(self, opened: StreamOpened) -> StreamOpened:
        """Take the stream that was *opened* for all that follows; a second start changes none."""
        if self.stream_id == NO_STREAM:
            self.begin(opened.stream_id)
        return opened

    def take_sound(self, chunk: str, payload: str) -> AudioReceived | None:
        """The sound that is ready now that *payload* has come, which has the number *chunk*.

        Raises:
            BadMessageError: it is no sound.
        """
        audio = self.ordering.take(int(chunk), decode_sound(payload))
        return AudioReceived(audio=audio) if audio else None

    def encode_audio(self, audio: bytes) -> str:
        """The message that plays *audio*."""
        return f'{{"event":"media","media":{{"payload":"{encode_sound(audio)}"}}}}'

    def encode_mark(self, mark: str) -> str:
        """The message that asks for *mark* back when all before it has been heard."""
        return f'{{"event":"mark","mark":{{"name":{json.dumps(mark)}}}}}'

    def encode_clear(self) -> str:
        """The message that drops what Telnyx has not played yet."""
        return CLEAR

    def encode_opening(self) -> str:
        """A tenth of a second of silence, so that the leg has sound on it from the start."""
        return self.encode_audio(OPENING)


def describe_error(message: object) -> str:
    """What Telnyx complains of in *message*: the number of it, which is all that is fixed."""
    match message:
        case {"payload": {"code": int(code)}}:
            return f"the carrier complains of the media stream with code {code}"
        case _:
            return "the carrier complains of the media stream without a code"


def parse_sound(media: Mapping[object, object]) -> tuple[str, str]:
    """Number and payload of the sound that *media* holds.

    Raises:
        BadMessageError: it is no sound of the other party.
    """
    match media:
        case {"chunk": str(chunk), "payload": str(payload)} if (
            CHUNK.fullmatch(chunk)
            and media.get("track", "inbound") == "inbound"  # the other is our own voice
        ):
            return chunk, payload
        case _:
            raise BadMessageError("a malformed media message in the media stream")


def parse_start(stream: str, start: Mapping[object, object], header_token: str) -> StreamOpened:
    """Whose audio *stream* carries.

    Raises:
        BadMessageError: it does not say so, the audio is not mu-law at 8 kHz, or the start shows
            another token than the header did.
    """
    match start:
        case {
            "call_control_id": str(call),
            "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
        } if STREAM_ID.fullmatch(stream) and CALL_CONTROL_ID.fullmatch(call):
            token = read_token(start) or header_token
            if header_token not in {"", token}:
                raise BadMessageError("a start message with another token than the stream's")
            return StreamOpened(
                stream_id=StreamId(stream), provider_call_id=ProviderCallId(call), token=token
            )
        case _:
            raise BadMessageError("a malformed start message in the media stream")


def read_token(start: Mapping[object, object]) -> str:
    """The token among the parameters that we have given to the stream; empty without one.

    Raises:
        BadMessageError: it is no text.
    """
    match start:
        case {"custom_parameters": {"token": str(token)}}:
            return token
        case {"custom_parameters": {"token": _}}:
            raise BadMessageError("a token that is no text")
        case _:
            return ""
