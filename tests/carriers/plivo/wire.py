"""Plivo's names for things: warnings, numbers, times, sound, and messages of media streams.

Sources: Plivo's pages on webhooks and audio streaming, and its own libraries. Its debugger gives
no codes to warnings; those above 9000 are this simulator's own.
"""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeAlias

from tests.carriers.stream_orders import (
    BadOrderError,
    ClearAudio,
    OrderReader,
    SetMark,
)


class Warned(IntEnum):
    """What a customer is warned of."""

    NO_DOCUMENT = 7011
    BAD_DOCUMENT = 8011
    REPORT_NOT_TAKEN = 9001
    BAD_ELEMENT = 9002
    BAD_PARAMETER = 9003
    BAD_MESSAGE = 9010
    NOT_HEARD = 9011
    NO_STREAM = 9020
    STREAM_REFUSED = 9021
    STREAM_BROKEN = 9022
    STREAM_CLOSED_BADLY = 9023
    STREAM_NOT_READ = 9024


def new_uuid() -> str:
    """An id as Plivo makes them."""
    return str(uuid.uuid4())


def render_number(number: str) -> str:
    """A number as in webhooks: without a plus."""
    return number.removeprefix("+")


def read_number(text: str) -> str:
    """A number as in requests, where the plus may be left out."""
    digits = text.removeprefix("+")
    return f"+{digits}" if digits.isascii() and digits.isdigit() else text


def render_time(unix_s: float | None) -> str:
    """A time as in webhooks; blank if there is none."""
    if unix_s is None:
        return ""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


# ---- media streams -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFormat:
    """How sound is coded on a stream, both ways."""

    encoding: str
    sample_rate_hz: int


MULAW = SoundFormat(encoding="audio/x-mulaw", sample_rate_hz=8000)
FORMATS: Mapping[str, SoundFormat] = {
    "audio/x-mulaw;rate=8000": MULAW,
    "audio/x-l16;rate=8000": SoundFormat(encoding="audio/x-l16", sample_rate_hz=8000),
    "audio/x-l16;rate=16000": SoundFormat(encoding="audio/x-l16", sample_rate_hz=16000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaySound:
    """The customer's sound, and how it says that it is coded."""

    format: SoundFormat
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SendKeys:
    """Press keys towards the other party."""

    digits: str


PlivoOrder: TypeAlias = PlaySound | SetMark | ClearAudio | SendKeys

READER = OrderReader(json_code=Warned.BAD_MESSAGE, field_code=Warned.BAD_MESSAGE)
KEYS = frozenset("0123456789*#ABCDwW")


def parse_order(message: str, stream_id: str) -> PlivoOrder:
    """Read what the customer has sent on a media stream.

    Raises:
        BadOrderError: it is not exactly as documented: no field is missing, none is too many.
    """
    fields = dict(READER.read_object(message))
    event = fields.get("event")
    names_stream = "streamId" in fields
    if event in {"playAudio", "sendDTMF"}:
        names_stream = fields.setdefault("streamId", stream_id) == stream_id
    if not names_stream or fields["streamId"] != stream_id:
        raise BadOrderError(Warned.BAD_MESSAGE, "no streamId, or another stream's")
    match event:
        case "playAudio":
            READER.check_fields(fields, {"event", "streamId", "media"})
            return read_sound(fields)
        case "checkpoint":
            READER.check_fields(fields, {"event", "streamId", "name"})
            return SetMark(mark=READER.read_text(fields, "name"))
        case "clearAudio":
            READER.check_fields(fields, {"event", "streamId"})
            return ClearAudio()
        case "sendDTMF":
            READER.check_fields(fields, {"event", "streamId", "dtmf"})
            return SendKeys(digits=read_keys(fields))
        case _:
            raise BadOrderError(Warned.BAD_MESSAGE, f"no event of Plivo's: {event!r}")


def read_sound(fields: Mapping[str, Any]) -> PlaySound:
    """The sound of a playAudio; whether it fits the stream is not looked at."""
    media = READER.read_inner(fields, "media", {"contentType", "sampleRate", "payload"})
    rate = str(media["sampleRate"])  # a number; Plivo is said to take its text as well
    if not rate.isdigit():
        raise BadOrderError(Warned.BAD_MESSAGE, "sampleRate is no number")
    return PlaySound(
        format=SoundFormat(
            encoding=READER.read_text(media, "contentType"), sample_rate_hz=int(rate)
        ),
        payload=READER.decode_payload(READER.read_text(media, "payload")),
    )


def read_keys(fields: Mapping[str, Any]) -> str:
    """The keys of a sendDTMF."""
    digits = READER.read_text(fields, "dtmf")
    if set(digits) - KEYS:
        raise BadOrderError(Warned.BAD_MESSAGE, f"no keys: {digits!r}")
    return digits


class StreamWriter:
    """The messages of one stream to the customer; it counts them, as numbers, from 1.

    *extra_headers* are those of the document, as they are written on the wire.
    """

    def __init__(
        self, stream_id: str, extra_headers: str, unix_clock: Callable[[], float]
    ) -> None:
        self.stream_id = stream_id
        self.sequence = 0
        self.chunk = 0
        self._extra_headers = extra_headers
        self._unix_clock = unix_clock

    def start(self, account: str, call: str, sound: SoundFormat) -> str:
        """Whose sound this is; the first message."""
        content = {
            "callId": call,
            "streamId": self.stream_id,
            "accountId": account,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": sound.encoding, "sampleRate": sound.sample_rate_hz},
        }
        return self._render("start", start=content, extra_headers=self._extra_headers)

    def media(self, payload: bytes) -> str:
        """20 ms of the other party's sound."""
        self.chunk += 1
        content = {
            "track": "inbound",
            "timestamp": self._now_ms(),
            "chunk": self.chunk,
            "payload": base64.b64encode(payload).decode(),
        }
        return self._of_stream("media", media=content, extra_headers=self._extra_headers)

    def skip(self) -> None:
        """Leave 20 ms out; the time goes on."""
        self.chunk += 1

    def dtmf(self, digit: str) -> str:
        """A key that the other party has pressed."""
        content = {"track": "inbound", "digit": digit, "timestamp": self._now_ms()}
        return self._of_stream("dtmf", dtmf=content, extra_headers=self._extra_headers)

    def played(self, name: str) -> str:
        """Everything before a checkpoint has been played."""
        return self._of_stream("playedStream", name=name)

    def cleared(self) -> str:
        """What waited has been dropped."""
        return self._of_stream("clearedAudio")

    def _now_ms(self) -> str:
        return str(round(1000 * self._unix_clock()))

    def _of_stream(self, event: str, **content: Any) -> str:
        return self._render(event, streamId=self.stream_id, **content)

    def _render(self, event: str, **content: Any) -> str:
        self.sequence += 1
        return json.dumps({"sequenceNumber": self.sequence, "event": event, **content})
